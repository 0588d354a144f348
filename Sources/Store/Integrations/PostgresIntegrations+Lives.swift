import Crypto
package import FoundationEssentials
package import HookgateCore
import PostgresClient

extension PostgresIntegrations {
    /// The member of `config` that says which Evolution server an integration is on.
    static let serverKey = "evolution_server"
    static let openStates = LifeState.allCases.filter(\.isOpen).map { "'\($0.rawValue)'" }.joined(separator: ", ")
    private static let mostOpen = 500
    private static let columns = """
        id, kind, integration_id, instance_name, server, state, owns_row, owns_instance, adopts_connected, previous,
        previous_text, actor, begun_at, changed_at
        """

    package func exclusively<T: Sendable>(
        _ name: InstanceName, wait: Duration, _ body: @escaping @Sendable () async throws -> T
    ) async throws -> T? {
        let result: Result<T, any Error>
        do {
            result = try await AdvisoryLock.withLock(url: lockURL, key: Self.lockKey(name), wait: wait) {
                // Told apart from the lock's own failures.
                do { return .success(try await body()) } catch { return .failure(error) }
            }
        } catch let error as PostgresError where error.kind == .timedOut {
            return nil
        }
        return try result.get()
    }

    private static func lockKey(_ name: InstanceName) -> Int64 {
        let digest = SHA256.hash(data: Array("hookgate integration \(name.text)".utf8))
        return digest.prefix(8).reduce(Int64(0)) { $0 << 8 | Int64($1) }
    }

    package func openLives() async throws -> [IntegrationLife] {
        try await pool.query(
            """
            SELECT \(Self.columns) FROM hookgate.integration_lives WHERE state IN (\(Self.openStates))
            ORDER BY id LIMIT \(Self.mostOpen)
            """
        ).map(Self.life)
    }

    package func openLife(of name: InstanceName) async throws -> IntegrationLife? {
        try await pool.query(
            """
            SELECT \(Self.columns) FROM hookgate.integration_lives
            WHERE instance_name = $1 AND state IN (\(Self.openStates))
            """, [name.text]
        ).first.map(Self.life)
    }

    package func beginCreation(
        _ draft: LifeDraft, of new: NewIntegration, webhookBase: PublicURL
    ) async throws -> IntegrationLife {
        try await pool.transaction { connection in
            let name = InstanceNameSQL.expression(config: "i.config")
            let there = try await connection.query(
                """
                SELECT i.id FROM healthcare.integrations i
                WHERE i.type = 'whatsapp' AND \(name) = $1 ORDER BY i.id LIMIT 1 FOR NO KEY UPDATE
                """, [draft.instance.text])
            let found = try there.first.map { IntegrationID(try $0.decode("id", as: UUID.self)) }
            if let found {
                try await Self.move(found, to: draft.server, on: connection)
            } else {
                try await Self.insert(new, draft, webhookBase, on: connection)
            }
            return try await Self.begin(
                .create, draft, of: found ?? new.id, state: .begun, ownsRow: found == nil, on: connection)
        }
    }

    /// A row that says another server would have its instance looked for where it is not.
    private static func move(
        _ id: IntegrationID, to server: String, on connection: PostgresConnection
    ) async throws {
        try await connection.query(
            """
            UPDATE healthcare.integrations SET config = config || jsonb_build_object('\(serverKey)', $2::text)
            WHERE id = $1 AND config ->> '\(serverKey)' <> $2
            """, [id.uuid, server])
    }

    private static func insert(
        _ new: NewIntegration, _ draft: LifeDraft, _ base: PublicURL, on connection: PostgresConnection
    ) async throws {
        let rows = try await connection.query(
            """
            INSERT INTO healthcare.integrations (id, organization_id, clinic_id, type, provider, status, config, enabled,
                display_name, created_at, updated_at)
            VALUES ($1, $2, $3, 'whatsapp', 'evolution', 'pending',
                jsonb_build_object('instance_name', $4::text, 'instance', $4::text, '\(serverKey)', $5::text), true, $6,
                $7, $7)
            RETURNING webhook_token
            """,
            [
                new.id.uuid, new.organization.uuid, new.clinic.uuid, draft.instance.text, draft.server,
                new.displayName, draft.now,
            ])
        guard let token = try rows.first?.decode("webhook_token", as: String?.self).flatMap({ WebhookToken($0) }),
            try await WebhookURLColumn.isWritable(connection)
        else { return }
        try await connection.query(
            "UPDATE healthcare.integrations SET webhook_url = $2 WHERE id = $1",
            [new.id.uuid, base.webhookURL(token: token)])
    }

    package func beginDeletion(_ draft: LifeDraft, of id: IntegrationID) async throws -> IntegrationLife {
        try await pool.transaction { connection in
            try await Self.begin(.delete, draft, of: id, state: .deleting, ownsRow: true, on: connection)
        }
    }

    package func deleteRow(_ draft: LifeDraft, of id: IntegrationID, reason: String) async throws {
        try await pool.transaction { connection in
            let life = try await Self.begin(.delete, draft, of: id, state: .done, ownsRow: true, on: connection)
            try await Self.end(life, as: .done, deletingRow: true, reason: reason, at: draft.now, on: connection)
        }
    }

    private static func begin(
        _ kind: LifeKind, _ draft: LifeDraft, of id: IntegrationID, state: LifeState, ownsRow: Bool,
        on connection: PostgresConnection
    ) async throws -> IntegrationLife {
        let rows = try await connection.query(
            """
            INSERT INTO hookgate.integration_lives (kind, integration_id, instance_name, server, state, owns_row,
                owns_instance, adopts_connected, actor, begun_at, changed_at)
            VALUES ($1, $2, $3, $4, $5, $6, false, $7, $8, $9, $9) RETURNING \(columns)
            """,
            [
                kind.rawValue, id.uuid, draft.instance.text, draft.server, state.rawValue, ownsRow,
                draft.adoptsConnected, draft.actor, draft.now,
            ])
        return try life(rows[0])
    }

    package func advance(_ life: IntegrationLife) async throws {
        try await pool.query(
            """
            UPDATE hookgate.integration_lives SET state = $2, owns_instance = $3, previous = $4, previous_text = $5,
                changed_at = $6
            WHERE id = $1
            """,
            [
                life.id, life.state.rawValue, life.ownsInstance,
                try life.previous.map { try Self.text(of: $0.settings) },
                life.previous?.text, life.changedAt,
            ])
    }

    package func end(
        _ life: IntegrationLife, as state: LifeState, deletingRow: Bool, reason: String?, at now: Date
    ) async throws {
        try await pool.transaction { connection in
            try await Self.end(life, as: state, deletingRow: deletingRow, reason: reason, at: now, on: connection)
        }
    }

    private struct LifeDetail: Encodable {
        let instanceName: String
        let server: String
        let outcome: String
        let reason: String?
    }

    private static func end(
        _ life: IntegrationLife, as state: LifeState, deletingRow: Bool, reason: String?, at now: Date,
        on connection: PostgresConnection
    ) async throws {
        // The settings before are needed no more, and hold a URL with a token.
        try await connection.query(
            """
            UPDATE hookgate.integration_lives SET state = $2, reason = $3, changed_at = $4, previous = NULL,
                previous_text = NULL
            WHERE id = $1
            """, [life.id, state.rawValue, reason, now])
        if deletingRow {
            try await connection.query(
                "DELETE FROM healthcare.integrations WHERE id = $1 AND type = 'whatsapp'", [life.integrationID.uuid])
            try await connection.query(
                "DELETE FROM hookgate.integration_standings WHERE integration_id = $1", [life.integrationID.uuid])
        }
        let detail = LifeDetail(
            instanceName: life.instance.text, server: life.server, outcome: state.rawValue, reason: reason)
        try await AuditLog.append(
            AuditEntry(
                actor: life.actor, action: "integrations.\(life.kind.rawValue)", subject: life.integrationID.text,
                detail: detail), at: now, on: connection)
    }

    private static func life(_ row: PostgresRow) throws -> IntegrationLife {
        let (kind, state) = (try row.decode("kind", as: String.self), try row.decode("state", as: String.self))
        guard let knownKind = LifeKind(rawValue: kind), let knownState = LifeState(rawValue: state) else {
            throw IntegrationJournalError.unknownWord("\(kind) \(state)")
        }
        let settings = try row.decode("previous", as: String?.self).map {
            try JSONDecoder().decode(EvolutionWebhookSettings?.self, from: Data($0.utf8))
        }
        let text: String? = try row.decode("previous_text")
        return IntegrationLife(
            id: try row.decode("id"), kind: knownKind,
            integrationID: IntegrationID(try row.decode("integration_id", as: UUID.self)),
            instance: InstanceName(try row.decode("instance_name")), server: try row.decode("server"),
            state: knownState, ownsRow: try row.decode("owns_row"), ownsInstance: try row.decode("owns_instance"),
            adoptsConnected: try row.decode("adopts_connected"),
            previous: text.map { EvolutionWebhook(settings: settings ?? nil, text: $0) },
            actor: try row.decode("actor"), begunAt: try row.decode("begun_at"),
            changedAt: try row.decode("changed_at"))
    }

    private static func text(of settings: EvolutionWebhookSettings?) throws -> String {
        String(decoding: try JSONEncoder().encode(settings), as: UTF8.self)
    }
}

/// A record that this release cannot read.
enum IntegrationJournalError: Error, CustomStringConvertible {
    case unknownWord(String)

    var description: String {
        switch self {
        case .unknownWord(let words):
            "the journal of integrations holds '\(words.printable)', which a newer hookgate wrote; use it"
        }
    }
}
