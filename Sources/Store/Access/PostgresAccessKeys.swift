package import FoundationEssentials
package import HookgateCore
package import PostgresClient

/// The keys to console and API, in `hookgate.access_keys`.
package struct PostgresAccessKeys: AccessKeyStore {
    private static let mostKeys = 1_000
    private static let columns = """
        id, name, role, organization_id, created_at, created_by, expires_at, last_used_at, revoked_at
        """
    /// Of `hookgate.access_keys AS k`, at the instant `$2`.
    static let isGood = "k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > $2)"

    private let pool: PostgresPool

    package init(pool: PostgresPool) {
        self.pool = pool
    }

    package func keys() async throws -> [AccessKeyRecord] {
        try await pool.query(
            """
            SELECT \(Self.columns) FROM hookgate.access_keys WHERE kind = 'key'
            ORDER BY created_at DESC, id LIMIT \(Self.mostKeys)
            """
        ).map { row in try Self.record(row) }
    }

    package func create(
        _ draft: AccessKeyDraft, _ secret: AccessSecret, by actor: String, at now: Date
    ) async throws -> AccessKeyRecord? {
        try await create(draft, secret, by: actor, at: now, condition: "true")
    }

    package func createFirst(
        _ draft: AccessKeyDraft, _ secret: AccessSecret, by actor: String, at now: Date
    ) async throws -> AccessKeyRecord? {
        // Two that look at the same time both see none; the unique name lets one of them in.
        try await create(
            draft, secret, by: actor, at: now,
            condition: "NOT EXISTS (SELECT FROM hookgate.access_keys WHERE kind = 'key')")
    }

    private func create(
        _ draft: AccessKeyDraft, _ secret: AccessSecret, by actor: String, at now: Date, condition: String
    ) async throws -> AccessKeyRecord? {
        try await pool.transaction { connection in
            let rows = try await connection.query(
                """
                INSERT INTO hookgate.access_keys
                    (kind, name, role, organization_id, digest, created_at, created_by, expires_at)
                SELECT $1, $2, $3, $4::uuid, $5::bytea, $6::timestamptz, $7, $8::timestamptz WHERE \(condition)
                ON CONFLICT DO NOTHING
                RETURNING \(Self.columns)
                """,
                [
                    secret.kind.rawValue, draft.name, draft.role.rawValue, draft.organization?.uuid,
                    secret.digest.bytes, now, actor, draft.expiresAt,
                ])
            guard let row = rows.first else { return nil }
            let record = try Self.record(row)
            try await Self.note(
                "keys.\(secret.kind == .key ? "create" : "link")", record, by: actor, at: now, on: connection)
            return record
        }
    }

    package func revoke(_ subject: String, by actor: String, at now: Date) async throws -> AccessKeyRecord? {
        try await pool.transaction { connection in
            let rows = try await connection.query(
                """
                UPDATE hookgate.access_keys SET revoked_at = $2
                WHERE kind = 'key' AND revoked_at IS NULL AND (name = $1 OR id::text = lower($1))
                RETURNING \(Self.columns)
                """, [subject, now])
            guard let row = rows.first else { return nil }
            let record = try Self.record(row)
            try await connection.query("DELETE FROM hookgate.console_sessions WHERE key_id = $1", [record.id.uuid])
            try await Self.note("keys.revoke", record, by: actor, at: now, on: connection)
            return record
        }
    }

    package func key(_ secret: TokenDigest, at now: Date) async throws -> AccessKeyRecord? {
        // Its use is noted at most once a minute: looking must not cost a write each time.
        try await pool.query(
            """
            WITH found AS (
                SELECT * FROM hookgate.access_keys AS k WHERE k.digest = $1 AND k.kind = 'key' AND \(Self.isGood)
            ), used AS (
                UPDATE hookgate.access_keys AS k SET last_used_at = $2 FROM found AS f
                WHERE k.id = f.id AND (f.last_used_at IS NULL OR f.last_used_at < $2 - interval '1 minute')
            )
            SELECT \(Self.columns) FROM found
            """, [secret.bytes, now]
        ).first.map { row in try Self.record(row) }
    }

    private struct Detail: Encodable {
        let name: String
        let role: String
        let organization: String?
    }

    private static func note(
        _ action: String, _ record: AccessKeyRecord, by actor: String, at now: Date, on connection: PostgresConnection
    ) async throws {
        let entry = try AuditEntry(
            actor: actor, action: action, subject: record.id.text,
            detail: Detail(
                name: record.name, role: record.role.rawValue, organization: record.organization?.text))
        try await AuditLog.append(entry, at: now, on: connection)
    }

    static func record(_ row: PostgresRow) throws(PostgresError) -> AccessKeyRecord {
        AccessKeyRecord(
            id: AccessKeyID(try row.decode("id", as: UUID.self)), name: try row.decode("name"),
            // The table's own constraint holds it to words we know; what else stood there would see least.
            role: AccessRole(rawValue: try row.decode("role")) ?? .viewer,
            organization: try row.decode("organization_id", as: UUID?.self).map { OrganizationID($0) },
            createdAt: try row.decode("created_at"), createdBy: try row.decode("created_by"),
            expiresAt: try row.decode("expires_at"), lastUsedAt: try row.decode("last_used_at"),
            revokedAt: try row.decode("revoked_at"))
    }
}
