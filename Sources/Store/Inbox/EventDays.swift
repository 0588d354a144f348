import HookgateCore
import PostgresClient

/// The days that the inbox has partitions for.
enum EventDays {
    /// Oldest first, as `2026-03-01`.
    static func all(of parent: String = "events", _ executor: some PostgresExecutor) async throws -> [String] {
        let rows = try await executor.query(
            """
            SELECT to_date(right(c.relname, 8), 'YYYYMMDD')::text AS day
            FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
            WHERE i.inhparent = to_regclass($1) AND NOT i.inhdetachpending AND c.relname ~ '_[0-9]{8}$'
            ORDER BY 1
            """, ["hookgate.\(parent)"])
        return try rows.map { row in try row.decode("day") }
    }
}
