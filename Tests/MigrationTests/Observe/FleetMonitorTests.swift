import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Migration
import PostgresClient
import Store
import Testing

/// The fleet as the tables know it.
@Suite(.timeLimit(.minutes(2)))
struct FleetMonitorTests {
    private static let now = Date(timeIntervalSince1970: 1_764_000_000)

    private static func ago(_ minutes: Double) -> Date { now.addingTimeInterval(-minutes * 60) }

    private static func monitor(_ database: TestDatabase) -> FleetMonitor {
        FleetMonitor(
            fleet: PostgresFleetTraffic(pool: database.pool), traffic: PostgresTrafficHistory(pool: database.pool),
            coverage: PostgresCoverageHistory(pool: database.pool), time: TimeSource { now })
    }

    private static func integrate(_ names: [String], in database: TestDatabase) async throws {
        try await database.pool.query(
            """
            INSERT INTO healthcare.integrations
                (organization_id, clinic_id, type, provider, status, config, enabled, display_name)
            SELECT gen_random_uuid(), gen_random_uuid(), 'whatsapp', 'evolution', 'active',
                jsonb_build_object('instance_name', name), true, 'Clinic ' || name
            FROM unnest($1::text[]) AS name
            """, [names])
    }

    private static func count(
        _ name: String, _ route: Route, first: Double, last: Double, in database: TestDatabase
    ) async throws {
        try await database.pool.query(
            """
            INSERT INTO hookgate.route_traffic (instance_name, route, day, first_seen, last_seen, count, last_live)
            VALUES ($1, $2, ($4::timestamptz AT TIME ZONE 'UTC')::date, $3, $4, 50, $4)
            """, [name, route.rawValue, ago(first), ago(last)])
    }

    private static func switchOver(
        _ name: String, minutes: Double, state: SwitchOverState = .confirmed,
        kind: SwitchOverEntry.Kind = .switchOver, in database: TestDatabase
    ) async throws {
        try await PostgresSwitchOverJournal(pool: database.pool, lockURL: database.url, actor: "test").begin(
            SwitchOverEntry(
                run: RunID(UUID()), instance: InstanceName(name), integrationID: IntegrationID(UUID()),
                server: "default", state: state, kind: kind, previous: nil, urlDigest: TokenDigest(of: name),
                changedAt: ago(minutes), setAt: ago(minutes)))
    }

    private static func listen(since minutes: Double, in database: TestDatabase) async throws {
        try await PostgresCoverageLedger(pool: database.pool, gatewayID: UUID())
            .write([CoverageInterval(from: ago(minutes), until: ago(0.1))])
    }

    @Test func eachInstanceIsWhatItsTrafficAndItsSwitchMakeIt() async throws {
        try await withSchema { database in
            try await Self.integrate(["straggler", "in flight", "legacy", "token", "unseen"], in: database)
            try await Self.listen(since: 100, in: database)
            try await Self.count("straggler", .instance, first: 300, last: 2, in: database)
            try await Self.switchOver("straggler", minutes: 120, in: database)
            try await Self.count("in flight", .instance, first: 300, last: 2, in: database)
            try await Self.switchOver("in flight", minutes: 10, in: database)
            try await Self.count("legacy", .instance, first: 300, last: 1, in: database)
            try await Self.count("token", .token, first: 300, last: 1, in: database)
            try await Self.switchOver("token", minutes: 200, in: database)
            try await Self.count("nobody's", .instance, first: 10, last: 3, in: database)
            let view = try await Self.monitor(database).look(FleetRequest())
            #expect(
                view.instances.map { "\($0.name.text): \($0.state.rawValue)" } == [
                    "straggler: straggler", "nobody's: unclaimed", "in flight: in_flight", "legacy: legacy",
                    "token: token", "unseen: unseen",
                ])
            #expect(view.counts.values.allSatisfy { $0 == 1 } && view.counts.count == 6)
            #expect(view.listeningSince == Self.ago(100))
            #expect(view.instances.first?.routes[.instance]?.lastSeen == Self.ago(2))
            #expect(view.instances.first?.title == "Clinic straggler")
            #expect(view.needsAttention)
            var request = FleetRequest()
            request.rows = 1
            request.states = [.legacy, .token]
            let narrow = try await Self.monitor(database).look(request)
            #expect(narrow.instances.map(\.name.text) == ["legacy"])
            #expect(narrow.leftOut == 1)
            #expect(narrow.counts == view.counts)
        }
    }

    @Test func aSwitchStaysOneThroughRotationsUntilItIsTakenBack() async throws {
        try await withSchema { database in
            try await Self.integrate(["rotated", "back", "again", "restoring"], in: database)
            try await Self.switchOver("rotated", minutes: 300, in: database)
            try await Self.switchOver("rotated", minutes: 20, kind: .rotation, in: database)
            try await Self.switchOver("back", minutes: 300, in: database)
            try await Self.switchOver("back", minutes: 20, state: .rolledBack, kind: .rotation, in: database)
            try await Self.switchOver("again", minutes: 300, state: .rolledBack, in: database)
            try await Self.switchOver("again", minutes: 100, in: database)
            try await Self.switchOver("again", minutes: 10, state: .abandoned, in: database)
            try await Self.switchOver("restoring", minutes: 300, state: .restoring, in: database)
            var switched: [String: Date] = [:]
            try await PostgresFleetTraffic(pool: database.pool).forEachRow(marksSince: Self.now) {
                switched[$0.name.text] = $0.switchedAt
            }
            #expect(
                switched == ["rotated": Self.ago(300), "again": Self.ago(100), "restoring": Self.ago(300)])
        }
    }

    @Test func whatIsLeftOfADeletedIntegrationIsNobodysConcern() async throws {
        try await withSchema { database in
            try await Self.count("gone", .token, first: 300, last: 21, in: database)
            try await Self.count("still posting", .token, first: 300, last: 3, in: database)
            for name in ["gone", "still posting"] {
                try await database.pool.query(
                    """
                    INSERT INTO hookgate.integration_lives (kind, integration_id, instance_name, server, state,
                        owns_row, owns_instance, adopts_connected, actor, begun_at, changed_at)
                    VALUES ('delete', gen_random_uuid(), $1, 'default', 'done', true, false, false, 'test', $2, $2)
                    """, [name, Self.ago(20)])
            }
            let view = try await Self.monitor(database).look(FleetRequest())
            #expect(view.instances.map(\.name.text) == ["still posting"])
            #expect(view.counts == [.unclaimed: 1])
        }
    }

    @Test func whatWasAbandonedHidesNoSwitchBeforeIt() async throws {
        try await withSchema { database in
            try await Self.integrate(["a"], in: database)
            try await Self.switchOver("a", minutes: 300, in: database)
            try await Self.switchOver("a", minutes: 10, state: .abandoned, in: database)
            let board = try await PostgresMigrationBoard(pool: database.pool).page(BoardQuery())
            #expect(board.rows.map(\.switchOver) == [.confirmed])
            let overview = try await PostgresFleetOverview(pool: database.pool).overview(of: nil, at: Self.now)
            #expect(overview.switchedOver == [.confirmed: 1])
        }
    }

    @Test func anInstanceThatFallsSilentIsSaidOnlyWhileSomebodyListens() async throws {
        try await withSchema { database in
            try await Self.integrate(["a", "new"], in: database)
            // Every day of the last ten until two hours before this time; today nothing.
            for day in 1...10 {
                let minutes = Double(day) * 1_440
                try await Self.count("a", .token, first: minutes + 360, last: minutes + 270, in: database)
            }
            try await Self.count("new", .token, first: 1_500, last: 1_400, in: database)
            func states() async throws -> [String] {
                try await Self.monitor(database).look(FleetRequest()).instances.map(\.state.rawValue)
            }
            #expect(try await states() == ["token", "token"])
            try await Self.listen(since: 20_000, in: database)
            #expect(try await states() == ["silent", "token"])
        }
    }

    @Test func ratesAreOfTheLastMinutesAndStrangersAreNobodysInstance() async throws {
        try await withSchema { database in
            try await Self.integrate(["a"], in: database)
            try await Self.count("a", .token, first: 300, last: 1, in: database)
            try await database.pool.query(
                "SELECT hookgate.ensure_event_partitions(($1::timestamptz AT TIME ZONE 'UTC')::date)", [Self.now])
            for minutes in [1.0, 2, 4, 60] {
                try await database.pool.query(
                    """
                    INSERT INTO hookgate.events (id, day, received_at, instance_name, route, state, body_bytes,
                        body_sha256)
                    VALUES (gen_random_uuid(), ($1::timestamptz AT TIME ZONE 'UTC')::date, $1, 'a', 'token', 'pending',
                        2, sha256('{}'))
                    """, [Self.ago(minutes)])
            }
            let key = RefusalKey(instance: nil, route: .token, reason: .unknown, at: Self.now)
            try await PostgresRefusalLedger(pool: database.pool).add([key: RefusalCount(at: Self.now)])
            let view = try await Self.monitor(database).look(FleetRequest())
            #expect(view.instances.first?.routes[.token]?.perMinute == 0.6)
            #expect(view.instances.count == 1 && view.instances.first?.refusals == [])
            #expect(view.strangers.map(\.count) == [1])
        }
    }
}
