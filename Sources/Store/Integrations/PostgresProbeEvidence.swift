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

/// The database has no key for probes: the schema is not applied, or the key was deleted.
package struct MissingProbeKey: Error, CustomStringConvertible {
    package var description: String {
        "this database has no key for signing probes: run `hookgate schema apply`, or `hookgate serve` once"
    }
}
