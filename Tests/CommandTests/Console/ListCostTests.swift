import FoundationEssentials
import Glibc
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Testing

/// What the console's lists ask of the database, as the database itself counts it: on a server of its own, since the one
/// that tests share counts for all of them together.
@Suite(.timeLimit(.minutes(3)))
struct ListCostTests {
    private static let lists = [
        "/integrations", "/integrations?text=clinic", "/events", "/events?state=parked", "/quarantine", "/migration",
        "/migration?order=step", "/migration?order=legacy&step=switch_over", "/migration?order=token&q=clinic",
        "/migration/runs", "/cleanup", "/audit",
    ]

    @Test func everyListIsOneStatement() async throws {
        try await Self.withCountingServer { database in
            try await LegacyFleet.make(300, in: database.pool)
            try await TestConsole.over(database) { console in
                let browser = try await console.signIn(with: try await console.key(.operator))
                func statements(for target: String) async throws -> Int {
                    let before = try await Self.statements(in: database)
                    #expect(await browser.get(target).status == 200)
                    return try await Self.statements(in: database) - before
                }
                // Who it is, and nothing else.
                let alone = try await statements(for: "/settings")
                for list in Self.lists {
                    // What is learned once: which tables there are.
                    _ = await browser.get(list)
                    #expect(try await statements(for: list) == alone + 1, "\(list)")
                }
            }
        }
    }

    /// Else whoever watches the fleet would keep the clean-up waiting for a day without other readers.
    @Test func whoeverLooksIsNobodyElseWhoReadsTheOldTables() async throws {
        try await Self.withCountingServer { database in
            // A session passes on what it counted when it ends at the latest; the making of an index is a scan, too.
            let making = PostgresPool(url: database.url)
            try await LegacyFleet.make(30, in: making)
            await making.close()
            while try await Self.hasOtherSessions(database) {}
            let before = try await Self.scansByOthers(in: database)
            try await TestConsole.over(database) { console in
                let browser = try await console.signIn(with: try await console.key(.operator))
                for page in ["/", "/migration", "/migration?order=legacy", "/migration?q=clinic"] {
                    #expect(await browser.get(page).status == 200)
                }
            }
            while try await Self.hasOtherSessions(database) {}
            let after = try await Self.scansByOthers(in: database)
            #expect(after == before)
        }
    }

    /// Bounded by the suite's time limit.
    private static func hasOtherSessions(_ database: TestDatabase) async throws -> Bool {
        try await database.pool.query(
            """
            SELECT EXISTS (
                SELECT FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()) AS answer
            """)[0].decode("answer")
    }

    /// Of the old tables, as a look of the clean-up counts them.
    private static func scansByOthers(in database: TestDatabase) async throws -> Int64 {
        let scans: Int64 = try await database.pool.query(
            """
            SELECT (coalesce(s.seq_scan, 0) + coalesce(s.idx_scan, 0))::bigint AS scans
            FROM pg_stat_all_tables AS s WHERE s.relid = 'public.evolution_instances'::regclass
            """)[0].decode("scans")
        let own: Int64 = try await database.pool.query(
            """
            SELECT coalesce(sum(scans), 0)::bigint AS scans FROM hookgate.own_reads
            WHERE table_name = 'public.evolution_instances'
            """)[0].decode("scans")
        return scans - own
    }

    private static func statements(in database: TestDatabase) async throws -> Int {
        try await database.pool.query(
            """
            SELECT coalesce(sum(calls), 0)::bigint AS calls FROM pg_stat_statements
            WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
                AND query ~* '^\\s*(with|select)' AND query NOT LIKE '%pg_stat_%'
                -- Whether a note of it can be taken.
                AND query NOT LIKE '%has_table_privilege%'
            """)[0].decode("calls")
    }

    private static func withCountingServer(_ body: (TestDatabase) async throws -> Void) async throws {
        let folder = try TestCluster.makeFolder(prefix: "hookgate-lists")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        // The server's user has to pass through it.
        #expect(chmod(folder, 0o755) == 0)
        var options = PrivateClusterOptions(directory: "\(folder)/db", isTemporary: true)
        options.settings = PrivateClusterOptions.throwAwaySettings
        options.settings["shared_preload_libraries"] = "pg_stat_statements"
        let cluster = try await PrivateCluster.start(options)
        let pool = PostgresPool(url: cluster.url())
        do {
            try await pool.query("CREATE EXTENSION pg_stat_statements")
            #expect(try await HookgateBinary(databaseURL: cluster.url()).run("schema", "apply").exitCode == 0)
            try await body(TestDatabase(name: "postgres", url: cluster.url(), pool: pool))
            await pool.close()
            await cluster.stop()
        } catch {
            await pool.close()
            await cluster.stop()
            throw error
        }
    }
}
