package import HookgateCore
package import PostgresClient

/// The key that signs the addresses of media, which all replicas on one database share.
package struct PostgresMediaKey: Sendable {
    private let pool: PostgresPool

    package init(pool: PostgresPool) {
        self.pool = pool
    }

    /// Nil where the schema is not applied.
    package func key() async throws -> MediaKey? {
        let rows = try await pool.query("SELECT key FROM hookgate.server_keys WHERE name = 'media'")
        return try rows.first.flatMap { row in MediaKey(try row.decode("key", as: [UInt8].self)) }
    }
}
