import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Synchronization
import Testing

@testable import Delivery

@Suite(.timeLimit(.minutes(5)))
struct DeliveryReplicaTests {
    /// Replicas of one database, to which some are added and of which some are killed or ended.
    private final class Crew: Sendable {
        private struct Member {
            let engine: DeliveryEngine
            let run: Task<Void, Never>
        }

        private let stage: DeliveryStage
        private let members = Mutex<[Member]>([])
        /// Events that were under way when their replica was killed: the only ones that may come twice.
        private let interrupted = Mutex<Set<EventID>>([])

        /// Long leases, so that nobody who lives loses one where the machine stands still, which would double as well.
        private static let settings = {
            var settings = DeliveryStage.settings
            settings.lease = 600
            return settings
        }()

        init(_ stage: DeliveryStage) { self.stage = stage }

        var interruptedEvents: Set<EventID> { interrupted.withLock { $0 } }

        func join() {
            let engine = stage.engine(settings: Self.settings)
            let member = Member(engine: engine, run: Task { await engine.run() })
            members.withLock { $0.append(member) }
        }

        func killOldest() async throws {
            guard let member = members.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else { return }
            member.run.cancel()
            await member.run.value
            let events = member.engine.state.withLock { state in
                state.floor.lanes.values.filter(\.isUnderWay).compactMap(\.head?.event.id)
            }
            interrupted.withLock { $0.formUnion(events) }
            // For the dead one alone as long a time goes by as its leases last.
            for (table, column, worker) in [
                ("delivery_partitions", "leased_until", "holder"), ("delivery_workers", "seen_until", "worker"),
            ] {
                try await stage.database.pool.query(
                    "UPDATE hookgate.\(table) SET \(column) = '-infinity' WHERE \(worker) = $1",
                    [member.engine.worker.uuid])
            }
        }

        func endOldest() async {
            guard let member = members.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else { return }
            member.engine.end()
            await member.run.value
        }

        func endAll() async {
            while members.withLock({ !$0.isEmpty }) { await endOldest() }
        }
    }

    /// A replica joins, one is killed, another joins, one ends in good order, and so on while events are delivered.
    @Test(arguments: [2, 4]) func replicasComeAndGoAndNothingIsLostDoubledOrTurnedRound(replicas: Int) async throws {
        try await withDelivery { stage in
            let ids = try await stage.store(Mail.many(chats: 60, each: 20))
            let crew = Crew(stage)
            for _ in 0..<replicas { crew.join() }
            for change in 1...2 * replicas {
                await stage.receiver.taken.wait(for: ids.count * change / (2 * replicas + 2))
                crew.join()
                if change.isMultiple(of: 2) { await crew.endOldest() } else { try await crew.killOldest() }
            }
            await stage.receiver.taken.wait(for: ids.count)
            await crew.endAll()
            #expect(stage.receiver.inversions == 0)
            #expect(try await stage.states() == ["delivered": ids.count])
            let times = Dictionary(stage.receiver.tasks.map { ($0.event.id, 1) }, uniquingKeysWith: +)
            #expect(Set(times.keys) == Set(ids))
            let doubled = Set(times.filter { $0.value > 1 }.keys)
            #expect(doubled.isSubset(of: crew.interruptedEvents), "whoever ends or joins doubles nothing")
        }
    }
}
