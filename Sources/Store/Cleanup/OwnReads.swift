import HookgateCore
import PostgresClient

/// Counts how often a transaction of ours scans the legacy tables, so that a clean-up can tell our reads from others'.
///
/// The server counts for each session what it has not yet passed on to the common counters; two looks at that inside one
/// transaction differ by exactly what the transaction did.
struct OwnReads {
    /// From here on a session can be told to pass its counts on at once.
    private static let flushingVersion = 150_000

    private let before: [String: Int64]
    private let canFlush: Bool

    /// At the transaction's beginning.
    init(on connection: PostgresConnection) async throws(PostgresError) {
        (self.before, self.canFlush) = try await Self.counts(connection)
    }

    /// At its end: how often each table was scanned, those that were not left out.
    func finish(on connection: PostgresConnection) async throws(PostgresError) -> [String: Int64] {
        let (after, _) = try await Self.counts(connection)
        // Otherwise the common counters would show these scans only after they were noted as ours.
        if canFlush { try await connection.query("SELECT pg_stat_force_next_flush()") }
        return after.reduce(into: [:]) { reads, entry in
            let count = entry.value - (before[entry.key] ?? 0)
            if count > 0 { reads[entry.key] = count }
        }
    }

    /// Adds to what is noted, where there is a place for it. What cannot be noted counts as somebody else's later.
    static func note(_ reads: [String: Int64], in executor: some PostgresExecutor) async throws(PostgresError) {
        guard !reads.isEmpty else { return }
        let places = try await executor.query(
            """
            SELECT EXISTS (
                SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = 'hookgate' AND c.relname = 'own_reads' AND has_schema_privilege(n.oid, 'USAGE')
                    AND has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE')
                    AND has_table_privilege(c.oid, 'SELECT')
            ) AND NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off' AS answer
            """)
        guard try places.first?.decode("answer", as: Bool.self) == true else { return }
        let sorted = reads.sorted { $0.key < $1.key }
        try await executor.query(
            """
            INSERT INTO hookgate.own_reads AS known (table_name, scans)
            SELECT * FROM unnest($1::text[], $2::bigint[])
            ON CONFLICT (table_name) DO UPDATE SET scans = known.scans + excluded.scans
            """, [sorted.map(\.key), sorted.map(\.value)])
    }

    private static func counts(
        _ connection: PostgresConnection
    ) async throws(PostgresError) -> (counts: [String: Int64], canFlush: Bool) {
        let sources = LegacySource.archived
        // In an archive a table is still the same one: a restore must not find its own reading to be somebody else's.
        let rows = try await connection.query(
            """
            SELECT wanted.name, coalesce(pg_stat_get_xact_numscans(c.oid), 0) + coalesce((
                       SELECT sum(pg_stat_get_xact_numscans(x.indexrelid)) FROM pg_index x WHERE x.indrelid = c.oid
                   ), 0)::bigint AS scans, current_setting('server_version_num')::int AS version
            FROM unnest($1::text[], $2::text[]) AS wanted (name, relation)
            JOIN pg_class c ON c.relname = wanted.relation
            JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname || '.' || c.relname = wanted.name OR n.nspname LIKE 'hookgate\\_archive\\_%'
            """, [sources.map(\.rawValue), sources.map(\.table)])
        var counts: [String: Int64] = [:]
        for row in rows {
            let name: String = try row.decode("name")
            counts[name, default: 0] += try row.decode("scans", as: Int64.self)
        }
        return (counts, try rows.first?.decode("version", as: Int.self) ?? 0 >= flushingVersion)
    }
}
