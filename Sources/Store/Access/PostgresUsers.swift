package import FoundationEssentials
package import HookgateCore
package import PostgresClient

/// The users of console and API, in `hookgate.users`.
package struct PostgresUsers: UserStore {
    /// At the instant `$1`.
    private static let selection = """
        SELECT u.id, u.name, u.display_name, u.role, u.organization_id, u.created_at, u.created_by, u.disabled_at,
            u.disabled_by, k.last_seen_at, k.keys
        FROM hookgate.users AS u CROSS JOIN LATERAL (
            SELECT max(last_used_at) AS last_seen_at, count(*) FILTER (WHERE kind = 'key' AND revoked_at IS NULL
                AND (expires_at IS NULL OR expires_at > $1)) AS keys
            FROM hookgate.access_keys WHERE user_id = u.id) AS k
        """

    private let pool: PostgresPool

    package init(pool: PostgresPool) {
        self.pool = pool
    }

    package func users(after name: UserName?, limit: Int, at now: Date) async throws -> [UserRecord] {
        try await pool.query(
            """
            \(Self.selection) WHERE $2::text IS NULL OR u.name > $2 ORDER BY u.name LIMIT $3::bigint
            """, [now, name?.text, limit]
        ).map { row in try Self.record(row) }
    }

    package func user(_ name: UserName, at now: Date) async throws -> UserRecord? {
        try await Self.user(name, at: now, on: pool)
    }

    package func create(_ draft: UserDraft, _ act: AccessAct) async throws -> UserRecord? {
        try await pool.transaction { connection in
            try await AccessGuard.lock(connection)
            let made = try await connection.query(
                """
                INSERT INTO hookgate.users (name, display_name, role, organization_id, created_at, created_by)
                SELECT $1, $2, $3, $4::uuid, $5::timestamptz, $6 WHERE NOT EXISTS (
                    SELECT FROM hookgate.access_keys
                    WHERE kind = 'key' AND user_id IS NULL AND revoked_at IS NULL AND name = $1)
                ON CONFLICT DO NOTHING
                """,
                [
                    draft.name.text, draft.displayName, draft.role.rawValue, draft.scope.organization?.uuid, act.now,
                    act.actor,
                ])
            guard made.affectedRowCount == 1,
                let record = try await Self.user(draft.name, at: act.now, on: connection)
            else { return nil }
            try await AuditLog.append(try Self.entry("create", record, .none, act), at: act.now, on: connection)
            return record
        }
    }

    package func change(
        _ name: UserName, _ change: UserChange, _ act: AccessAct
    ) async throws -> AccessOutcome<UserRecord> {
        let word = change.isDisabled.map { $0 ? "disable" : "enable" } ?? "set"
        return try await AccessGuard.carryOut(
            act, on: pool, entry: { record, ended in try Self.entry(word, record, ended, act) }
        ) { connection in
            guard let before = try await Self.user(name, at: act.now, on: connection) else { return .missing }
            guard before.isChanged(by: change) else { return .unchanged(before) }
            try await Self.write(change, over: before, act, on: connection)
            var ended = EndedAccess.none
            if change.isDisabled == true, !before.isDisabled {
                ended = try await Self.endAll(of: before.id, at: act.now, on: connection)
            }
            guard let after = try await Self.user(name, at: act.now, on: connection) else { return .missing }
            return .done(after, ends: ended)
        }
    }

    package func invite(
        _ name: UserName, _ secret: AccessSecret, until end: Date, _ act: AccessAct
    ) async throws -> UserRecord? {
        try await pool.transaction { connection in
            try await AccessGuard.lock(connection)
            guard let user = try await Self.user(name, at: act.now, on: connection), !user.isDisabled else {
                return nil
            }
            // Whoever asks again did not get the one before, or does not know who did.
            try await connection.query(
                """
                UPDATE hookgate.access_keys SET revoked_at = $2
                WHERE user_id = $1 AND kind = 'link' AND used_at IS NULL AND revoked_at IS NULL
                """, [user.id.uuid, act.now])
            try await connection.query(
                """
                INSERT INTO hookgate.access_keys
                    (kind, name, role, organization_id, digest, created_at, created_by, expires_at, user_id)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                """,
                [
                    secret.kind.rawValue, Invitation.label, user.role.rawValue, user.scope.organization?.uuid,
                    secret.digest.bytes, act.now, act.actor, end, user.id.uuid,
                ])
            try await AuditLog.append(try Self.entry("invite", user, .none, act), at: act.now, on: connection)
            return user
        }
    }

    private static func write(
        _ change: UserChange, over before: UserRecord, _ act: AccessAct, on connection: PostgresConnection
    ) async throws {
        let (role, scope) = (change.role ?? before.role, change.scope ?? before.scope)
        let isDisabled = change.isDisabled ?? before.isDisabled
        let disabledAt: Date? = isDisabled ? before.disabledAt ?? act.now : nil
        let disabledBy: String? = isDisabled ? before.disabledBy ?? act.actor : nil
        try await connection.query(
            """
            UPDATE hookgate.users
            SET role = $2, organization_id = $3, display_name = $4, disabled_at = $5, disabled_by = $6 WHERE id = $1
            """,
            [
                before.id.uuid, role.rawValue, scope.organization?.uuid, change.displayName(over: before), disabledAt,
                disabledBy,
            ])
        // Nothing of this release reads them there. A gateway of the release before does, while both run.
        try await connection.query(
            "UPDATE hookgate.access_keys SET role = $2, organization_id = $3 WHERE user_id = $1 AND revoked_at IS NULL",
            [before.id.uuid, role.rawValue, scope.organization?.uuid])
    }

    /// For good: who is enabled again gets new ones, so that what was stolen or lost stays worthless.
    private static func endAll(
        of user: UserID, at now: Date, on connection: PostgresConnection
    ) async throws -> EndedAccess {
        // The keys first: who signs in at this instant holds theirs, and has begun the session when it is let go.
        let keys = try await connection.query(
            """
            UPDATE hookgate.access_keys SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL
            RETURNING used_at IS NULL AND (expires_at IS NULL OR expires_at > $2) AS was_good
            """, [user.uuid, now])
        let sessions = try await connection.query(
            """
            DELETE FROM hookgate.console_sessions AS s USING hookgate.access_keys AS k
            WHERE k.id = s.key_id AND k.user_id = $1
            """, [user.uuid])
        return EndedAccess(
            keys: try keys.filter { row in try row.decode("was_good") }.count, sessions: sessions.affectedRowCount)
    }

    private static func user(
        _ name: UserName, at now: Date, on executor: any PostgresExecutor
    ) async throws -> UserRecord? {
        try await executor.query("\(Self.selection) WHERE u.name = $2", [now, name.text]).first.map { row in
            try Self.record(row)
        }
    }

    private static func record(_ row: PostgresRow) throws(PostgresError) -> UserRecord {
        UserRecord(
            id: UserID(try row.decode("id", as: UUID.self)), name: UserName(kept: try row.decode("name")),
            displayName: try row.decode("display_name"), role: try AccessKeySQL.role(row),
            scope: AccessScope(try AccessKeySQL.organization(row)),
            createdAt: try row.decode("created_at"), createdBy: try row.decode("created_by"),
            disabledAt: try row.decode("disabled_at"), disabledBy: try row.decode("disabled_by"),
            lastSeenAt: try row.decode("last_seen_at"), keys: try row.decode("keys"))
    }

    private struct Detail: Encodable {
        let role: String
        let organization: String?
        let displayName: String?
        let endedKeys: Int?
        let endedSessions: Int?
    }

    private static func entry(
        _ word: String, _ user: UserRecord, _ ended: EndedAccess, _ act: AccessAct
    ) throws -> AuditEntry {
        let hasEnded = ended != .none
        return try AuditEntry(
            actor: act.actor, action: "users.\(word)", subject: user.name.text,
            detail: Detail(
                role: user.role.rawValue, organization: user.scope.organization?.text, displayName: user.displayName,
                endedKeys: hasEnded ? ended.keys : nil, endedSessions: hasEnded ? ended.sessions : nil))
    }
}

extension UserRecord {
    fileprivate func isChanged(by change: UserChange) -> Bool {
        (change.role ?? self.role) != self.role || (change.scope ?? self.scope) != self.scope
            || change.displayName(over: self) != self.displayName
            || (change.isDisabled ?? self.isDisabled) != self.isDisabled
    }
}

extension UserChange {
    fileprivate func displayName(over before: UserRecord) -> String? {
        guard let displayName = self.displayName else { return before.displayName }
        return displayName.isEmpty ? nil : displayName
    }
}
