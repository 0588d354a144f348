package import FoundationEssentials
package import HookgateCore
package import PostgresClient

/// The keys to console and API, in `hookgate.access_keys`.
package struct PostgresAccessKeys: AccessKeyStore {
    private let pool: PostgresPool

    package init(pool: PostgresPool) {
        self.pool = pool
    }

    package func keys(of user: UserName?, after id: AccessKeyID?, limit: Int) async throws -> [AccessKeyRecord] {
        // No key is ever taken out of the table, so the last one of a page is there for the next.
        try await pool.query(
            """
            SELECT \(AccessKeySQL.columns) \(AccessKeySQL.source)
            WHERE k.kind = 'key' AND ($1::text IS NULL OR u.name = $1) AND ($2::uuid IS NULL OR (k.created_at, k.id)
                < (SELECT last.created_at, last.id FROM hookgate.access_keys AS last WHERE last.id = $2))
            ORDER BY k.created_at DESC, k.id DESC LIMIT $3::bigint
            """, [user?.text, id?.uuid, limit]
        ).map { row in try AccessKeySQL.record(row) }
    }

    package func create(
        _ draft: AccessKeyDraft, _ secret: AccessSecret, by actor: String, at now: Date
    ) async throws -> AccessKeyRecord? {
        try await create(draft, secret, by: actor, at: now, condition: "true")
    }

    package func createFirst(
        _ draft: AccessKeyDraft, _ secret: AccessSecret, by actor: String, at now: Date
    ) async throws -> AccessKeyRecord? {
        try await create(
            draft, secret, by: actor, at: now,
            condition: "NOT EXISTS (SELECT FROM hookgate.access_keys WHERE kind = 'key')")
    }

    private func create(
        _ draft: AccessKeyDraft, _ secret: AccessSecret, by actor: String, at now: Date, condition: String
    ) async throws -> AccessKeyRecord? {
        try await pool.transaction { connection in
            try await AccessGuard.lock(connection)
            let rows = try await connection.query(
                """
                WITH made AS (
                    INSERT INTO hookgate.access_keys
                        (kind, name, role, organization_id, digest, created_at, created_by, expires_at, user_id)
                    SELECT $1, $2, $3, $4::uuid, $5::bytea, $6::timestamptz, $7, $8::timestamptz, $9::uuid
                    WHERE \(condition) AND CASE
                        -- The audit log tells a user and a key that is nobody's apart by their names.
                        WHEN $9 IS NULL THEN NOT EXISTS (SELECT FROM hookgate.users WHERE name = $2)
                        ELSE EXISTS (SELECT FROM hookgate.users WHERE id = $9 AND disabled_at IS NULL) END
                    ON CONFLICT DO NOTHING
                    RETURNING *
                )
                SELECT \(AccessKeySQL.columns) FROM made AS k \(AccessKeySQL.join)
                """,
                [
                    secret.kind.rawValue, draft.name, draft.role.rawValue, draft.organization?.uuid,
                    secret.digest.bytes, now, actor, draft.expiresAt, draft.user?.uuid,
                ])
            guard let row = rows.first else { return nil }
            let record = try AccessKeySQL.record(row)
            let action = "keys.\(secret.kind == .key ? "create" : "link")"
            try await AuditLog.append(try Self.entry(action, record, by: actor), at: now, on: connection)
            return record
        }
    }

    package func revoke(
        _ subject: String, of user: UserName?, _ act: AccessAct
    ) async throws -> AccessOutcome<AccessKeyRecord> {
        try await AccessGuard.carryOut(
            act, on: pool, entry: { record, _ in try Self.entry("keys.revoke", record, by: act.actor) }
        ) { connection in
            let rows = try await connection.query(
                """
                WITH ended AS (
                    UPDATE hookgate.access_keys SET revoked_at = $2
                    WHERE revoked_at IS NULL AND id = (
                        SELECT k.id \(AccessKeySQL.source)
                        WHERE k.kind = 'key' AND k.revoked_at IS NULL AND ($3::text IS NULL OR u.name = $3)
                            AND (k.id::text = lower($1)
                                OR (u.id IS NULL AND k.name = $1) OR u.name || '/' || k.name = $1)
                        ORDER BY k.id::text = lower($1) DESC, u.id IS NOT NULL LIMIT 1)
                    RETURNING *
                )
                SELECT \(AccessKeySQL.columns) FROM ended AS k \(AccessKeySQL.join)
                """, [subject, act.now, user?.text])
            guard let row = rows.first else { return .missing }
            let record = try AccessKeySQL.record(row)
            let sessions = try await connection.query(
                "DELETE FROM hookgate.console_sessions WHERE key_id = $1", [record.id.uuid])
            return .done(record, ends: EndedAccess(keys: 1, sessions: sessions.affectedRowCount))
        }
    }

    package func key(_ secret: TokenDigest, at now: Date) async throws -> AccessKeyRecord? {
        // Its use is noted at most once a minute: looking must not cost a write each time.
        try await pool.query(
            """
            WITH found AS (
                SELECT \(AccessKeySQL.columns) \(AccessKeySQL.source)
                WHERE k.digest = $1 AND k.kind = 'key' AND \(AccessKeySQL.isGood)
            ), used AS (
                UPDATE hookgate.access_keys AS k SET last_used_at = $2 FROM found AS f
                WHERE k.id = f.id AND (f.last_used_at IS NULL OR f.last_used_at < $2 - interval '1 minute')
            )
            SELECT * FROM found
            """, [secret.bytes, now]
        ).first.map { row in try AccessKeySQL.record(row) }
    }

    private struct Detail: Encodable {
        let name: String
        let role: String
        let organization: String?
        let user: String?
    }

    private static func entry(_ action: String, _ record: AccessKeyRecord, by actor: String) throws -> AuditEntry {
        try AuditEntry(
            actor: actor, action: action, subject: record.id.text,
            detail: Detail(
                name: record.name, role: record.role.rawValue, organization: record.organization?.text,
                user: record.user?.text))
    }
}
