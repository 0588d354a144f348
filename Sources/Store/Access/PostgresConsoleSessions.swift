package import FoundationEssentials
package import HookgateCore
package import PostgresClient

/// Who is signed in to the console, in `hookgate.console_sessions`.
package struct PostgresConsoleSessions: ConsoleSessionStore {
    /// Sessions that are over and are removed when one begins.
    private static let swept = 100

    private let pool: PostgresPool

    package init(pool: PostgresPool) {
        self.pool = pool
    }

    package func signingKey() async throws -> [UInt8]? {
        try await pool.query("SELECT key FROM hookgate.server_keys WHERE name = 'console'")
            .first.map { row in try row.decode("key", as: [UInt8].self) }
    }

    package func begin(
        _ session: TokenDigest, with secret: TokenDigest, until end: Date, at now: Date
    ) async throws -> AccessKeyRecord? {
        try await pool.transaction { connection in
            // A link is used up here: of two that come with it, the second finds it used.
            let rows = try await connection.query(
                """
                WITH used AS (
                    UPDATE hookgate.access_keys
                    SET last_used_at = $2, used_at = CASE WHEN kind = 'link' THEN $2::timestamptz END
                    WHERE digest = $1 AND used_at IS NULL
                        AND EXISTS (SELECT \(AccessKeySQL.source) WHERE k.digest = $1 AND \(AccessKeySQL.isGood))
                        AND revoked_at IS NULL
                    RETURNING *
                )
                SELECT \(AccessKeySQL.columns) FROM used AS k \(AccessKeySQL.join)
                """, [secret.bytes, now])
            guard let row = rows.first else { return nil }
            let record = try AccessKeySQL.record(row)
            try await connection.query(
                """
                INSERT INTO hookgate.console_sessions (digest, key_id, begun_at, expires_at) VALUES ($1, $2, $3, $4)
                """, [session.bytes, record.id.uuid, now, end])
            try await Self.sweep(at: now, on: connection)
            try await Self.note(record.visitor, at: now, on: connection)
            return record
        }
    }

    package func begin(
        _ session: TokenDigest, withConfigured token: TokenDigest, until end: Date, at now: Date
    ) async throws {
        try await pool.transaction { connection in
            try await connection.query(
                """
                INSERT INTO hookgate.console_sessions (digest, token_digest, begun_at, expires_at)
                VALUES ($1, $2, $3, $4)
                """, [session.bytes, token.bytes, now, end])
            try await Self.sweep(at: now, on: connection)
            try await Self.note(.configured, at: now, on: connection)
        }
    }

    package func visitor(_ session: TokenDigest, configured: TokenDigest?, at now: Date) async throws -> Visitor? {
        // The user as they are now: a change of role or organization, or their end, acts on sessions that run.
        let rows = try await pool.query(
            """
            SELECT s.token_digest IS NOT NULL AS is_configured, \(AccessKeySQL.columns)
            FROM hookgate.console_sessions AS s LEFT JOIN hookgate.access_keys AS k ON k.id = s.key_id
            \(AccessKeySQL.join)
            WHERE s.digest = $1 AND s.expires_at > $2
                AND (s.token_digest = $3::bytea
                    OR (k.revoked_at IS NULL AND k.id IS NOT NULL AND u.disabled_at IS NULL
                    -- A link ends the sign-in, not the session that it began.
                    AND (k.kind = 'link' OR k.expires_at IS NULL OR k.expires_at > $2)))
            """, [session.bytes, now, configured?.bytes])
        guard let row = rows.first else { return nil }
        return try row.decode("is_configured") ? .configured : AccessKeySQL.record(row).visitor
    }

    package func end(_ session: TokenDigest) async throws {
        try await pool.query("DELETE FROM hookgate.console_sessions WHERE digest = $1", [session.bytes])
    }

    private static func sweep(at now: Date, on connection: PostgresConnection) async throws {
        // Two that begin at once take different ones, and wait for nobody.
        try await connection.query(
            """
            DELETE FROM hookgate.console_sessions WHERE digest IN (
                SELECT digest FROM hookgate.console_sessions WHERE expires_at < $1
                LIMIT \(self.swept) FOR UPDATE SKIP LOCKED)
            """, [now])
    }

    private struct Detail: Encodable {
        /// By which of their keys or links a user came.
        let key: String?
    }

    private static func note(_ visitor: Visitor, at now: Date, on connection: PostgresConnection) async throws {
        let entry = try AuditEntry(
            actor: visitor.name, action: "console.sign_in", subject: nil, detail: Detail(key: visitor.key))
        try await AuditLog.append(entry, at: now, on: connection)
    }
}
