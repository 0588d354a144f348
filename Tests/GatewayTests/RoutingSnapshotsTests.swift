import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Logging
import Synchronization
import Testing

@testable import Gateway

/// What a process knows of routing, for the next one that can ask nobody.
@Suite(.timeLimit(.minutes(1))) struct RoutingSnapshotsTests {
    private static let revoked = Sample.otherToken.digest
    private static let takenAt = Date(timeIntervalSince1970: 1_760_918_400)

    /// Keeps the last snapshot in the test.
    private final class MemoryStore: RoutingSnapshotStore {
        let pages = Mutex<(at: Date, changes: [RoutingChange])?>(nil)
        let writes = Milestone()

        func write(
            takenAt instant: Date, _ contents: @escaping @Sendable (Page) throws(RoutingSnapshotError) -> Void
        ) async throws(RoutingSnapshotError) {
            var all: [RoutingChange] = []
            try contents { (page) throws(RoutingSnapshotError) in all += page }
            let changes = all
            self.pages.withLock { $0 = (instant, changes) }
            self.writes.reach()
        }

        func read(
            _ page: @escaping @Sendable ([RoutingChange]) -> Void
        ) async throws(RoutingSnapshotError) -> Date? {
            let kept = self.pages.withLock { $0 }
            if let kept { page(kept.changes) }
            return kept?.at
        }
    }

    private struct Process {
        let table = RoutingTable()
        let lastKnown = LastKnownRouting()
        let snapshots: RoutingSnapshots
        let resolver: Resolver
        let source: InMemoryRoutingSource

        init(
            _ store: MemoryStore, world: [RoutingChange] = [],
            clock: TimeSource = TimeSource { RoutingSnapshotsTests.takenAt }
        ) {
            source = InMemoryRoutingSource(world)
            source.setOutage(.unavailable("down"))
            snapshots = RoutingSnapshots(
                store: store, table: table, lastKnown: lastKnown, clock: clock,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            resolver = Resolver(
                table: table, source: source, metrics: GatewayMetrics(), lastKnown: lastKnown, clock: clock)
        }

        func load(_ world: [RoutingChange]) {
            table.apply(world)
            table.markLoaded()
            table.markPolled(at: MonotonicTime.system.now)
        }

        func resolve(_ key: RoutingKey) async -> Resolution {
            if let resolution = resolver.resident(key, at: RoutingSnapshotsTests.takenAt) { return resolution }
            return await withCheckedContinuation { done in resolver.lookUp(key) { done.resume(returning: $0) } }
        }
    }

    private static let world =
        Sample.world() + [.token(revoked, Sample.integrationID(), .revoked, revision: 2)]

    private static func written(_ world: [RoutingChange] = RoutingSnapshotsTests.world) async -> MemoryStore {
        let store = MemoryStore()
        let first = Process(store)
        first.load(world)
        await first.snapshots.writeIfNeeded()
        return store
    }

    @Test func theNextProcessServesWhatWasKnownAndDecidesNothingElse() async {
        let process = Process(await Self.written())
        await process.snapshots.load()
        #expect(await process.resolve(.token(Sample.digest)) == .deliverable(Sample.entry()))
        #expect(await process.resolve(.instance(Sample.name)) == .deliverable(Sample.entry()))
        #expect(await process.resolve(.token(TokenDigest(of: "stranger"))) == .undecided)
        #expect(await process.resolve(.instance(InstanceName("stranger"))) == .undecided)
        // Neither accepted nor, on old knowledge, refused for good.
        #expect(await process.resolve(.token(Self.revoked)) == .undecided)
        #expect(process.lastKnown.takenAt == Self.takenAt)
    }

    @Test func aDisabledIntegrationIsNotHeldOnOldKnowledge() async {
        let process = Process(await Self.written(Sample.world(enabled: false)))
        await process.snapshots.load()
        #expect(await process.resolve(.token(Sample.digest)) == .undecided)
    }

    @Test func aSecondFactorIsNotKeptAndNobodyPassesWithoutIt() async {
        let plain = Sample.entry()
        let guarded = RoutingEntry(
            integrationID: plain.integrationID, organizationID: plain.organizationID, clinicID: plain.clinicID,
            instanceName: plain.instanceName, isEnabled: true, revision: plain.revision,
            secondFactor: SecondFactor(mode: .enforce))
        let world: [RoutingChange] = [
            .integration(guarded), .token(Sample.digest, plain.integrationID, .current, revision: 1),
            .integration(Sample.entry(2)),
        ]
        let process = Process(await Self.written(world))
        await process.snapshots.load()
        #expect(await process.resolve(.token(Sample.digest)) == .undecided)
        // The name is not the second one's alone.
        #expect(await process.resolve(.instance(Sample.name)) == .undecided)
    }

    @Test func whateverIsNewerWinsAgainstTheSnapshot() async {
        let process = Process(await Self.written())
        await process.snapshots.load()
        process.table.apply([.token(Sample.digest, Sample.integrationID(), .revoked, revision: 9)])
        #expect(await process.resolve(.token(Sample.digest)) != .deliverable(Sample.entry()))
        let other = Process(await Self.written())
        await other.snapshots.load()
        other.table.apply([.integrationDeleted(Sample.integrationID(), revision: 9)])
        #expect(await other.resolve(.token(Sample.digest)) == .undecided)
        #expect(await other.resolve(.instance(Sample.name)) == .undecided)
        let third = Process(await Self.written())
        await third.snapshots.load()
        third.table.apply([.integration(Sample.entry(enabled: false, revision: 9))])
        #expect(await third.resolve(.token(Sample.digest)) == .undecided)
    }

    @Test func whoeverCanBeAskedIsAskedFirst() async {
        let process = Process(await Self.written())
        await process.snapshots.load()
        process.source.commit(
            .integration(Sample.entry()), .token(Sample.digest, Sample.integrationID(), .revoked, revision: 5))
        process.source.setOutage(nil)
        #expect(await process.resolve(.token(Sample.digest)) == .revoked)
    }

    @Test func anOldSnapshotIsNone() async {
        let store = await Self.written()
        let late = TimeSource { Self.takenAt + LastKnownRouting.longestAge + 1 }
        let process = Process(store, clock: late)
        await process.snapshots.load()
        #expect(process.lastKnown.takenAt == nil)
        #expect(await process.resolve(.token(Sample.digest)) == .undecided)
    }

    @Test func onlyWhatIsWholeAndTrueIsWrittenAndOnlyWhenItChanged() async {
        let store = MemoryStore()
        let process = Process(store)
        process.table.apply(Sample.world())
        await process.snapshots.writeIfNeeded()
        #expect(store.writes.count == 0, "not everything is loaded")
        process.load([])
        await process.snapshots.writeIfNeeded()
        await process.snapshots.writeIfNeeded()
        process.load(Sample.world())
        await process.snapshots.writeIfNeeded()
        #expect(store.writes.count == 1, "nothing became another")
        process.load([.token(Sample.digest, Sample.integrationID(), .revoked, revision: 5)])
        await process.snapshots.writeIfNeeded()
        #expect(store.writes.count == 2)
        #expect(process.lastKnown.takenAt == nil)
    }

    @Test func anIndexIsTheSameAfterItsSnapshot() {
        var index = RoutingIndex(bound: 10_000)
        for number in 1...3_000 {
            index.apply(.integration(Sample.entry(number, name: InstanceName("clinic-\(number % 2_900)"))))
            index.apply(
                .token(
                    TokenDigest(of: "token-\(number)"), Sample.integrationID(number),
                    number.isMultiple(of: 7) ? .grace(until: Self.takenAt) : .current, revision: UInt64(number)))
        }
        index.apply(.integrationDeleted(Sample.integrationID(5), revision: 77))
        index.apply(.token(Self.revoked, nil, .revoked, revision: 3))
        var copy = RoutingIndex(bound: 10_000)
        index.forEachPage { page in for change in page { copy.apply(change) } }
        index.markLoaded()
        copy.markLoaded()
        for number in 1...3_000 {
            let token = RoutingKey.token(TokenDigest(of: "token-\(number)"))
            #expect(copy.fact(for: token) == index.fact(for: token))
            let name = RoutingKey.instance(InstanceName("clinic-\(number % 2_900)"))
            #expect(copy.fact(for: name) == index.fact(for: name))
        }
        #expect(copy.fact(for: .token(Self.revoked)) == .revokedToken)
    }
}
