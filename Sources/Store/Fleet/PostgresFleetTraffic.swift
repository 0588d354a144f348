package import FoundationEssentials
package import HookgateCore
package import PostgresClient

/// The fleet as the tables know it: integrations, what was counted on each route, and the journal of switch-overs.
package struct PostgresFleetTraffic: FleetTraffic {
    private static let pageSize = 2_000

    private let pool: PostgresPool

    package init(pool: PostgresPool) {
        self.pool = pool
    }

    package func forEachRow(marksSince: Date, _ body: (FleetRow) throws -> Void) async throws {
        // A cursor inside one transaction: one consistent picture, and bounded memory.
        try await pool.transaction(.snapshot) { connection in
            try await connection.query(Self.statement, [marksSince])
            while true {
                let rows = try await connection.query("FETCH \(Self.pageSize) FROM hookgate_fleet")
                for row in rows { try body(try Self.row(row)) }
                if rows.count < Self.pageSize { return }
            }
        }
    }

    package func counts(of names: [InstanceName], since start: Date) async throws -> [InstanceName: [Route: Int]] {
        var counts: [InstanceName: [Route: Int]] = [:]
        let rows = try await pool.query(
            """
            SELECT instance_name, route, count(*)::bigint AS count FROM hookgate.events
            WHERE instance_name = ANY ($1::text[]) AND received_at >= $2 AND state <> 'probe'
                AND day >= ($2::timestamptz AT TIME ZONE 'UTC')::date
            GROUP BY 1, 2
            """, [names.map(\.text).filter { !$0.utf8.contains(0) }, start])
        for row in rows {
            guard let route = Route(rawValue: try row.decode("route")) else { continue }
            counts[InstanceName(try row.decode("instance_name")), default: [:]][route] =
                Int(try row.decode("count", as: Int64.self))
        }
        return counts
    }

    private static let name = InstanceNameSQL.expression(config: "i.config")

    private static let statement = """
        DECLARE hookgate_fleet NO SCROLL CURSOR FOR
        SELECT coalesce(i.name, t.name) AS instance_name, i.title, coalesce(i.is_enabled, false) AS is_enabled,
            \(columns(of: .token)), \(columns(of: .instance)), t.marks, s.set_at
        FROM (
            SELECT \(name) COLLATE "C" AS name, min(coalesce(i.display_name, \(name))) AS title,
                bool_or(coalesce(i.enabled, true)) AS is_enabled
            FROM healthcare.integrations AS i
            WHERE i.type = 'whatsapp' AND \(InstanceNameSQL.isEvolution(provider: "i.provider")) AND \(name) IS NOT NULL
            GROUP BY 1
        ) AS i
        FULL JOIN (
            SELECT instance_name AS name, \(aggregates(of: .token)), \(aggregates(of: .instance)),
                array_agg(first_seen) FILTER (WHERE last_seen >= $1)
                    || array_agg(\(TrafficSQL.lastLive)) FILTER (WHERE last_seen >= $1 AND retries < count) AS marks
            FROM hookgate.route_traffic WHERE instance_name <> '' GROUP BY 1
        ) AS t ON t.name = i.name
        LEFT JOIN (
            -- The oldest since the last way back: a new token changes nothing of since when it is switched over.
            SELECT o.instance_name AS name, min(o.set_at) AS set_at FROM hookgate.switch_overs AS o
            WHERE o.state <> 'abandoned' AND NOT EXISTS (
                SELECT FROM hookgate.switch_overs AS back
                WHERE back.instance_name = o.instance_name AND back.state = 'rolled_back' AND back.id >= o.id)
            GROUP BY 1
        ) AS s ON s.name = coalesce(i.name, t.name)
        -- What came before its integration was deleted is not still coming.
        WHERE i.name IS NOT NULL OR NOT EXISTS (
            SELECT FROM hookgate.integration_lives AS l
            WHERE l.instance_name = t.name AND l.kind = 'delete' AND l.state = 'done'
                AND l.changed_at >= greatest(t.token_last_seen, t.instance_last_seen))
        """

    private static let parts = ["first_seen", "last_seen", "last_live", "count", "retries"]

    private static func aggregates(of route: Route) -> String {
        let word = route.rawValue
        let values = [
            "min(first_seen)", "max(last_seen)", "max(\(TrafficSQL.lastLive))", "sum(count)", "sum(retries)",
        ]
        return zip(parts, values).map { "\($1) FILTER (WHERE route = '\(word)') AS \(word)_\($0)" }
            .joined(separator: ", ")
    }

    private static func columns(of route: Route) -> String {
        parts.map {
            let isCount = $0 == "count" || $0 == "retries"
            return "t.\(route.rawValue)_\($0)\(isCount ? "::bigint" : "") AS \(route.rawValue)_\($0)"
        }.joined(separator: ", ")
    }

    private static func row(_ row: PostgresRow) throws -> FleetRow {
        var routes: [Route: RouteTraffic] = [:]
        for route in [Route.token, .instance] {
            guard let seen = try row.decode("\(route.rawValue)_last_seen", as: Date?.self) else { continue }
            routes[route] = RouteTraffic(
                firstSeen: try row.decode("\(route.rawValue)_first_seen"), lastSeen: seen,
                lastLive: try row.decode("\(route.rawValue)_last_live"),
                events: Int(try row.decode("\(route.rawValue)_count", as: Int64.self)),
                retries: Int(try row.decode("\(route.rawValue)_retries", as: Int64.self)))
        }
        return FleetRow(
            name: InstanceName(try row.decode("instance_name")), title: try row.decode("title"),
            isEnabled: try row.decode("is_enabled"), routes: routes, switchedAt: try row.decode("set_at"),
            marks: try row.decode("marks", as: [Date]?.self) ?? [])
    }
}
