import HookgateTestSupport
import PostgresClient
import Testing

/// The run as an operator meets it: several at once, cut off, watched, taken back.
@Suite(.timeLimit(.minutes(3)))
struct MigrationRunTests {
    @Test func threeRunsAtOnceEndAsOne() async throws {
        try await withSchema { database in
            try await LegacyFleet.make(1_000, in: database)
            let hookgate = HookgateBinary(databaseURL: database.url)
            let endings = try await withThrowingTaskGroup(of: HookgateBinary.Ending.self) { group in
                for _ in 1...3 { group.addTask { try await hookgate.run("migrate", "--no-schema", "--wait", "150s") } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(endings.map(\.exitCode) == [0, 0, 0], "\(endings.map(\.complaint))")
            #expect(endings.filter { $0.output.contains("Migrated: 1000") }.count == 1)
            #expect(endings.filter { $0.output.contains("Migrated: 0") }.count == 2)
            #expect(endings.contains { $0.complaint.contains("Another migration of this database is at work") })
            #expect(try await LegacyFleet.count("healthcare.integrations", in: database) == 1_000)
            #expect(try await LegacyFleet.count("hookgate.migration_runs", in: database) == 1)

            // Piped, progress is a plain line now and then, and nothing that steers a terminal.
            let complaint = try #require(endings.first { $0.output.contains("Migrated: 1000") }).complaint
            #expect(complaint.contains("Migrating 50 % (500 of 1,000)"))
            #expect(!complaint.contains("\r") && !complaint.contains("\u{1B}"))
            #expect(complaint.split(separator: "\n").count <= 40)
        }
    }

    @Test func onATerminalOneLineIsDrawnAnew() async throws {
        try await withSchema { database in
            try await LegacyFleet.make(300, in: database)
            let screen = try await HookgateBinary(databaseURL: database.url, settings: ["TERM": "xterm"])
                .runOnTerminal(["migrate", "--no-schema", "--batch-size", "5"])
            #expect(screen.contains("\r\u{1B}[K["))
            #expect(screen.contains(" of 300)"))
            #expect(screen.contains("Migrated: 300"))
            #expect(!screen.contains("\u{1B}[3"), "no colours")
            #expect(!screen.contains("#] ✅") && !screen.contains("left✅"), "the bar is gone where a line is said")
        }
    }

    @Test func aBrokenConnectionIsOneSentenceAndTheNextRunDoesTheRest() async throws {
        try await withSchema { database in
            try await LegacyFleet.make(400, in: database)
            // The thirtieth batch ends every other session of the database, as a restart of the server would.
            try await database.pool.execute(
                script: """
                    CREATE FUNCTION public.cut_off() RETURNS trigger LANGUAGE plpgsql AS $$
                    BEGIN
                        IF (SELECT count(*) FROM hookgate.migration_rows) BETWEEN 60 AND 65 THEN
                            PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
                            WHERE datname = current_database() AND backend_type = 'client backend';
                        END IF;
                        RETURN NULL;
                    END $$;
                    CREATE TRIGGER cut_off AFTER INSERT ON hookgate.migration_rows
                        FOR EACH STATEMENT EXECUTE FUNCTION public.cut_off();
                    """)
            let hookgate = HookgateBinary(databaseURL: database.url)
            let cutOff = try await hookgate.run("migrate", "--no-schema", "--batch-size", "2")
            #expect(cutOff.exitCode == 1)
            let sentences = cutOff.complaint.split(separator: "\n").filter { $0.hasPrefix("hookgate: ") }
            #expect(sentences.count == 1, "\(cutOff.complaint)")
            #expect(cutOff.complaint.contains("hookgate: PostgreSQL went away while migrating"))
            #expect(cutOff.complaint.contains("run the same command again"))

            try await reconnecting(database) { pool in
                try await pool.execute(script: "DROP TRIGGER cut_off ON hookgate.migration_rows")
            }
            let runs = try await hookgate.run("migrate", "runs")
            #expect(runs.output.contains("interrupted") || runs.output.contains("failed"), "\(runs.output)")
            #expect(try await hookgate.run("migrate", "--no-schema").exitCode == 0)
            // The integrations that stood before have values of their own.
            #expect(try await hookgate.run("migrate", "verify", "--accept-edits").exitCode == 0)
        }
    }

    @Test func aDeadRunIsCalledInterruptedAndClosedByTheNextThatWritesNothing() async throws {
        try await withSchema { database in
            try await LegacyFleet.make(10, in: database)
            let hookgate = HookgateBinary(databaseURL: database.url)
            #expect(try await hookgate.run("migrate", "--no-schema").exitCode == 0)
            // As a process leaves it that dies between its last batch and its last word.
            try await database.pool.query(
                "UPDATE hookgate.migration_runs SET state = 'running', finished_at = NULL, digest = NULL, counts = '{}'"
            )
            #expect(try await hookgate.run("migrate", "runs").output.contains("  interrupted  "))
            #expect(try await database.text("SELECT state FROM hookgate.migration_runs") == "running")
            #expect(try await hookgate.run("migrate", "--no-schema").exitCode == 0)
            #expect(
                try await database.text("SELECT state || ' ' || (counts->>'inserted') FROM hookgate.migration_runs")
                    == "interrupted 9")
        }
    }

    @Test func followingSeesNewAndChangedRowsAndLeavesEditsAndWhatLostItsLegacyRow() async throws {
        try await withSchema { database in
            try await LegacyFleet.make(3, in: database)
            var step = 0
            let code = try await HookgateBinary(databaseURL: database.url).watching(
                ["migrate", "--no-schema", "--follow", "--every", "100ms"]
            ) { line in
                step += 1
                switch step {
                case 1:
                    #expect(line.contains("3 new, 0 changed"))
                    try await LegacyFleet.add(4...4, to: database.pool)
                case 2:
                    #expect(line.contains("1 new, 0 changed"))
                    try await database.pool.query(
                        "UPDATE healthcare.integrations SET status = 'error' WHERE config->>'instance' = 'clinic-1'")
                    try await database.pool.query(
                        "UPDATE public.evolution_instances SET status = 'disconnected' WHERE instance_name <> 'clinic-3'"
                    )
                case 3:
                    #expect(line.contains("0 new, 2 changed"), "all but the one that a person had edited")
                    try await database.pool.transaction { connection in
                        try await connection.query(
                            "DELETE FROM public.evolution_instances WHERE instance_name = 'clinic-3'")
                        try await LegacyFleet.add(5...5, to: connection)
                    }
                default:
                    return false
                }
                return true
            }
            #expect(code == 0)
            #expect(
                try await database.text(
                    """
                    SELECT string_agg((config->>'instance') || ' ' || status, ', ' ORDER BY config->>'instance')
                    FROM healthcare.integrations
                    """)
                    == "clinic-1 error, clinic-2 disconnected, clinic-3 active, clinic-4 disconnected, clinic-5 active")
        }
    }

    @Test func anUndoSaysWhatItLeavesAndWhy() async throws {
        try await withSchema { database in
            try await LegacyFleet.make(9, in: database)
            let hookgate = HookgateBinary(databaseURL: database.url)
            #expect(try await hookgate.run("migrate", "--no-schema").exitCode == 0)
            let run = try await database.text("SELECT id FROM hookgate.migration_runs") ?? ""
            try await database.pool.query(
                "UPDATE healthcare.integrations SET phone_number = '+1' WHERE config->>'instance' = 'clinic-1'")
            try await database.pool.query(
                """
                INSERT INTO hookgate.route_traffic (instance_name, route, day, first_seen, last_seen, count)
                VALUES ('clinic-2', 'token', '2090-01-01', '2090-01-01Z', '2090-01-01Z', 1)
                """)
            let preview = try await hookgate.run("migrate", "undo", run, "--dry-run")
            #expect(preview.exitCode == 3)
            #expect(preview.output.contains("✓ clinic-3: would be taken away again"))
            #expect(try await LegacyFleet.count("healthcare.integrations", in: database) == 9)

            let undo = try await hookgate.run("migrate", "undo", run)
            #expect(undo.exitCode == 3)
            #expect(undo.output.contains("⚠️ clinic-1: left as it is, because phone_number changed since the run"))
            #expect(undo.output.contains("⚠️ clinic-2: left as it is, because webhooks come on its token URL"))
            #expect(
                undo.output.contains("Put back: 7, left as they are: 2 (1 edited since, 1 in use), gone already: 0"))

            let forced = try await hookgate.run("migrate", "undo", run, "--force-in-use", "--json")
            #expect(forced.exitCode == 3)
            #expect(forced.output.contains("\"restored\" : 1"))
            let show = try await hookgate.run("migrate", "show", run)
            #expect(show.output.contains("Run \(run): finished"))
            #expect(show.output.contains("clinic-2  made"))
            #expect(show.output.contains("undone since"))
        }
    }

    /// The pool's own connection may have been among those that were ended.
    private func reconnecting(_ database: TestDatabase, _ body: (PostgresPool) async throws -> Void) async throws {
        let pool = PostgresPool(url: database.url, options: PostgresPoolOptions(maximumConnections: 1))
        do {
            try await body(pool)
            await pool.close()
        } catch {
            await pool.close()
            throw error
        }
    }
}
