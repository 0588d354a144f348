import FoundationEssentials
package import HookgateCore
package import PostgresClient
import Synchronization

/// The journal of switch-overs: what stood at Evolution is written down before anything is sent.
package struct PostgresSwitchOverJournal: SwitchOverJournal {
    /// "hookswit" in ASCII.
    private static let lockKey: Int64 = 0x686F_6F6B_7377_6974

    private static let columns = """
        run_id, instance_name, integration_id, server, state, previous, previous_text, url_digest, changed_at, set_at
        """

    private let pool: PostgresPool
    private let lockURL: String

    /// - Parameter lockURL: past a transaction pooler, where there is one.
    package init(pool: PostgresPool, lockURL: String) {
        self.pool = pool
        self.lockURL = lockURL
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
            ORDER BY instance_name, server, id DESC
            """, [names.map { $0.map(\.text) }]
        ).map(Self.entry)
    }

    package func entries(of run: RunID) async throws -> [SwitchOverEntry] {
        guard try await isThere() else { return [] }
        return try await pool.query(
            "SELECT \(Self.columns) FROM hookgate.switch_overs WHERE run_id = $1 ORDER BY instance_name, server, id",
            [run.uuid]
        ).map(Self.entry)
    }

    package func begin(_ entry: SwitchOverEntry) async throws {
        try await pool.query(
            """
            INSERT INTO hookgate.switch_overs (\(Self.columns))
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            """,
            [
                entry.run.uuid, entry.instance.text, entry.integrationID.uuid, entry.server, entry.state.rawValue,
                try entry.previous.map { try Self.text(of: $0.settings) }, entry.previous?.text, entry.urlDigest.bytes,
                entry.changedAt, entry.setAt,
            ])
    }

    package func advance(_ entry: SwitchOverEntry) async throws {
        try await pool.query(
            """
            UPDATE hookgate.switch_overs SET state = $4, url_digest = $5, changed_at = $6, set_at = $7
            WHERE id = (
                SELECT max(id) FROM hookgate.switch_overs
                WHERE run_id = $1 AND instance_name = $2 AND server = $3
            )
            """,
            [
                entry.run.uuid, entry.instance.text, entry.server, entry.state.rawValue, entry.urlDigest.bytes,
                entry.changedAt, entry.setAt,
            ])
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
        let settings = try row.decode("previous", as: String?.self).map {
            try JSONDecoder().decode(EvolutionWebhookSettings?.self, from: Data($0.utf8))
        }
        let text: String? = try row.decode("previous_text")
        return SwitchOverEntry(
            run: RunID(try row.decode("run_id", as: UUID.self)),
            instance: InstanceName(try row.decode("instance_name")),
            integrationID: IntegrationID(try row.decode("integration_id", as: UUID.self)),
            server: try row.decode("server"), state: known,
            previous: text.map { EvolutionWebhook(settings: settings ?? nil, text: $0) }, urlDigest: digest,
            changedAt: try row.decode("changed_at"), setAt: try row.decode("set_at"))
    }

    private static func text(of settings: EvolutionWebhookSettings?) throws -> String {
        String(decoding: try JSONEncoder().encode(settings), as: UTF8.self)
    }
}

/// An entry that this release cannot read.
enum SwitchOverJournalError: Error, CustomStringConvertible {
    case unknownState(String)

    var description: String {
        switch self {
        case .unknownState(let word):
            "the journal of switch-overs holds the state '\(word.printable)', which a newer hookgate wrote; use it"
        }
    }
}

private final class Flag: Sendable {
    let raised = Atomic(false)
}
