import FoundationEssentials
package import HookgateCore
import PostgresClient

extension PostgresMigrationLedger {
    package func record(_ verification: FleetVerification) async throws {
        guard try await mayRecord() else { return }
        let excluded = Dictionary(
            verification.excluded.map { ($0.key.text, $0.value) }, uniquingKeysWith: { first, _ in first })
        try await pool.query(
            """
            INSERT INTO hookgate.verifications
                (verified_at, mark, verified, mismatched, missing, undecided, excluded)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            """,
            [
                verification.verifiedAt, verification.mark.text, verification.verified, verification.mismatched,
                verification.missing, verification.undecided,
                PostgresJSON(text: String(decoding: try JSONEncoder().encode(excluded), as: UTF8.self)),
            ])
    }

    /// By name and not by `to_regclass`, which fails where this role may not use the schema.
    private func mayRecord() async throws -> Bool {
        let rows = try await pool.query(
            """
            SELECT EXISTS (
                SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = 'hookgate' AND c.relname = 'verifications'
                    AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'INSERT')
            ) AND NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off' AS answer
            """)
        return try rows.first?.decode("answer") ?? false
    }
}
