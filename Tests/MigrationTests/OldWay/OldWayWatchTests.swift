import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Migration
import PostgresClient
import Store
import Synchronization
import Testing

/// Requests on the legacy route, resolved the old way from real legacy tables.
@Suite(.timeLimit(.minutes(3)))
struct OldWayWatchTests {
    private static let start = Date(timeIntervalSince1970: 1_760_918_400)

    private final class Clock: Sendable {
        private let seconds = Mutex(0.0)
        var source: TimeSource { TimeSource { start.addingTimeInterval(self.seconds.withLock { $0 }) } }
        func move(by seconds: Double) { self.seconds.withLock { $0 += seconds } }
    }

    private static func watch(
        _ fleet: Fleet, _ clock: Clock = Clock(), _ change: (inout OldWayWatch.Settings) -> Void = { _ in }
    ) -> OldWayWatch {
        var settings = OldWayWatch.Settings()
        change(&settings)
        let pool = fleet.database.pool
        return OldWayWatch(
            inventory: PostgresMigrationInventory(pool: pool), ledger: PostgresOldWayLedger(pool: pool),
            settings: settings, clock: clock.source)
    }

    private static func owner(_ place: (organization: UUID, clinic: UUID)) -> InstanceOwner {
        InstanceOwner(organizationID: OrganizationID(place.organization), clinicID: ClinicID(place.clinic))
    }

    @Test func eachOutcomeIsCountedShownAndExplained() async throws {
        try await Fleet.withSchema { fleet in
            let clock = Clock()
            let one = try await fleet.addClinic("One")
            let two = try await fleet.addClinic("Two")
            try await fleet.addInstance("one", organization: one.organization)
            try await fleet.addInstance("two", organization: two.organization)
            let big = UUID()
            let first = try await fleet.addClinic("A", organization: big)
            _ = try await fleet.addClinic("B", organization: big)
            try await fleet.addInstance("unclear", organization: big)
            let watch = Self.watch(fleet, clock)
            watch.observed(InstanceName("one"), owner: Self.owner(one))
            watch.observed(InstanceName("two"), owner: Self.owner(one))
            watch.observed(InstanceName("unclear"), owner: Self.owner(first))
            watch.observed(InstanceName("new"), owner: Self.owner(one))
            #expect(await watch.compareWaiting())
            #expect(watch.status.outcomes == [.same: 1, .different: 1, .undecidable: 2])

            let (report, states) = try await fleet.check()
            #expect(states["one"]?.sightings.oldWay?.last == .same)
            #expect(states["two"]?.sightings.oldWay?.reason?.contains("in the old tables") == true)
            #expect(states["unclear"]?.sightings.oldWay?.last == .undecidable)
            #expect(report.resolvedDifferently == 1)
            #expect(report.needsAttention)
            let evidence = PostgresExplainEvidence(pool: fleet.database.pool)
            let new = try await evidence.sightings(of: InstanceName("new"))
            #expect(new?.oldWay?.reason == "no legacy table names it")

            // The old table is mended, and the instance's next requests, an interval later, say so.
            try await fleet.run(
                "UPDATE public.evolution_instances SET organization_id = $1 WHERE instance_name = 'two'",
                [one.organization])
            clock.move(by: 3_601)
            watch.observed(InstanceName("two"), owner: Self.owner(one))
            #expect(await watch.compareWaiting())
            let mended = try await fleet.check()
            #expect(mended.states["two"]?.sightings.oldWay?.counts == [.same: 1, .different: 1, .undecidable: 0])
            #expect(mended.report.resolvedDifferently == 0)
        }
    }

    @Test func aBusyInstanceCostsOneComparisonAnIntervalAndOneAChange() async throws {
        try await Fleet.withSchema { fleet in
            let clock = Clock()
            let one = try await fleet.addClinic("One")
            let two = try await fleet.addClinic("Two")
            try await fleet.addInstance("busy", organization: one.organization)
            let watch = Self.watch(fleet, clock)
            let name = InstanceName("busy")
            for _ in 0..<10_000 {
                watch.observed(name, owner: Self.owner(one))
                clock.move(by: 0.1)
            }
            await watch.compareWaiting()
            for _ in 0..<1_000 { watch.observed(name, owner: Self.owner(one)) }
            await watch.compareWaiting()
            #expect(watch.status.outcomes == [.same: 1])
            watch.observed(name, owner: Self.owner(two))
            await watch.compareWaiting()
            #expect(watch.status.outcomes == [.same: 1, .different: 1])
            clock.move(by: 3_600)
            watch.observed(name, owner: Self.owner(two))
            await watch.compareWaiting()
            #expect(watch.status.outcomes == [.same: 1, .different: 2])
        }
    }

    @Test func whatFailsIsComparedWithTheNextRequest() async throws {
        try await Fleet.withSchema { fleet in
            let one = try await fleet.addClinic("One")
            try await fleet.addInstance("one", organization: one.organization)
            let watch = Self.watch(fleet)
            try await fleet.run("ALTER TABLE hookgate.old_way_comparisons RENAME TO away")
            watch.observed(InstanceName("one"), owner: Self.owner(one))
            #expect(await !watch.compareWaiting())
            #expect(watch.status.failures == 1)
            try await fleet.run("ALTER TABLE hookgate.away RENAME TO old_way_comparisons")
            watch.observed(InstanceName("one"), owner: Self.owner(one))
            #expect(await watch.compareWaiting())
            #expect(watch.status.outcomes == [.same: 1])
            #expect(watch.status.lastFailure == nil)
        }
    }

    @Test func theQueueIsBounded() async throws {
        try await Fleet.withSchema { fleet in
            let watch = Self.watch(fleet) { $0.maximumQueued = 10 }
            for number in 0..<50 { watch.observed(InstanceName("i\(number)"), owner: nil) }
            #expect(watch.status.dropped == 40)
            await watch.compareWaiting()
            #expect(watch.status.outcomes == [.undecidable: 10])
            watch.observed(InstanceName("i49"), owner: nil)
            await watch.compareWaiting()
            #expect(watch.status.outcomes == [.undecidable: 11])
        }
    }
}
