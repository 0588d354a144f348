package import FoundationEssentials
package import HookgateCore
package import PostgresClient

/// Reads from the inbox whether an instance's events come on its token URL.
package struct PostgresSwitchOverTraffic: SwitchOverTraffic {
    private static let batch = 500

    private let pool: PostgresPool

    package init(pool: PostgresPool) {
        self.pool = pool
    }

    package func firstTokenEvents(_ awaited: [AwaitedEvent]) async throws -> [IntegrationID: Date] {
        var found: [IntegrationID: Date] = [:]
        var rest = awaited[...]
        while !rest.isEmpty {
            let part = rest.prefix(Self.batch)
            rest = rest.dropFirst(Self.batch)
            // The index is by instance and time; the integration makes sure that it is its event.
            let rows = try await pool.query(
                """
                SELECT asked.integration_id, first.received_at
                FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::bytea[])
                    AS asked (integration_id, instance_name, since, token_digest)
                CROSS JOIN LATERAL (
                    SELECT received_at FROM hookgate.events AS e
                    WHERE instance_name = asked.instance_name AND received_at >= asked.since
                        AND day >= (asked.since AT TIME ZONE 'UTC')::date
                        AND integration_id = asked.integration_id AND route = 'token'
                        AND state NOT IN ('probe', 'quarantined')
                        AND (asked.token_digest IS NULL OR e.token_digest = asked.token_digest
                            OR e.token_digest IS NULL AND received_at > asked.since + \(TrafficSQL.longestRetry))
                    ORDER BY received_at LIMIT 1
                ) AS first
                """,
                [
                    part.map(\.integrationID.uuid), part.map(\.instance.text), part.map(\.since),
                    part.map(\.token?.bytes),
                ])
            for row in rows {
                found[IntegrationID(try row.decode("integration_id", as: UUID.self))] = try row.decode("received_at")
            }
        }
        return found
    }
}
