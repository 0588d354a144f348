import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Store
import Synchronization
import Testing

/// Moving the legacy tables away, back, and dropping them, judged by `pg_dump`.
@Suite(.timeLimit(.minutes(2)))
struct ArchiveTests {
    /// The way that a process dies in these tests.
    private struct Killed: Error {}

    private final class Counter: Sendable {
        private let left: Mutex<Int>
        init(_ count: Int) { self.left = Mutex(count) }
        /// True once the count is used up.
        var isOver: Bool {
            left.withLock { left in
                left -= 1
                return left < 0
            }
        }
    }

    @Test func whatIsRestoredIsWhatWasThereToTheLetter() async throws {
        try await OldTables.run { old in
            let before = try await old.database.dump()
            let archive = try await old.archive()
            #expect(archive.name.text == "hookgate_archive_20251124")
            #expect(archive.state == .archived)
            #expect(try await old.places() == LegacySource.archived.map { "\(archive.name).\($0.table)" }.sorted())
            #expect(try await old.database.dump() != before)
            try await old.restore(archive)
            #expect(try await old.places() == OldTables.originalPlaces)
            #expect(try await old.database.dump() == before)
            let after = try await old.newest()
            #expect(after.state == .restored)
            #expect(after.endedAt == OldTables.now.addingTimeInterval(60))
        }
    }

    @Test func theTwoTablesThatHoldMoreStayAndServe() async throws {
        try await OldTables.run { old in
            _ = try await old.archive()
            let rows = try await old.pool.query(
                """
                SELECT (SELECT count(*) FROM public.integrations) + (SELECT count(*) FROM core.whatsapp_conversations)
                    AS rows
                """)
            #expect(try rows[0].decode("rows", as: Int.self) == 2)
        }
    }

    @Test func theRecordSaysWhatWasThere() async throws {
        try await OldTables.run { old in
            let archive = try await old.archive()
            let rows = Dictionary(
                archive.tables.map { ($0.source, $0.rows) }, uniquingKeysWith: { first, _ in first })
            #expect(rows[.evolutionInstances] == 2)
            #expect(rows.count == 6)
            let text: String = try await old.pool.query(
                "SELECT definition::text AS text FROM hookgate.archived_tables WHERE table_name = 'public.evolution_instances'"
            )[0].decode("text")
            for word in [
                "known_status", "own_rows", "instances_by_status", "evolution_instances_number_seq", "old_tables",
                "authenticated=", "it's instances", "instances_together",
            ] { #expect(text.contains(word), "\(word)") }
            let names = try await old.pool.query("SELECT instance_name FROM hookgate.archived_names ORDER BY 1")
            #expect(try names.map { try $0.decode("instance_name", as: String.self) } == OldTables.names)
        }
    }

    @Test func nobodyOfPostgRESTSeesAnArchive() async throws {
        try await OldTables.run { old in
            try await old.pool.query("ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO anon, PUBLIC")
            let archive = try await old.archive()
            let rows = try await old.pool.query(
                "SELECT has_schema_privilege('anon', $1, 'USAGE') AS may", [archive.name.text])
            #expect(try rows[0].decode("may", as: Bool.self) == false)
        }
    }

    @Test func aRehearsalChangesNothingButItsRecord() async throws {
        try await OldTables.run { old in
            let archive = try await old.archive()
            let before = try await old.database.dump()
            try await old.restore(archive, isRehearsal: true)
            #expect(try await old.database.dump() == before)
            let after = try await old.newest()
            #expect((after.state, after.rehearsedAt) == (.archived, OldTables.now.addingTimeInterval(60)))
        }
    }

    @Test func whatIsPurgedIsGoneAndItsNamesAreKept() async throws {
        try await OldTables.run { old in
            let archive = try await old.archive()
            try await old.purge(archive)
            #expect(try await old.places() == [])
            #expect(try await old.newest().state == .purged)
            let schemas = try await old.pool.query(
                "SELECT FROM pg_namespace WHERE nspname LIKE 'hookgate\\_archive%'")
            #expect(schemas.isEmpty)
            let names = try await old.pool.query("SELECT FROM hookgate.archived_names")
            #expect(names.count == 2)
        }
    }

    // MARK: Death at any point

    @Test func deathBetweenAnyTwoStatementsOfAnArchivingChangesNothing() async throws {
        try await OldTables.run { old in
            let before = try await old.database.dump()
            let (_, statements) = try await old.archives().draft(of: LegacySource.archived, at: OldTables.now)
            for step in statements.indices {
                let counter = Counter(step)
                let dying = old.archives { _ in if counter.isOver { throw Killed() } }
                await #expect(throws: Killed.self) { try await old.archive(dying) }
                #expect(try await old.database.dump() == before)
                #expect(try await old.archives().all().isEmpty)
            }
        }
    }

    @Test func deathBetweenAnyTwoStatementsOfARestoreChangesNothing() async throws {
        try await OldTables.run { old in
            let archive = try await old.archive()
            let before = try await old.database.dump()
            let statements = try await old.archives().restoration(of: archive)
            for step in statements.indices {
                let counter = Counter(step)
                let dying = old.archives { _ in if counter.isOver { throw Killed() } }
                await #expect(throws: Killed.self) { try await old.restore(archive, dying) }
                #expect(try await old.database.dump() == before)
                #expect(try await old.newest() == archive)
            }
        }
    }

    /// The server's own end of a session, as when the process is killed or the machine is.
    @Test func aSessionThatIsEndedInTheMiddleLeavesNothing() async throws {
        try await OldTables.run { old in
            let before = try await old.database.dump()
            let pool = old.pool
            let ended = old.archives { statement in
                guard statement.sql.hasPrefix("ALTER TABLE core.whatsapp_business_configs") else { return }
                try await pool.query(
                    """
                    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE datname = current_database() AND state = 'idle in transaction'
                    """)
            }
            await #expect(throws: PostgresError.self) { try await old.archive(ended) }
            #expect(try await old.database.dump() == before)
        }
    }

    // MARK: Others at work

    @Test func aReaderIsWaitedForABoundedTimeAndNothingIsChanged() async throws {
        try await OldTables.run { old in
            let before = try await old.database.dump()
            let reader = try await PostgresConnection.open(old.database.url)
            try await reader.transaction { connection in
                try await connection.query("SELECT count(*) FROM public.evolution_instances")
                let options = PostgresLegacyArchives.Options(
                    lockTimeout: .milliseconds(20), lockAttempts: 3, lockPause: .milliseconds(1))
                let error = await #expect(throws: CleanupError.self) {
                    _ = try await old.archive(old.archives(options: options))
                }
                guard case .lockedOut(let tables, let attempts, _)? = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
                #expect((tables.count, attempts) == (6, 3))
                #expect("\(error!)".contains("pg_stat_activity"))
            }
            await reader.close()
            #expect(try await old.database.dump() == before)
            #expect(try await old.archive().state == .archived)
        }
    }

    @Test func whatChangedAfterItWasVerifiedIsNotMoved() async throws {
        try await OldTables.run { old in
            let pool = old.pool
            let mark = try await PostgresMigrationInventory(pool: pool).mark()
            let archives = old.archives()
            let (name, _) = try await archives.draft(of: LegacySource.archived, at: OldTables.now)
            try await pool.query(
                "UPDATE public.evolution_instances SET status = 'connected' WHERE instance_name = 'clinic-b'")
            let audit = try old.audit("cleanup.run")
            await #expect(throws: CleanupError.changedMeanwhile(table: "public.evolution_instances")) {
                try await archives.archive(
                    LegacySource.archived, as: name, ifStill: mark, at: OldTables.now, audit: audit)
            }
            #expect(try await old.places() == OldTables.originalPlaces)
        }
    }

    @Test(arguments: [
        ("INSERT INTO %.whatsapp_business_accounts VALUES (7)", "has 1 rows, and had 0"),
        ("UPDATE %.evolution_instances SET phone_number = '+1'", "were changed"),
        ("DROP INDEX %.instances_by_status", "indexes"),
        ("ALTER TABLE %.evolution_instances DISABLE ROW LEVEL SECURITY", "row_security"),
        ("REVOKE ALL ON %.evolution_instances FROM anon", "grants"),
        ("ALTER PUBLICATION old_tables DROP TABLE %.evolution_instances", "publications"),
        ("COMMENT ON TABLE %.evolution_instances IS 'x'", "comment"),
        ("SELECT nextval('%.evolution_instances_number_seq')", "sequences"),
        ("DROP POLICY own_rows ON %.evolution_instances", "policies"),
        ("ALTER TABLE %.evolution_integrations ENABLE TRIGGER touch", "triggers"),
    ])
    func anArchiveThatSomebodyChangedIsNotRestored(change: String, word: String) async throws {
        try await OldTables.run { old in
            let archive = try await old.archive()
            try await old.pool.query(change.replacing("%", with: archive.name.text))
            let error = await #expect(throws: CleanupError.self) { try await old.restore(archive) }
            guard case .differs(_, let differences)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(differences.count == 1)
            #expect(differences[0].contains(word), "\(differences)")
            #expect(try await old.newest().state == .archived)
        }
    }

    @Test func aPlaceThatIsTakenIsNotOverwritten() async throws {
        try await OldTables.run { old in
            let archive = try await old.archive()
            try await old.pool.query("CREATE TABLE core.whatsapp_business_configs (new int)")
            await #expect(throws: CleanupError.placeTaken(table: "core.whatsapp_business_configs")) {
                try await old.restore(archive)
            }
            #expect(try await old.newest() == archive)
        }
    }

    @Test func whatSomethingNeedsIsNotPurged() async throws {
        try await OldTables.run { old in
            let archive = try await old.archive()
            try await old.pool.query("CREATE VIEW public.late AS SELECT * FROM \(archive.name).evolution_instances")
            let error = await #expect(throws: CleanupError.self) { try await old.purge(archive) }
            guard case .stillNeeded? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(try await old.newest() == archive)
        }
    }

    @Test func aRoleThatOwnsNothingIsToldSo() async throws {
        try await OldTables.run { old in
            try await old.database.makeRole("cleanup_guest")
            try await old.pool.execute(
                script: """
                    GRANT USAGE ON SCHEMA hookgate, public, core, healthcare TO cleanup_guest;
                    GRANT ALL ON ALL TABLES IN SCHEMA hookgate, public, core, healthcare TO cleanup_guest;
                    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA hookgate TO cleanup_guest
                    """)
            let pool = PostgresPool(url: old.database.url(as: "cleanup_guest"))
            let guest = PostgresLegacyArchives(pool: pool)
            let mark = try await PostgresMigrationInventory(pool: old.pool).mark()
            let (name, _) = try await guest.draft(of: LegacySource.archived, at: OldTables.now)
            let audit = try old.audit("cleanup.run")
            let error = await #expect(throws: CleanupError.self) {
                try await guest.archive(
                    LegacySource.archived, as: name, ifStill: mark, at: OldTables.now, audit: audit)
            }
            guard case .notPermitted? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            await pool.close()
            #expect(try await old.places() == OldTables.originalPlaces)
        }
    }

    @Test func absentTablesAndASecondArchiveOfTheDayAreFine() async throws {
        try await OldTables.run { old in
            try await old.pool.query("DROP TABLE core.whatsapp_business_accounts, healthcare.whatsapp_config")
            let tables = LegacySource.archived.filter { ![.businessAccounts, .clinicConfig].contains($0) }
            let first = try await old.archive(tables: tables)
            #expect(first.tables.count == 4)
            try await old.pool.query("CREATE TABLE core.whatsapp_business_accounts (late int)")
            let second = try await old.archive(tables: [.businessAccounts])
            #expect(second.name.text == "hookgate_archive_20251124_2")
            try await old.restore(first)
            try await old.restore(second)
            #expect(try await old.archives().all().map(\.state) == [.restored, .restored])
        }
    }

    @Test func aLegacyTableThatIsAViewIsMovedAndPurgedAsOne() async throws {
        try await OldTables.run { old in
            try await old.pool.execute(
                script: """
                    DROP TABLE core.whatsapp_business_accounts;
                    CREATE VIEW core.whatsapp_business_accounts AS
                        SELECT id, business_name FROM core.whatsapp_business_configs;
                    """)
            let before = try await old.database.dump()
            try await old.restore(try await old.archive())
            #expect(try await old.database.dump() == before)
            try await old.purge(try await old.archive())
            #expect(try await old.newest().state == .purged)
        }
    }
}
