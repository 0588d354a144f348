import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Migration
import PostgresClient
import Store
import Synchronization

/// A fleet of which every gate of the clean-up holds: migrated, verified, switched over, watched for two weeks.
struct ReadyFleet: Sendable {
    static let now = OldTables.now
    static let day: TimeInterval = 86_400

    let old: OldTables
    let standings: Standings
    let clock: Clock

    /// What Evolution says.
    struct Standings: WebhookStandings {
        let said: [WebhookStanding]
        var failures: [(server: String, failure: EvolutionFailure)] = []

        static func all(_ finding: WebhookFinding = .inStep) -> Standings {
            Standings(
                said: OldTables.names.map {
                    WebhookStanding(
                        instance: InstanceName($0), title: nil, legacyRows: 1, integrations: 1, server: "default",
                        connection: .open, finding: finding, switchOver: .confirmed)
                })
        }

        func standings() async throws -> (
            standings: [WebhookStanding], failures: [(server: String, failure: EvolutionFailure)]
        ) { (said, failures) }
    }

    /// The one clock, which a test moves.
    final class Clock: Sendable {
        private let time = Mutex(ReadyFleet.now)
        var source: TimeSource { TimeSource { self.time.withLock { $0 } } }
        func move(to instant: Date) { time.withLock { $0 = instant } }
    }

    static func run(_ body: (ReadyFleet) async throws -> Void) async throws {
        try await OldTables.run { old in
            let fleet = ReadyFleet(old: old, standings: .all(), clock: Clock())
            try await fleet.flush()
            fleet.clock.move(to: now.addingTimeInterval(-2 * day))
            _ = try await fleet.migration.migrate(MigrationOptions()) { _ in }
            try await old.pool.query(
                "INSERT INTO hookgate.coverage VALUES (gen_random_uuid(), $1, $2)",
                [now.addingTimeInterval(-20 * day), now.addingTimeInterval(400 * day)])
            try await old.pool.query(
                """
                INSERT INTO hookgate.switch_overs
                    (run_id, instance_name, integration_id, server, state, url_digest, changed_at, set_at)
                SELECT gen_random_uuid(), config->>'instance_name', id, 'default', 'confirmed', sha256('x'), $1, $1
                FROM healthcare.integrations WHERE type = 'whatsapp'
                """, [now.addingTimeInterval(-18 * day)])
            // The first look at the tables' counters.
            _ = try await fleet.service().plan(CleanupOptions())
            fleet.clock.move(to: now)
            try await body(fleet)
        }
    }

    var pool: PostgresPool { old.pool }

    var migration: MigrationService {
        MigrationService(
            inventory: PostgresMigrationInventory(pool: pool),
            ledger: PostgresMigrationLedger(pool: pool, lockURL: old.database.url),
            rehearsal: PostgresMigrationRehearsal(pool: pool),
            routing: PostgresRoutingSource(pool: pool, listenURL: nil), time: clock.source)
    }

    func service(_ standings: Standings? = nil) -> CleanupService {
        CleanupService(
            CleanupService.Ports(
                evidence: PostgresCleanupEvidence(pool: pool, directURL: old.database.url), archives: old.archives(),
                ledger: PostgresMigrationLedger(pool: pool, lockURL: old.database.url),
                inventory: PostgresMigrationInventory(pool: pool),
                journal: PostgresSwitchOverJournal(pool: pool, lockURL: old.database.url, actor: "tester"),
                coverage: PostgresCoverageHistory(pool: pool), standings: standings ?? self.standings,
                catalog: PostgresIntegrationCatalog(pool: pool)),
            time: clock.source)
    }

    @discardableResult
    func cleanUp(_ options: CleanupOptions = CleanupOptions()) async throws -> LegacyArchive {
        try await service().run(options, expecting: nil, by: "tester")
    }

    /// The gates that do not hold.
    func obstacles(_ standings: Standings? = nil, _ options: CleanupOptions = CleanupOptions()) async throws
        -> [CleanupGate]
    {
        try await service(standings).plan(options).obstacles.map(\.gate)
    }

    /// Reads or writes as somebody else does, and has the server count it now.
    func others(_ sql: String) async throws {
        let connection = try await PostgresConnection.open(old.database.url)
        try await connection.query(sql)
        try await connection.query("SELECT pg_stat_force_next_flush()")
        await connection.close()
    }

    /// What the making of the tables scanned is counted before anything is looked at.
    private func flush() async throws {
        try await pool.query("SELECT pg_stat_force_next_flush()")
    }
}
