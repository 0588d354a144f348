package import FoundationEssentials
package import HookgateCore
package import PostgresClient

/// The tokens of `healthcare.integrations` and of the ledger beside it, whose triggers keep the two in step.
package struct PostgresTokenLedger: TokenLedger {
    private static let mostNames = 10_000

    private let pool: PostgresPool
    private let actor: String

    /// - Parameter actor: who changes tokens, for the audit log.
    package init(pool: PostgresPool, actor: String) {
        self.pool = pool
        self.actor = actor
    }

    package func holdings(named name: InstanceName) async throws -> [TokenHolding] {
        try await self.holdings(
            where:
                "\(InstanceNameSQL.expression(config: "i.config")) = $1 AND \(InstanceNameSQL.isEvolution(provider: "i.provider"))",
            name.text)
    }

    package func holdings(of id: IntegrationID) async throws -> [TokenHolding] {
        try await self.holdings(where: "i.id = $1::uuid", id.text)
    }

    package func holdings(fingerprint: String) async throws -> [TokenHolding] {
        // A range, so that the primary key finds it.
        try await self.holdings(
            where: """
                i.id IN (SELECT integration_id FROM hookgate.tokens
                    WHERE digest >= decode($1, 'hex')
                        AND digest <= decode($1, 'hex') || decode(repeat('ff', 28), 'hex'))
                """, fingerprint)
    }

    package func instanceNames() async throws -> [InstanceName] {
        try await Self.instanceNames(in: self.pool)
    }

    static func instanceNames(in pool: PostgresPool) async throws -> [InstanceName] {
        try await pool.query(
            """
            SELECT \(InstanceNameSQL.expression(config: "i.config")) AS name FROM healthcare.integrations i
            WHERE i.type = 'whatsapp' AND \(InstanceNameSQL.expression(config: "i.config")) IS NOT NULL
            ORDER BY 1 LIMIT \(mostNames)
            """
        ).map { InstanceName(try $0.decode("name", as: String.self)) }
    }

    package func write(_ change: TokenChange, base: PublicURL?, at now: Date) async throws -> Bool {
        let keepsURL = try await WebhookURLColumn.isWritable(self.pool)
        return try await self.pool.transaction { connection in
            let rows = try await connection.query(
                "SELECT webhook_token FROM healthcare.integrations WHERE id = $1 AND type = 'whatsapp' FOR UPDATE",
                [change.integrationID.uuid])
            guard let row = rows.first else { return false }
            let old: String? = try row.decode("webhook_token")
            guard Self.digest(old) == change.expected else { return false }
            if let replacement = change.replacement {
                try await Self.replace(old, by: replacement, change.integrationID, base, at: now, keepsURL, connection)
            }
            for digest in change.revoked {
                try await connection.query(
                    """
                    UPDATE hookgate.tokens SET state = 'revoked', grace_until = NULL
                    WHERE digest = $1 AND integration_id = $2 AND state <> 'current'
                    """, [digest.bytes, change.integrationID.uuid])
            }
            try await self.note(change, at: now, on: connection)
            return true
        }
    }

    /// Fingerprints, as people are shown them everywhere.
    private struct AuditDetail: Encodable {
        let made: String?
        let revoked: [String]
    }

    private func note(_ change: TokenChange, at now: Date, on connection: PostgresConnection) async throws {
        let detail = AuditDetail(
            made: change.replacement?.token.digest.fingerprint, revoked: change.ended.map(\.fingerprint))
        try await AuditLog.append(
            try AuditEntry(
                actor: self.actor, action: "tokens.\(change.kind.rawValue)", subject: change.integrationID.text,
                detail: detail), at: now, on: connection)
    }

    /// The triggers move the token before into the ledger: in grace where the transaction says until when, else
    /// revoked.
    private static func replace(
        _ old: String?, by replacement: TokenChange.Replacement, _ id: IntegrationID, _ base: PublicURL?,
        at now: Date, _ keepsURL: Bool, _ connection: PostgresConnection
    ) async throws {
        if let end = replacement.graceUntil {
            try await connection.query(
                "SELECT set_config('hookgate.rotation_grace_until', $1::timestamptz::text, true)", [end])
        }
        try await connection.query(
            """
            UPDATE healthcare.integrations SET webhook_token = $2, token_rotated_at = $3,
                previous_token_valid_until = $4
            WHERE id = $1
            """, [id.uuid, replacement.token.secretText, now, replacement.graceUntil])
        guard keepsURL else { return }
        if let base {
            try await connection.query(
                "UPDATE healthcare.integrations SET webhook_url = $2 WHERE id = $1",
                [id.uuid, base.webhookURL(token: replacement.token)])
        } else if let old, !old.isEmpty {
            try await connection.query(
                """
                UPDATE healthcare.integrations SET webhook_url = replace(webhook_url, $2, $3)
                WHERE id = $1 AND webhook_url IS NOT NULL
                """, [id.uuid, old, replacement.token.secretText])
        }
    }

    private func holdings(where condition: String, _ parameter: String) async throws -> [TokenHolding] {
        let rows = try await self.pool.query(
            """
            SELECT i.id, \(InstanceNameSQL.expression(config: "i.config")) AS instance_name,
                coalesce(i.display_name, \(InstanceNameSQL.expression(config: "i.config")), i.id::text) AS title,
                sha256(convert_to(nullif(i.webhook_token, ''), 'UTF8')) AS current, t.digest, t.state, t.grace_until
            FROM healthcare.integrations i LEFT JOIN hookgate.tokens t ON t.integration_id = i.id
            WHERE i.type = 'whatsapp' AND (\(condition))
            ORDER BY i.id, t.created_at, t.digest
            """, [parameter])
        var holdings: [TokenHolding] = []
        for row in rows {
            let id = IntegrationID(try row.decode("id", as: UUID.self))
            let held = try Self.held(row)
            let before = holdings.last?.integrationID == id ? holdings.popLast()?.tokens ?? [] : []
            holdings.append(
                TokenHolding(
                    integrationID: id,
                    instanceName: try row.decode("instance_name", as: String?.self).map(InstanceName.init),
                    title: try row.decode("title"), current: try Self.digest(row, "current"),
                    tokens: before + [held].compactMap(\.self)))
        }
        return holdings
    }

    private static func held(_ row: PostgresRow) throws -> TokenHolding.Held? {
        guard let digest = try self.digest(row, "digest") else { return nil }
        let standing: TokenStanding =
            switch try row.decode("state", as: String.self) {
            case "current": .current
            case "grace": .grace(until: try row.decode("grace_until"))
            default: .revoked
            }
        return TokenHolding.Held(digest: digest, standing: standing)
    }

    private static func digest(_ row: PostgresRow, _ column: String) throws -> TokenDigest? {
        try row.decode(column, as: [UInt8]?.self).flatMap(TokenDigest.init(bytes:))
    }

    private static func digest(_ token: String?) -> TokenDigest? {
        guard let token, !token.isEmpty else { return nil }
        return TokenDigest(of: token)
    }
}
