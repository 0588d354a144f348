import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Migration
import PostgresClient
import Store
import Testing

/// What a gateway says of the fleet by itself.
@Suite(.timeLimit(.minutes(2)))
struct FleetWatchTests {
    private static let now = Date(timeIntervalSince1970: 1_764_000_000)

    private static func watch(_ database: TestDatabase, clock: any Clock<Duration> = ContinuousClock()) -> FleetWatch {
        FleetWatch(
            fleet: FleetMonitor(
                fleet: PostgresFleetTraffic(pool: database.pool), traffic: PostgresTrafficHistory(pool: database.pool),
                coverage: PostgresCoverageHistory(pool: database.pool), time: TimeSource { now }), clock: clock)
    }

    /// An instance that was switched two hours ago and was called on its old URL a minute ago.
    private static func straggle(_ database: TestDatabase) async throws {
        try await database.pool.query(
            """
            INSERT INTO healthcare.integrations (organization_id, clinic_id, type, provider, status, config, enabled)
            VALUES (gen_random_uuid(), gen_random_uuid(), 'whatsapp', 'evolution', 'active',
                '{"instance_name": "a"}', true)
            """)
        try await database.pool.query(
            """
            INSERT INTO hookgate.route_traffic (instance_name, route, day, first_seen, last_seen, count, last_live)
            VALUES ('a', 'instance', ($1::timestamptz AT TIME ZONE 'UTC')::date, $1, $1, 1, $1)
            """, [now.addingTimeInterval(-60)])
        try await PostgresSwitchOverJournal(pool: database.pool, lockURL: database.url, actor: "test").begin(
            SwitchOverEntry(
                run: RunID(UUID()), instance: InstanceName("a"), integrationID: IntegrationID(UUID()),
                server: "default", state: .confirmed, previous: nil, urlDigest: TokenDigest(of: "a"),
                changedAt: now.addingTimeInterval(-7_200), setAt: now.addingTimeInterval(-7_200)))
    }

    @Test func aStragglerIsAnAlarmAndANumber() async throws {
        try await withSchema { database in
            let watch = Self.watch(database)
            #expect(watch.parts().allSatisfy { $0.state == .ok })
            try await Self.straggle(database)
            await watch.look()
            let parts = watch.parts()
            #expect(parts.map(\.name) == ["silence", "stragglers"])
            #expect(parts.map(\.state) == [.ok, .degraded])
            #expect(Readiness(parts: parts).alarms.map(\.name) == ["stragglers"])
            #expect(parts.last?.detail?.contains("hookgate monitor --state straggler") == true)
            let straggling = watch.samples().first { $0.labels.first?.value == "straggler" }
            #expect(straggling?.value == 1)
        }
    }

    @Test func whatIsKnownStaysWhileTheDatabaseIsAway() async throws {
        try await withSchema { database in
            let watch = Self.watch(database)
            try await Self.straggle(database)
            await watch.look()
            try await database.pool.query("DROP TABLE hookgate.route_traffic CASCADE")
            await watch.look()
            #expect(watch.status.failures == 1 && watch.status.lastFailure != nil)
            #expect(watch.status.counts == [.straggler: 1])
        }
    }

    @Test func itLooksAtEveryInterval() async throws {
        try await withSchema { database in
            let clock = ManualClock()
            let watch = Self.watch(database, clock: clock)
            try await Self.straggle(database)
            let task = Task { await watch.run() }
            await clock.waitForSleepers(1)
            #expect(watch.status.counts.isEmpty)
            clock.advance(by: .seconds(60))
            await clock.waitForSleepers(1)
            #expect(watch.status.counts == [.straggler: 1])
            task.cancel()
            await task.value
        }
    }
}
