import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Store
import Synchronization
import Testing

@testable import Delivery

@Suite(.timeLimit(.minutes(3)))
struct MessageOrderTests {
    private static func mail(_ kind: String, _ message: String, at offset: TimeInterval) -> Mail {
        Mail(kind: kind, message: message, receivedAt: Sample.start.addingTimeInterval(offset))
    }

    private static func kinds(_ stage: DeliveryStage) -> [String] {
        stage.receiver.tasks.map { "\($0.event.kind ?? "") \($0.event.messageID ?? "")\($0.isOrphan ? " orphan" : "")" }
    }

    @Test(arguments: ["messages.edited", "messages.delete", "MESSAGES_DELETE"])
    func whatCameBeforeItsMessageGoesAfterIt(kind: String) async throws {
        try await withDelivery { stage in
            try await stage.store([
                Self.mail(kind, "A", at: 0), Self.mail("messages.upsert", "B", at: 1),
                Self.mail("messages.upsert", "A", at: 2), Self.mail("messages.upsert", "C", at: 3),
            ])
            try await stage.withWorker { await stage.receiver.taken.wait(for: 4) }
            let kinds = Self.kinds(stage)
            #expect(
                kinds.filter { $0.hasPrefix("messages.upsert") } == ["B", "A", "C"].map { "messages.upsert \($0)" })
            let edit = try #require(kinds.firstIndex(of: "\(kind) A"))
            let message = try #require(kinds.firstIndex(of: "messages.upsert A"))
            #expect(edit > message)
        }
    }

    @Test func anEditOfAMessageThatWentLongAgoGoesAtOnce() async throws {
        try await withDelivery { stage in
            try await stage.store([Self.mail("messages.upsert", "A", at: -86_400 * 3)])
            try await stage.withWorker { await stage.receiver.taken.wait(for: 1) }
            try await stage.store([Self.mail("messages.edited", "A", at: 0)])
            try await stage.withWorker { await stage.receiver.taken.wait(for: 2) }
            #expect(Self.kinds(stage) == ["messages.upsert A", "messages.edited A"])
        }
    }

    @Test func anEditWhoseMessageNeverComesGoesAfterFiveMinutesAsAnOrphan() async throws {
        try await withDelivery { stage in
            let now = Mutex(Date())
            let time = TimeSource { now.withLock { $0 } }
            try await stage.store([
                Self.mail("messages.edited", "A", at: 0), Self.mail("messages.upsert", "B", at: 1),
            ])
            try await stage.withWorker(stage.engine(time: time)) {
                await stage.receiver.taken.wait(for: 1)
                await stage.eventually {
                    (try? await stage.count("SELECT count(*) FROM hookgate.delivery_lanes WHERE hold = 'message'")) == 1
                }
                #expect(Self.kinds(stage) == ["messages.upsert B"])
                now.withLock { $0.addTimeInterval(MessageOrder.longestWait + 1) }
                await stage.receiver.taken.wait(for: 2)
            }
            #expect(Self.kinds(stage) == ["messages.upsert B", "messages.edited A orphan"])
            #expect(
                try await stage.count("SELECT count(*) FROM hookgate.delivery_attempts WHERE is_orphan") == 1)
        }
    }

    /// Whoever writes that a chat rests looked at it a moment before.
    @Test func aMessageThatComesMeanwhileDoesNotRestWithItsChat() async throws {
        try await withDelivery { stage in
            try await stage.store([Self.mail("messages.edited", "A", at: 0)])
            let (worker, now) = (WorkerID(), Date())
            let until = now.addingTimeInterval(MessageOrder.longestWait)
            let share = try await stage.queue.renew(worker, until: now.addingTimeInterval(60), at: now)
            let wish = LaneWish(places: share.leases.keys.sorted().map { ($0, .lowest) }, now: now)
            func record(_ lane: QueuedLane, _ event: DeliveryEvent?, _ verdict: DeliveryOutcome.Verdict) async throws {
                let fencing = try #require(share.leases[lane.partition])
                let outcome = DeliveryOutcome(lane: lane.id, fencing: fencing, event: event, verdict: verdict)
                _ = try await stage.queue.record([outcome], by: worker, at: now)
            }
            let edited = try #require(try await stage.queue.lanes(wish).lanes.first)
            try await record(edited, edited.events.first?.event, .waitForMessage(until: until))
            let waiting = try #require(try await stage.queue.lanes(wish).lanes.first)
            #expect(waiting.events.isEmpty && waiting.waitsUntil != nil)
            try await stage.store([Self.mail("messages.upsert", "A", at: 1)])
            try await record(waiting, nil, .rest(until: until))
            let next = try await stage.queue.lanes(wish).lanes.first
            #expect(next?.events.map(\.event.kind) == ["messages.upsert"])
        }
    }

    @Test func acknowledgementsWaitForNothing() async throws {
        try await withDelivery { stage in
            try await stage.store([Self.mail("messages.update", "A", at: 0)])
            try await stage.withWorker { await stage.receiver.taken.wait(for: 1) }
            #expect(Self.kinds(stage) == ["messages.update A"])
        }
    }
}
