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
                UPDATE hookgate.access_keys AS k
                SET last_used_at = $2, used_at = CASE WHEN k.kind = 'link' THEN $2::timestamptz END
                WHERE k.digest = $1 AND k.used_at IS NULL AND \(PostgresAccessKeys.isGood)
                RETURNING k.*
                """, [secret.bytes, now])
            guard let row = rows.first else { return nil }
            let record = try PostgresAccessKeys.record(row)
            try await connection.query(
                """
                INSERT INTO hookgate.console_sessions (digest, key_id, begun_at, expires_at) VALUES ($1, $2, $3, $4)
                """, [session.bytes, record.id.uuid, now, end])
            try await Self.sweep(at: now, on: connection)
            try await Self.note(record.name, at: now, on: connection)
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
            try await Self.note(Visitor.configured.name, at: now, on: connection)
        }
    }

    package func visitor(_ session: TokenDigest, configured: TokenDigest?, at now: Date) async throws -> Visitor? {
        let rows = try await pool.query(
            """
            SELECT s.token_digest IS NOT NULL AS is_configured, k.name, k.role, k.organization_id
            FROM hookgate.console_sessions AS s LEFT JOIN hookgate.access_keys AS k ON k.id = s.key_id
            WHERE s.digest = $1 AND s.expires_at > $2
                AND (s.token_digest = $3::bytea OR (k.revoked_at IS NULL AND k.id IS NOT NULL
                    -- A link ends the sign-in, not the session that it began.
                    AND (k.kind = 'link' OR k.expires_at IS NULL OR k.expires_at > $2)))
            """, [session.bytes, now, configured?.bytes])
        guard let row = rows.first else { return nil }
        if try row.decode("is_configured") { return .configured }
        return Visitor(
            name: try row.decode("name"), role: AccessRole(rawValue: try row.decode("role")) ?? .viewer,
            organization: try row.decode("organization_id", as: UUID?.self).map { OrganizationID($0) })
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

    private struct Detail: Encodable {}

    private static func note(_ name: String, at now: Date, on connection: PostgresConnection) async throws {
        let entry = try AuditEntry(actor: name, action: "console.sign_in", subject: nil, detail: Detail())
        try await AuditLog.append(entry, at: now, on: connection)
    }
}
