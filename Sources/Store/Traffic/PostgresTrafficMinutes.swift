package import FoundationEssentials
package import HookgateCore
package import PostgresClient

/// Webhooks by minute in `hookgate.traffic_minutes`: one row for each gateway and minute.
package struct PostgresTrafficMinutes: TrafficMinuteLedger {
    private static let keptFor: TimeInterval = 2 * 86_400

    private let pool: PostgresPool
    private let gatewayID: UUID

    package init(pool: PostgresPool, gatewayID: UUID) {
        self.pool = pool
        self.gatewayID = gatewayID
    }

    package func write(_ minute: TrafficMinute) async throws {
        // What is older than is shown goes with the row of a new minute.
        try await pool.query(
            """
            WITH swept AS (
                DELETE FROM hookgate.traffic_minutes WHERE minute < $5
            )
            INSERT INTO hookgate.traffic_minutes (minute, gateway_id, token, instance) VALUES ($1, $2, $3, $4)
            ON CONFLICT (minute, gateway_id) DO UPDATE SET token = excluded.token, instance = excluded.instance
            """,
            [
                minute.minute, gatewayID, minute.token, minute.instance,
                minute.minute.addingTimeInterval(-Self.keptFor),
            ])
    }
}
