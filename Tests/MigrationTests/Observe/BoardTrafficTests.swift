import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Store
import Testing

/// When each instance was seen last, which the board asks of few rows of the traffic: whether it has found the right ones.
@Suite(.timeLimit(.minutes(2)))
struct BoardTrafficTests {
    private static let now = Date(timeIntervalSince1970: 1_764_000_000)

    /// How many days ago the latest event came on each route, of today, of yesterday, of before or of never; and what is
    /// to be done next.
    private static let instances: [(name: String, token: Int?, legacy: Int?, step: BoardStep)] = [
        ("today, yesterday", 0, 1, .done), ("yesterday, today", 1, 0, .switchOver), ("today, before", 0, 6, .done),
        ("before, today", 6, 0, .switchOver), ("before, longer before", 6, 9, .done),
        ("longer before, before", 9, 6, .switchOver), ("today, never", 0, nil, .done),
        ("never, today", nil, 0, .switchOver), ("before, never", 6, nil, .done), ("never, before", nil, 6, .switchOver),
        ("never, never", nil, nil, .switchOver), ("before, only retries since", 3, 6, .done),
    ]

    private static func ago(_ days: Int) -> Date { now.addingTimeInterval(-Double(days) * 86_400) }

    private static func count(
        _ name: String, _ route: Route, _ days: Int, retries: Int = 0, in database: TestDatabase
    ) async throws {
        try await database.pool.query(
            """
            INSERT INTO hookgate.route_traffic
                (instance_name, route, day, first_seen, last_seen, count, retries, last_live)
            VALUES ($1, $2, ($3::timestamptz AT TIME ZONE 'UTC')::date, $3, $3, 5, $4::int,
                CASE WHEN $4::int < 5 THEN $3::timestamptz END)
            """, [name, route.rawValue, ago(days), retries])
    }

    private static func withFleet(_ body: (TestDatabase) async throws -> Void) async throws {
        try await withSchema { database in
            try await database.pool.query(
                """
                INSERT INTO healthcare.integrations (organization_id, clinic_id, type, provider, status, config)
                SELECT '00000000-0000-0000-0000-00000000000a', gen_random_uuid(), 'whatsapp', 'evolution', 'active',
                    jsonb_build_object('instance_name', name) FROM unnest($1::text[]) AS name
                """, [instances.map(\.name)])
            for instance in instances {
                let latest: [(Route, Int?)] = [(.token, instance.token), (.instance, instance.legacy)]
                for (route, days) in latest {
                    guard let days else { continue }
                    // It had come for a while before, too.
                    for day in [days, days + 12, days + 20] { try await count(instance.name, route, day, in: database) }
                }
            }
            try await count("before, only retries since", .instance, 0, retries: 5, in: database)
            try await body(database)
        }
    }

    @Test(arguments: BoardQuery.Order.allCases)
    func theLastEventsAndTheStepAreTheSameInEveryOrder(order: BoardQuery.Order) async throws {
        try await Self.withFleet { database in
            let board = PostgresMigrationBoard(pool: database.pool)
            var query = BoardQuery()
            query.order = order
            query.limit = 5
            var rows: [BoardRow] = []
            let done = Self.instances.count { $0.step == .done }
            repeat {
                let page = try await board.page(query)
                #expect(page.counts[.done] == done && page.counts[.switchOver] == Self.instances.count - done)
                rows += page.rows
                query.cursor = page.next
            } while query.cursor != nil
            #expect(rows.count == Self.instances.count)
            for instance in Self.instances {
                let row = try #require(rows.first { $0.name.text == instance.name })
                #expect(row.step == instance.step, "\(instance.name)")
                #expect(row.lastTokenEvent == instance.token.map(Self.ago), "\(instance.name)")
                #expect(row.lastLegacyEvent == instance.legacy.map(Self.ago), "\(instance.name)")
            }
            switch order {
            case .tokenEvent: #expect(Self.isLatestFirst(rows.map(\.lastTokenEvent)))
            case .legacyEvent: #expect(Self.isLatestFirst(rows.map(\.lastLegacyEvent)))
            case .name, .step: break
            }
        }
    }

    private static func isLatestFirst(_ dates: [Date?]) -> Bool {
        let dates = dates.map { $0 ?? .distantPast }
        return zip(dates, dates.dropFirst()).allSatisfy { $0 >= $1 }
    }

    @Test(arguments: [nil, OrganizationID("00000000-0000-0000-0000-00000000000a")])
    func theOverviewCountsWhoWasSeenOnEachRoute(organization: OrganizationID?) async throws {
        try await Self.withFleet { database in
            // Of nobody's integration, and of nobody.
            for name in ["a stranger", ""] {
                for route in [Route.token, .instance] { try await Self.count(name, route, 0, in: database) }
            }
            let overview = try await PostgresFleetOverview(pool: database.pool).overview(of: organization, at: Self.now)
            let strangers = organization == nil ? 1 : 0
            let onToken = Self.instances.count { $0.token != nil }
            // Retries in flight are seen as well.
            let onOld = Self.instances.count { $0.legacy == 0 } + 1
            #expect(overview.seenOnTokenRoute == onToken)
            #expect(overview.liveOnOldRoute == onOld + strangers)
        }
    }
}
