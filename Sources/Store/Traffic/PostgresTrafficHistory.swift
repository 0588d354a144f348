package import FoundationEssentials
package import HookgateCore
package import PostgresClient

/// What the gateways counted, from `hookgate.route_traffic` and `hookgate.refused_requests`.
package struct PostgresTrafficHistory: TrafficHistory {
    private let pool: PostgresPool

    package init(pool: PostgresPool) {
        self.pool = pool
    }

    package func traffic(of names: [InstanceName]) async throws -> [InstanceName: InstanceTraffic] {
        // A name with this in it cannot be asked for, and stands in no table either.
        let texts = names.map(\.text).filter { !$0.utf8.contains(0) }
        var traffic: [InstanceName: InstanceTraffic] = [:]
        let rows = try await pool.query(
            """
            SELECT instance_name, route, min(first_seen) AS first_seen, max(last_seen) AS last_seen,
                max(\(TrafficSQL.lastLive)) AS last_live, sum(count)::bigint AS count, sum(retries)::bigint AS retries
            FROM hookgate.route_traffic WHERE instance_name = ANY ($1::text[]) GROUP BY 1, 2
            """, [texts])
        for row in rows {
            guard let route = Route(rawValue: try row.decode("route")) else { continue }
            traffic[InstanceName(try row.decode("instance_name")), default: InstanceTraffic()].routes[route] =
                RouteTraffic(
                    firstSeen: try row.decode("first_seen"), lastSeen: try row.decode("last_seen"),
                    lastLive: try row.decode("last_live"), events: Int(try row.decode("count", as: Int64.self)),
                    retries: Int(try row.decode("retries", as: Int64.self)))
        }
        let refused = try await pool.query(
            """
            SELECT instance_name, route, reason, sum(count)::bigint AS count, max(last_seen) AS last_seen, true AS is_known
            FROM hookgate.refused_requests WHERE instance_name = ANY ($1::text[]) AND instance_name <> ''
            GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
            """, [texts])
        for row in refused {
            guard let summary = try Self.summary(row) else { continue }
            traffic[InstanceName(try row.decode("instance_name")), default: InstanceTraffic()].refusals.append(summary)
        }
        return traffic
    }

    package func days(from start: Date, until end: Date) async throws -> [TrafficDay] {
        try await pool.query(
            """
            SELECT day::text AS day, route, count(DISTINCT instance_name)::bigint AS instances,
                sum(count)::bigint AS count, sum(retries)::bigint AS retries
            FROM hookgate.route_traffic WHERE day BETWEEN \(Self.day(1)) AND \(Self.day(2))
            GROUP BY day, route ORDER BY day DESC, route
            """, [start, end]
        ).compactMap { row in
            guard let route = Route(rawValue: try row.decode("route")) else { return nil }
            return TrafficDay(
                day: try row.decode("day"), route: route, instances: Int(try row.decode("instances", as: Int64.self)),
                events: Int(try row.decode("count", as: Int64.self)),
                retries: Int(try row.decode("retries", as: Int64.self)))
        }
    }

    package func refusals(from start: Date, until end: Date) async throws -> [RefusalSummary] {
        try await pool.query(
            """
            SELECT route, reason, instance_name <> '' AS is_known, sum(count)::bigint AS count,
                max(last_seen) AS last_seen
            FROM hookgate.refused_requests WHERE day BETWEEN \(Self.day(1)) AND \(Self.day(2))
            GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
            """, [start, end]
        ).compactMap(Self.summary)
    }

    private static func day(_ parameter: Int) -> String { "($\(parameter)::timestamptz AT TIME ZONE 'UTC')::date" }

    /// Nil for words of a later release.
    private static func summary(_ row: PostgresRow) throws -> RefusalSummary? {
        guard let route = Route(rawValue: try row.decode("route")),
            let reason = RefusalReason(rawValue: try row.decode("reason"))
        else { return nil }
        return RefusalSummary(
            route: route, reason: reason, isKnown: try row.decode("is_known"),
            count: Int(try row.decode("count", as: Int64.self)), lastSeen: try row.decode("last_seen"))
    }
}
