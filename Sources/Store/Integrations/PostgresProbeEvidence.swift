import FoundationEssentials
package import HookgateCore
package import PostgresClient

/// Reads what `hookgate test` needs to know of the inbox, and the key that gateway and command line share.
package struct PostgresProbeEvidence: ProbeEvidence {
    private static let keyName = "probe"

    private let pool: PostgresPool

    package init(pool: PostgresPool) {
        self.pool = pool
    }

    package func signingKey() async throws -> ProbeKey {
        let rows = try await pool.query("SELECT key FROM hookgate.server_keys WHERE name = $1", [Self.keyName])
        guard let key = try rows.first.flatMap({ row in ProbeKey(try row.decode("key", as: [UInt8].self)) }) else {
            throw MissingProbeKey()
        }
        return key
    }

    package func storedProbe(_ id: EventID) async throws -> StoredProbe? {
        let rows = try await pool.query("SELECT integration_id, state FROM hookgate.events WHERE id = $1", [id.uuid])
        return try rows.first.map { row in
            StoredProbe(
                integrationID: try row.decode("integration_id", as: UUID?.self).map { IntegrationID($0) },
                state: EventState(rawValue: try row.decode("state")) ?? .pending)
        }
    }
}

/// Lets a probe into the queue of deliveries, by its state as for every event.
package struct PostgresProbeDeliveries: ProbeDeliveries {
    private let pool: PostgresPool

    package init(pool: PostgresPool) {
        self.pool = pool
    }

    package func begin(_ id: EventID) async throws {
        try await move(id, from: .probe, to: .pending)
    }

    package func withdraw(_ id: EventID) async throws {
        try await move(id, from: .pending, to: .probe)
    }

    private func move(_ id: EventID, from: EventState, to: EventState) async throws {
        try await pool.query(
            "UPDATE hookgate.events SET state = $3 WHERE id = $1 AND state = $2",
            [id.uuid, from.rawValue, to.rawValue])
    }

    package func progress(of id: EventID) async throws -> ProbeProgress? {
        let rows = try await pool.query(
            """
            SELECT e.state, e.settled_reason, a.destination, a.result, a.status FROM hookgate.events AS e
            LEFT JOIN LATERAL (
                SELECT * FROM hookgate.delivery_attempts AS a WHERE a.event_id = e.id
                ORDER BY a.started_at DESC LIMIT 1) AS a ON true
            WHERE e.id = $1
            """, [id.uuid])
        guard let row = rows.first else { return nil }
        let destination = try row.decode("destination", as: String?.self)
        return ProbeProgress(
            state: EventState(rawValue: try row.decode("state")) ?? .pending,
            reason: try row.decode("settled_reason"),
            attempt: try destination.map { name in
                ProbeProgress.Attempt(
                    destination: DestinationID(name), result: try row.decode("result"),
                    status: try row.decode("status"))
            })
    }
}

/// The database has no key for probes: the schema is not applied, or the key was deleted.
package struct MissingProbeKey: Error, CustomStringConvertible {
    package var description: String {
        "this database has no key for signing probes: run `hookgate schema apply`, or `hookgate serve` once"
    }
}
