import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Store
import Synchronization
import Testing

@testable import Delivery

@Suite(.timeLimit(.minutes(WholeSize.isWanted ? 60 : 10)))
struct DeliveryFaultTests {
    @Test func workersThatAreKilledTurnNothingRoundAndLoseNothing() async throws {
        try await withDelivery { stage in
            let (chats, each) = WholeSize.isWanted ? (200, 500) : (20, 20)
            for start in stride(from: 0, to: chats * each, by: 5_000) {
                try await stage.store(
                    Array(Mail.many(chats: chats, each: each)[start..<min(start + 5_000, chats * each)]))
            }
            // Every fifth attempt fails, whichever event it is.
            let attempts = Mutex(0)
            stage.receiver.answer { _ in
                let number = attempts.withLock { number in
                    number += 1
                    return number
                }
                return number % 5 == 0 ? .serverError(status: 503) : .delivered(status: 200)
            }
            try await Self.withMortals(3, on: stage) {
                await stage.receiver.taken.wait(for: chats * each)
                await stage.settled(chats * each)
            }
            #expect(stage.receiver.inversions == 0)
            #expect(try await stage.states() == ["delivered": chats * each])
        }
    }

    /// Several workers of which every now and then one is killed and another begins.
    private static func withMortals(
        _ count: Int, on stage: DeliveryStage, _ body: () async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup { group in
            for number in 1...count {
                group.addTask {
                    while !Task.isCancelled {
                        let engine = stage.engine()
                        let worker = Task { await engine.run() }
                        // Until so many more were delivered by whomever, which may be never again.
                        let goal = stage.receiver.asked.count + 60 * number
                        await stage.eventually { stage.receiver.asked.count >= goal }
                        worker.cancel()
                        await worker.value
                    }
                }
            }
            try await body()
            group.cancelAll()
        }
    }

    @Test(arguments: [2, 4]) func replicasShareTheWorkAndKeepTheOrder(replicas: Int) async throws {
        try await withDelivery { stage in
            let engines = (0..<replicas).map { _ in stage.engine() }
            try await withThrowingTaskGroup { group in
                for engine in engines { group.addTask { await engine.run() } }
                // Each has its share before there is work.
                await stage.eventually {
                    engines.allSatisfy { engine in
                        engine.state.withLock { $0.floor.leases.count } == PartitionSet.count / replicas
                    }
                }
                let ids = try await stage.store(Mail.many(chats: 60, each: 10))
                await stage.receiver.taken.wait(for: ids.count)
                for engine in engines { engine.end() }
                try await group.waitForAll()
            }
            #expect(stage.receiver.inversions == 0)
            #expect(stage.receiver.doubled == 0)
            let workers = try await stage.count("SELECT count(DISTINCT worker) FROM hookgate.delivery_attempts")
            #expect(workers == replicas)
        }
    }

    @Test func aWorkerThatEndsGivesItsLeasesBackAtOnce() async throws {
        try await withDelivery { stage in
            try await stage.store(Mail.many(chats: 5, each: 2))
            try await stage.withWorker { await stage.receiver.taken.wait(for: 10) }
            #expect(
                try await stage.count("SELECT count(*) FROM hookgate.delivery_partitions WHERE holder IS NOT NULL") == 0
            )
            #expect(try await stage.count("SELECT count(*) FROM hookgate.delivery_workers") == 0)
        }
    }

    @Test func aWorkerThatLostItsLeaseRecordsNothing() async throws {
        try await withDelivery { stage in
            let ids = try await stage.store([Mail()])
            let (first, second) = (WorkerID(), WorkerID())
            let start = Date()
            let share = try await stage.queue.renew(first, until: start.addingTimeInterval(1), at: start)
            let page = try await stage.queue.lanes(Self.wish(share, start))
            let later = start.addingTimeInterval(2)
            let taken = try await stage.queue.renew(second, until: later.addingTimeInterval(1), at: later)
            #expect(taken.leases.count == PartitionSet.count)
            let lane = try #require(page.lanes.first)
            func delivered(_ share: LeaseShare) -> DeliveryOutcome {
                DeliveryOutcome(
                    lane: lane.id, fencing: share.leases[lane.partition] ?? 0, event: lane.events[0].event,
                    verdict: .delivered)
            }
            #expect(try await stage.queue.record([delivered(share)], by: first, at: later) == [])
            #expect(try await stage.states() == ["pending": 1])
            #expect(
                try await stage.queue.record([delivered(taken)], by: second, at: later)
                    == PartitionSet(lane.partition))
            #expect(try await stage.states() == ["delivered": 1])
            #expect(page.lanes.flatMap(\.events).map(\.event.id) == ids)
        }
    }

    /// A worker that stood still for longer than a lease, and holds the partition anew, still has in hand what it began
    /// before.
    @Test func whatWasBegunUnderALostLeaseIsNotRecordedWithWhatCameAfter() async throws {
        try await withDelivery { stage in
            try await stage.store(Mail.many(chats: 1, each: 2))
            let (first, second) = (WorkerID(), WorkerID())
            let start = Date()
            let lost = try await stage.queue.renew(first, until: start.addingTimeInterval(1), at: start)
            let between = start.addingTimeInterval(2)
            _ = try await stage.queue.renew(second, until: between.addingTimeInterval(1), at: between)
            let later = between.addingTimeInterval(2)
            let held = try await stage.queue.renew(first, until: later.addingTimeInterval(1), at: later)
            let lane = try #require(try await stage.queue.lanes(Self.wish(held, later)).lanes.first)
            func outcome(
                _ number: Int, _ share: LeaseShare, _ result: AttemptResult, _ verdict: DeliveryOutcome.Verdict
            ) -> DeliveryOutcome {
                let attempt = AttemptRecord(
                    number: 1, startedAt: start, duration: .zero, result: result, destination: .default,
                    isOrphan: false)
                return DeliveryOutcome(
                    lane: lane.id, fencing: share.leases[lane.partition] ?? 0, event: lane.events[number].event,
                    attempt: attempt, verdict: verdict)
            }
            let outcomes = [
                outcome(1, lost, .rejected(status: 422), .parked(.rejected)),
                outcome(0, held, .delivered(status: 200), .delivered),
            ]
            #expect(
                try await stage.queue.record(outcomes, by: first, at: later) == PartitionSet(lane.partition))
            #expect(try await stage.states() == ["delivered": 1, "pending": 1])
            #expect(try await stage.count("SELECT count(*) FROM hookgate.delivery_attempts") == 1)
        }
    }

    private static func wish(_ share: LeaseShare, _ now: Date) -> LaneWish {
        LaneWish(places: share.leases.keys.sorted().map { ($0, .lowest) }, now: now)
    }

    @Test func whatWasSentAndNotWrittenIsSentAgainByTheNext() async throws {
        try await withDelivery { stage in
            try await stage.store(Mail.many(chats: 1, each: 3))
            let engine = stage.engine()
            let worker = Task { await engine.run() }
            let killed = Mutex(false)
            stage.receiver.answer { task in
                if task.event.messageID == "1", killed.withLock({ !$0 }) {
                    // Killed when the destination has it and nobody has noted it.
                    worker.cancel()
                    killed.withLock { $0 = true }
                }
                return .delivered(status: 200)
            }
            await worker.value
            #expect(try await stage.states() == ["delivered": 1, "pending": 2])
            try await stage.withWorker { await stage.receiver.taken.wait(for: 3) }
            #expect(stage.receiver.tasks.map(\.event.messageID) == ["0", "1", "1", "2"])
            #expect(stage.receiver.inversions == 0)
        }
    }

    @Test func whilePostgreSQLFailsNothingIsLostAndThenAllGoesOn() async throws {
        try await withDelivery { stage in
            try await stage.store(Mail.many(chats: 20, each: 10))
            let engine = stage.engine()
            let broke = Mutex(false)
            let isAway = Mutex(false)
            let database = stage.database
            stage.receiver.answer { task in
                if task.event.messageID == "3",
                    broke.withLock({ flag in
                        defer { flag = true }; return !flag
                    })
                {
                    do {
                        // One alone: who waits for two tables that others read may wait in a circle.
                        try await database.pool.execute(
                            script: "ALTER TABLE hookgate.delivery_lanes RENAME TO lanes_away")
                        isAway.withLock { $0 = true }
                    } catch {
                        Issue.record(error)
                    }
                }
                return .delivered(status: 200)
            }
            try await stage.withWorker(engine) {
                await stage.eventually { isAway.withLock { $0 } && engine.readiness().state == .degraded }
                try await database.pool.execute(script: "ALTER TABLE hookgate.lanes_away RENAME TO delivery_lanes")
                await stage.receiver.taken.wait(for: 200)
                await stage.settled(200)
            }
            #expect(stage.receiver.inversions == 0)
            #expect(try await stage.states() == ["delivered": 200])
        }
    }

    @Test func aClinicThatFloodsADeadEndpointSlowsNobody() async throws {
        try await withDelivery { stage in
            let flooding = UUID()
            var dead = stage.directory.destinations[0]
            dead = Destination(id: DestinationID("dead"), kind: dead.kind, timeout: .milliseconds(500))
            stage.directory.set(dead, for: flooding)
            try await stage.store(Mail.many(chats: 1_500, each: 2, clinic: flooding))
            let others = (0..<20).flatMap { _ in
                Mail.many(chats: 3, each: 2, clinic: UUID(), from: Sample.start.addingTimeInterval(60))
            }
            try await stage.store(others)
            let receiver = stage.receiver
            // Hangs for as long as anybody else waits.
            receiver.answer { task in
                guard task.event.clinicID?.uuid == flooding else { return .delivered(status: 200) }
                await receiver.taken.wait(for: others.count)
                return .timedOut
            }
            try await stage.withWorker { await receiver.taken.wait(for: others.count) }
            let wasted = receiver.tasks.count { $0.event.clinicID?.uuid == flooding && $0.attempt == 1 }
            #expect(receiver.inversions == 0)
            #expect(wasted <= 2 * DeliveryStage.settings.breaker.window)
        }
    }

    @Test func aBacklogDrainsInBoundedMemoryWhileMoreIsAccepted() async throws {
        try await withDelivery { stage in
            let total = WholeSize.isWanted ? 100_000 : 4_000
            let chats = total / 4
            for start in stride(from: 0, to: total, by: 4_000) {
                try await stage.store(Array(Mail.many(chats: chats, each: 4)[start..<start + 4_000]))
            }
            let counting = CountingQueue(stage.queue)
            let engine = stage.engine(queue: counting)
            let most = Mutex(0)
            stage.receiver.answer { _ in
                let lanes = engine.state.withLock { $0.floor.lanes.count }
                most.withLock { $0 = max($0, lanes) }
                return .delivered(status: 200)
            }
            try await stage.withWorker(engine) {
                let fresh = try await stage.store(
                    Mail.many(chats: 50, each: 2, clinic: UUID(), from: Sample.start.addingTimeInterval(1_000)))
                await stage.receiver.taken.wait(for: total + fresh.count)
            }
            #expect(stage.receiver.inversions == 0)
            let mostLanes = most.withLock { $0 }
            #expect(mostLanes <= DeliveryStage.settings.maximumLanes)
            #expect(counting.statements < total, "less than one for each event, where three are promised")
        }
    }
}

/// Counts the statements of the queue it stands for.
final class CountingQueue: DeliveryQueue {
    private let queue: any DeliveryQueue
    private let count = Mutex(0)
    var statements: Int { count.withLock { $0 } }

    init(_ queue: any DeliveryQueue) { self.queue = queue }

    private func add(_ statements: Int) { count.withLock { $0 += statements } }

    func renew(_ worker: WorkerID, until: Date, at now: Date) async throws -> LeaseShare {
        add(2)
        return try await queue.renew(worker, until: until, at: now)
    }

    func giveBack(_ partitions: PartitionSet, of worker: WorkerID, isEnding: Bool) async throws {
        add(2)
        try await queue.giveBack(partitions, of: worker, isEnding: isEnding)
    }

    func lanes(_ wish: LaneWish) async throws -> LanePage {
        let page = try await queue.lanes(wish)
        add(page.lanes.isEmpty ? 1 : 2)
        return page
    }

    func bodies(of events: [DeliveryEvent]) async throws -> [EventID: PendingBody] {
        add(1)
        return try await queue.bodies(of: events)
    }

    func record(_ outcomes: [DeliveryOutcome], by worker: WorkerID, at now: Date) async throws -> PartitionSet {
        add(1)
        return try await queue.record(outcomes, by: worker, at: now)
    }

    func backlog() async throws -> DeliveryBacklog {
        add(1)
        return try await queue.backlog()
    }

    func follow(_ notice: @escaping @Sendable (DeliveryNotice) -> Void) async { await queue.follow(notice) }
}
