package import FoundationEssentials
package import PostgresClient

/// The mark of a database that `hookgate demo` made to be thrown away: only there may a clock run faster than the world's.
///
/// It holds what the server says of itself, so a copy of such a database, restored elsewhere, bears it in vain.
package enum ThrowAwayMark {
    private static let name = "throw_away"
    private static let identity =
        "SELECT to_jsonb(identity) AS mark FROM (\(RoutingSQL.identity)) AS this"

    /// Marks this database. The schema must be there.
    package static func set(in executor: some PostgresExecutor, at now: Date) async throws(PostgresError) {
        try await executor.query(
            """
            INSERT INTO hookgate.settings (name, value, changed_at) SELECT $1, mark, $2 FROM (\(identity)) AS this
            ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at
            """, [name, now])
    }

    /// Whether this very database is marked.
    package static func isSet(in executor: some PostgresExecutor) async throws(PostgresError) -> Bool {
        let rows = try await executor.query("SELECT to_regclass('hookgate.settings') IS NOT NULL AS answer")
        guard try rows.first?.decode("answer", as: Bool.self) == true else { return false }
        return try await !executor.query(
            "SELECT FROM hookgate.settings, (\(identity)) AS this WHERE name = $1 AND value = this.mark", [name]
        ).isEmpty
    }
}
