import FoundationEssentials
package import HookgateCore
package import PostgresClient
import Synchronization

/// The journal of switch-overs: what stood at Evolution is written down before anything is sent.
package struct PostgresSwitchOverJournal: SwitchOverJournal {
    /// "hookswit" in ASCII.
    private static let lockKey: Int64 = 0x686F_6F6B_7377_6974

    private static let columns = """
        run_id, instance_name, integration_id, server, state, previous, previous_text, url_digest, changed_at, set_at,
        kind, base, base_text, factor
        """

    private let pool: PostgresPool
    private let lockURL: String
    private let actor: String

    /// - Parameters:
    ///   - lockURL: past a transaction pooler, where there is one.
    ///   - actor: who is at it, for the audit log.
    package init(pool: PostgresPool, lockURL: String, actor: String) {
        self.pool = pool
        self.lockURL = lockURL
        self.actor = actor
    }

    package func exclusively<T: Sendable>(
        _ body: @escaping @Sendable () async throws -> T
    ) async throws -> T? {
        let isInside = Flag()
        do {
            return try await AdvisoryLock.withLock(url: lockURL, key: Self.lockKey) {
                isInside.raised.store(true, ordering: .relaxed)
                return try await body()
            }
        } catch let error as PostgresError where error.kind == .timedOut && !isInside.raised.load(ordering: .relaxed) {
            return nil
        }
    }

    package func newest(of names: [InstanceName]?) async throws -> [SwitchOverEntry] {
        guard try await isThere() else { return [] }
        return try await pool.query(
            """
            SELECT DISTINCT ON (instance_name, server) \(Self.columns) FROM hookgate.switch_overs
            WHERE $1::text[] IS NULL OR instance_name = ANY ($1::text[])
            ORDER BY instance_name, server, state = 'abandoned', id DESC
            """, [names.map { $0.map(\.text) }]
        ).map(Self.entry)
    }

    package func entries(of run: RunID) async throws -> [SwitchOverEntry] {
        guard try await isThere() else { return [] }
        return try await pool.query(
            """
            SELECT DISTINCT ON (instance_name, server) \(Self.columns) FROM hookgate.switch_overs WHERE run_id = $1
            ORDER BY instance_name, server, state = 'abandoned', id DESC
            """, [run.uuid]
        ).map(Self.entry)
    }

    package func begin(_ entry: SwitchOverEntry) async throws {
        try await pool.transaction { connection in
            try await connection.query(
                """
                INSERT INTO hookgate.switch_overs (\(Self.columns))
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
                """,
                [
                    entry.run.uuid, entry.instance.text, entry.integrationID.uuid, entry.server, entry.state.rawValue,
                    try entry.previous.map { try Self.text(of: $0.settings) }, entry.previous?.text,
                    entry.urlDigest.bytes, entry.changedAt, entry.setAt, entry.kind.rawValue,
                    try entry.base.map { try Self.text(of: $0.settings) }, entry.base?.text,
                    try entry.factor.map { try SwitchOverFactorText.encode($0) },
                ])
            try await note(entry, on: connection)
        }
    }

    package func advance(_ entry: SwitchOverEntry) async throws {
        try await pool.transaction { connection in
            try await connection.query(
                """
                UPDATE hookgate.switch_overs SET state = $4, url_digest = $5, changed_at = $6, set_at = $7, kind = $8,
                    base = $9, base_text = $10, factor = $11
                WHERE id = (
                    SELECT max(id) FROM hookgate.switch_overs
                    WHERE run_id = $1 AND instance_name = $2 AND server = $3
                )
                """,
                [
                    entry.run.uuid, entry.instance.text, entry.server, entry.state.rawValue, entry.urlDigest.bytes,
                    entry.changedAt, entry.setAt, entry.kind.rawValue,
                    try entry.base.map { try Self.text(of: $0.settings) }, entry.base?.text,
                    try entry.factor.map { try SwitchOverFactorText.encode($0) },
                ])
            try await note(entry, on: connection)
        }
    }

    private struct AuditDetail: Encodable {
        let run: String
        let instanceName: String
        let server: String
        let secondFactor: Bool
    }

    /// What is sent to a server is noted before it is sent: nothing is sent that the audit log does not have.
    private func note(_ entry: SwitchOverEntry, on connection: PostgresConnection) async throws {
        let action: String
        switch (entry.state, entry.kind) {
        case (.setting, .switchOver): action = "webhook.switch"
        case (.setting, .rotation): action = "webhook.rotate"
        case (.restoring, _): action = "webhook.roll_back"
        default: return
        }
        let detail = AuditDetail(
            run: entry.run.text, instanceName: entry.instance.text, server: entry.server,
            secondFactor: entry.factor != nil)
        try await AuditLog.append(
            try AuditEntry(actor: actor, action: action, subject: entry.integrationID.text, detail: detail),
            at: entry.changedAt, on: connection)
    }

    /// False on a database from before there was a journal: nothing was ever switched there.
    private func isThere() async throws -> Bool {
        try await pool.query("SELECT to_regclass('hookgate.switch_overs') IS NOT NULL AS answer")
            .first?.decode("answer") == true
    }

    private static func entry(_ row: PostgresRow) throws -> SwitchOverEntry {
        let state: String = try row.decode("state")
        guard let known = SwitchOverState(rawValue: state),
            let digest = TokenDigest(bytes: try row.decode("url_digest"))
        else { throw SwitchOverJournalError.unknownState(state) }
        let kind: String = try row.decode("kind")
        guard let kind = SwitchOverEntry.Kind(rawValue: kind) else { throw SwitchOverJournalError.unknownKind(kind) }
        return SwitchOverEntry(
            run: RunID(try row.decode("run_id", as: UUID.self)),
            instance: InstanceName(try row.decode("instance_name")),
            integrationID: IntegrationID(try row.decode("integration_id", as: UUID.self)),
            server: try row.decode("server"), state: known,
            kind: kind, previous: try webhook(row, "previous"), base: try webhook(row, "base"),
            factor: try row.decode("factor", as: String?.self).map { try SwitchOverFactorText.decode($0) },
            urlDigest: digest, changedAt: try row.decode("changed_at"), setAt: try row.decode("set_at"))
    }

    private static func webhook(_ row: PostgresRow, _ column: String) throws -> EvolutionWebhook? {
        let settings = try row.decode(column, as: String?.self).map {
            try JSONDecoder().decode(EvolutionWebhookSettings?.self, from: Data($0.utf8))
        }
        let text: String? = try row.decode("\(column)_text")
        return text.map { EvolutionWebhook(settings: settings ?? nil, text: $0) }
    }

    private static func text(of settings: EvolutionWebhookSettings?) throws -> String {
        String(decoding: try JSONEncoder().encode(settings), as: UTF8.self)
    }
}

/// An entry that this release cannot read.
enum SwitchOverJournalError: Error, CustomStringConvertible {
    case unknownState(String)
    case unknownKind(String)
    case unreadableFactor

    var description: String {
        switch self {
        case .unknownState(let word):
            "the journal of switch-overs holds the state '\(word.printable)', which a newer hookgate wrote; use it"
        case .unknownKind(let word):
            "the journal of switch-overs holds the kind '\(word.printable)', which a newer hookgate wrote; use it"
        case .unreadableFactor:
            "the journal of switch-overs holds a second factor that cannot be read, which a newer hookgate wrote; use it"
        }
    }
}

private final class Flag: Sendable {
    let raised = Atomic(false)
}
