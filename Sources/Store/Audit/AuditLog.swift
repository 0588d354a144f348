package import FoundationEssentials
package import HookgateCore
package import PostgresClient

/// The audit log: each entry holds the digest of the one before it, so a change to any of them shows.
///
/// The digest is computed by the server, from the entry as it stores it; writing and verifying share the expression.
package enum AuditLog {
    /// "hookaudt" in ASCII: entries are written one after the other.
    private static let lockKey: Int64 = 0x686F_6F6B_6175_6474

    /// Adds an entry inside the transaction that does the deed, so that both come about or neither. The transaction
    /// must be READ COMMITTED: another mode would not see the entry that another session has just committed.
    package static func append(
        _ entry: AuditEntry, at now: Date, on connection: PostgresConnection
    ) async throws(PostgresError) {
        try await connection.query("SELECT pg_advisory_xact_lock($1::bigint)", [Self.lockKey])
        try await connection.query(
            """
            INSERT INTO hookgate.audit_log (recorded_at, actor, action, subject, detail, previous_digest, digest)
            SELECT recorded_at, actor, action, subject, detail, previous_digest, \(Self.digest)
            FROM (
                SELECT $1::timestamptz AS recorded_at, $2::text AS actor, $3::text AS action, $4::text AS subject,
                       $5::jsonb AS detail,
                       (SELECT digest FROM hookgate.audit_log ORDER BY id DESC LIMIT 1) AS previous_digest
            ) entry
            """, [now, entry.actor, entry.action, entry.subject, PostgresJSON(text: entry.detail)])
    }

    /// Follows the whole chain. Entries cut off at its end leave no trace in it: keep the last digest elsewhere.
    package static func verify(_ executor: any PostgresExecutor) async throws(PostgresError) -> AuditVerdict {
        let rows = try await executor.query(
            """
            SELECT count(*) AS entries,
                   min(id) FILTER (WHERE digest <> expected OR previous_digest IS DISTINCT FROM before) AS broken
            FROM (
                SELECT id, digest, previous_digest, \(Self.digest) AS expected,
                       lag(digest) OVER (ORDER BY id) AS before
                FROM hookgate.audit_log
            ) entry
            """)
        if let broken: Int = try rows[0].decode("broken", as: Int?.self) { return .broken(id: broken) }
        return .whole(entries: try rows[0].decode("entries"))
    }

    private static let digest = """
        sha256(coalesce(previous_digest, ''::bytea) || convert_to(jsonb_build_array(
            \(LegacyUnion.utc("recorded_at")), actor, action, subject, detail)::text, 'UTF8'))
        """
}
