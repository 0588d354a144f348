import FoundationEssentials
package import HookgateCore
package import PostgresClient

/// Counts both sides of every gateway's account in one picture of the database.
package struct PostgresBalanceEvidence: BalanceEvidence {
    private let pool: PostgresPool

    package init(pool: PostgresPool) {
        self.pool = pool
    }

    package func balance() async throws -> [GatewayBalance] {
        try await pool.transaction(.snapshot) { connection in
            let states = try await Self.states(connection)
            let rows = try await connection.query(
                """
                SELECT p.gateway_id, p.accepted, p.shipped, p.lost, p.noted_at,
                    (SELECT coalesce(sum(d.count), 0) FROM hookgate.duplicate_counts AS d
                    WHERE d.gateway_id = p.gateway_id)::bigint AS duplicates,
                    (SELECT coalesce(sum(r.count), 0) FROM hookgate.retired_events AS r
                    WHERE r.gateway_id = p.gateway_id)::bigint AS retired
                FROM hookgate.gateway_positions AS p ORDER BY p.gateway_id
                """)
            return try rows.map { row in
                let gateway: UUID = try row.decode("gateway_id")
                return GatewayBalance(
                    gatewayID: gateway, accepted: try row.decode("accepted"), shipped: try row.decode("shipped"),
                    lost: try row.decode("lost"), notedAt: try row.decode("noted_at"),
                    states: states[gateway] ?? [:], duplicates: try row.decode("duplicates"),
                    retired: try row.decode("retired"))
            }
        }
    }

    private static func states(_ connection: PostgresConnection) async throws -> [UUID: [EventState: UInt64]] {
        let rows = try await connection.query(
            """
            SELECT gateway_id, state, count(*)::bigint AS count FROM hookgate.events
            WHERE gateway_id IS NOT NULL GROUP BY gateway_id, state
            """)
        var states: [UUID: [EventState: UInt64]] = [:]
        for row in rows {
            // The table's own constraint holds it to words we know.
            guard let state = EventState(rawValue: try row.decode("state")) else { continue }
            states[try row.decode("gateway_id"), default: [:]][state] = try row.decode("count", as: UInt64.self)
        }
        return states
    }
}
