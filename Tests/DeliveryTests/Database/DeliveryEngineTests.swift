import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Store
import Synchronization
import Testing

@testable import Delivery

@Suite(.timeLimit(.minutes(3)))
struct DeliveryEngineTests {
    @Test func everyEventIsDeliveredOnceInOrderAndItsAttemptsAreKept() async throws {
        try await withDelivery { stage in
            let ids = try await stage.store(Mail.many(chats: 10, each: 12))
            try await stage.withWorker { await stage.receiver.taken.wait(for: ids.count) }
            #expect(stage.receiver.inversions == 0)
            #expect(stage.receiver.doubled == 0)
            #expect(try await stage.states() == ["delivered": ids.count])
            #expect(try await stage.count("SELECT count(*) FROM hookgate.delivery_queue") == 0)
            #expect(try await stage.count("SELECT count(*) FROM hookgate.delivery_lanes") == 0)
            #expect(
                try await stage.count(
                    "SELECT count(DISTINCT event_id) FROM hookgate.delivery_attempts WHERE result = 'delivered' AND status = 200"
                ) == ids.count)
        }
    }

    @Test func whatComesWhileAWorkerWaitsIsTakenAtOnce() async throws {
        try await withDelivery { stage in
            var settings = DeliveryStage.settings
            // Only a notice can bring it.
            settings.pollInterval = .seconds(3_600)
            let engine = stage.engine(settings: settings)
            try await stage.withWorker(engine) {
                for number in 1...5 {
                    try await stage.store([Mail(message: "\(number)")])
                    await stage.receiver.taken.wait(for: number)
                }
            }
        }
    }

    @Test func aFailedEventIsTriedAgainBeforeTheNextOfItsChat() async throws {
        try await withDelivery { stage in
            try await stage.store(Mail.many(chats: 1, each: 3))
            stage.receiver.answer { $0.attempt < 3 ? .serverError(status: 500) : .delivered(status: 200) }
            try await stage.withWorker { await stage.receiver.taken.wait(for: 3) }
            #expect(stage.receiver.tasks.map(\.event.messageID) == ["0", "0", "0", "1", "1", "1", "2", "2", "2"])
            #expect(try await stage.count("SELECT count(*) FROM hookgate.delivery_attempts WHERE status = 500") == 6)
        }
    }

    @Test func aRefusalForGoodParksAfterThreeTriesAndItsChatGoesOn() async throws {
        try await withDelivery { stage in
            try await stage.store(Mail.many(chats: 1, each: 2))
            stage.receiver.answer { $0.event.messageID == "0" ? .rejected(status: 422) : .delivered(status: 200) }
            var settings = DeliveryStage.settings
            settings.observationInterval = .milliseconds(50)
            let engine = stage.engine(settings: settings)
            try await stage.withWorker(engine) {
                await stage.receiver.taken.wait(for: 1)
                // A person is told, and told where to look.
                await stage.eventually { engine.readiness().detail?.contains("1 events are parked") == true }
            }
            for name in ["hookgate_parked", "hookgate_parked_total"] {
                #expect(engine.samples().contains { $0.family == name && $0.value == 1 })
            }
            #expect(stage.receiver.tasks.map(\.event.messageID) == ["0", "0", "0", "1"])
            #expect(try await stage.states() == ["parked": 1, "delivered": 1])
            #expect(
                try await stage.count("SELECT count(*) FROM hookgate.events WHERE settled_reason = 'rejected'") == 1)
        }
    }

    @Test func whatIsNotMeantForTheDestinationIsFilteredWithItsReason() async throws {
        try await withDelivery { stage in
            var destination = stage.directory.destinations[0]
            destination.selection = EventSelection(excludedKinds: ["presence.update"], ownMessages: false)
            stage.directory.set(.destination(destination))
            try await stage.store([
                Mail(chat: "status@broadcast"), Mail(kind: "presence.update"),
                Mail(chat: "a@s.whatsapp.net", body: #"{"data":{"key":{"fromMe":true}}}"#),
                Mail(chat: "a@s.whatsapp.net", message: "real", receivedAt: Sample.start.addingTimeInterval(1)),
            ])
            let engine = stage.engine()
            try await stage.withWorker(engine) {
                await stage.receiver.taken.wait(for: 1)
                await stage.settled(4)
            }
            #expect(stage.receiver.tasks.map(\.event.messageID) == ["real"])
            #expect(try await stage.states() == ["filtered": 3, "delivered": 1])
            for reason in ["status_broadcast", "kind", "own_message"] {
                #expect(
                    try await stage.count(
                        "SELECT count(*) FROM hookgate.events WHERE settled_reason = '\(reason)'") == 1)
                #expect(engine.samples().contains { $0.value == 1 && $0.labels == [.init("reason", reason)] })
            }
        }
    }

    @Test func withoutADestinationEventsWaitAndAPersonIsTold() async throws {
        try await withDelivery { stage in
            stage.directory.set(.none)
            try await stage.store(Mail.many(chats: 2, each: 2))
            let engine = stage.engine()
            try await stage.withWorker(engine) {
                await stage.eventually { engine.readiness().detail?.contains("HOOKGATE_DELIVER_URL") == true }
                let states = try await stage.states()
                #expect(states == ["pending": 4])
                stage.directory.set(
                    .destination(Destination(id: .default, kind: .standardOutput, timeout: .milliseconds(500))))
                await stage.receiver.taken.wait(for: 4)
            }
            #expect(stage.receiver.inversions == 0)
        }
    }

    @Test func aPausedDestinationKeepsItsEventsUntilItIsResumed() async throws {
        try await withDelivery { stage in
            var destination = stage.directory.destinations[0]
            let other = UUID()
            stage.directory.set(destination, for: other)
            destination.isPaused = true
            stage.directory.set(.destination(destination))
            try await stage.store(Mail.many(chats: 3, each: 2) + [Mail(clinic: other)])
            try await stage.withWorker {
                await stage.receiver.taken.wait(for: 1)
                #expect(stage.receiver.tasks.map(\.event.clinicID?.uuid) == [other])
                destination.isPaused = false
                stage.directory.set(.destination(destination))
                await stage.receiver.taken.wait(for: 7)
            }
        }
    }

    @Test func aDestinationThatNobodyNamesAnyMoreIsNobodysConcern() async throws {
        try await withDelivery { stage in
            let alive = stage.directory.destinations[0]
            let dead = Destination(id: DestinationID("dead"), kind: alive.kind, timeout: .milliseconds(500))
            stage.directory.set(.destination(dead))
            try await stage.store(Mail.many(chats: 30, each: 1))
            stage.receiver.answer { $0.destination.id == dead.id ? .serverError(status: 500) : .delivered(status: 200) }
            let engine = stage.engine()
            try await stage.withWorker(engine) {
                await stage.eventually { engine.readiness().detail?.contains("1 destinations do not answer") == true }
                stage.directory.set(.destination(alive))
                await stage.receiver.taken.wait(for: 30)
                await stage.eventually { engine.readiness().state == .ok }
            }
        }
    }

    /// A gateway's clock was wrong when it came. Nobody waits a year for that.
    @Test func anEventFromAClockThatWasAheadIsDeliveredNow() async throws {
        try await withDelivery { stage in
            try await stage.store([Mail(receivedAt: Date().addingTimeInterval(365 * 86_400))])
            try await stage.withWorker { await stage.receiver.taken.wait(for: 1) }
            #expect(try await stage.states() == ["delivered": 1])
        }
    }

    @Test func anEventThatAPersonDiscardedMeanwhileIsNotSent() async throws {
        try await withDelivery { stage in
            let ids = try await stage.store(Mail.many(chats: 1, each: 3))
            let database = stage.database
            stage.receiver.answer { task in
                if task.event.messageID == "0" {
                    _ = try? await database.pool.query(
                        "UPDATE hookgate.events SET state = 'discarded' WHERE id = $1", [ids[1].uuid])
                }
                return .delivered(status: 200)
            }
            try await stage.withWorker { await stage.receiver.taken.wait(for: 2) }
            #expect(stage.receiver.tasks.map(\.event.messageID) == ["0", "2"])
            #expect(try await stage.states() == ["delivered": 2, "discarded": 1])
        }
    }

    @Test func whatIsAskedForAgainGoesBehindWhatIsLive() async throws {
        try await withDelivery { stage in
            let old = try await stage.store(Mail.many(chats: 4, each: 5))
            try await stage.withWorker { await stage.receiver.taken.wait(for: old.count) }
            try await stage.database.pool.query("UPDATE hookgate.events SET state = 'pending', replayed_at = now()")
            let fresh = try await stage.store([Mail(chat: "0@s.whatsapp.net", message: "100")])
            try await stage.withWorker {
                await stage.receiver.taken.wait(for: old.count + 1)
                await stage.settled(old.count + 1)
            }
            let again = stage.receiver.tasks.dropFirst(old.count)
            #expect(again.first?.event.id == fresh[0])
            let live = again.dropFirst().filter { !$0.event.isReplay }
            #expect(live.isEmpty)
            #expect(again.count == old.count + 1)
        }
    }

    @Test func aLongBodyIsReadWhenItsTurnHasCome() async throws {
        try await withDelivery { stage in
            let long = #"{"data":""# + String(repeating: "x", count: 100_000) + #""}"#
            try await stage.store([Mail(body: long), Mail(chat: "b", body: long)])
            try await stage.withWorker { await stage.receiver.taken.wait(for: 2) }
            #expect(stage.receiver.tasks.map(\.body) == [Array(long.utf8), Array(long.utf8)])
        }
    }
}

extension DeliveryStage {
    /// Returns once so many events are in a state that is no more pending.
    func settled(_ count: Int) async {
        await eventually { [database] in
            let rows = try? await database.pool.query(
                "SELECT count(*)::bigint AS count FROM hookgate.events WHERE state <> 'pending'")
            return (try? rows?.first?.decode("count", as: Int.self)) ?? 0 >= count
        }
    }

    /// Asks again until it is so; the suite's time limit ends what never comes.
    func eventually(_ condition: () async -> Bool) async {
        while await !condition(), !Task.isCancelled { await Task.yield() }
    }
}
