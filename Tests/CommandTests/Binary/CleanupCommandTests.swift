import EvolutionSimulator
import FoundationEssentials
import HookgateTestSupport
import PostgresClient
import Testing

/// `hookgate cleanup` as a binary, with a simulated Evolution server, and two weeks that pass at once.
@Suite(.timeLimit(.minutes(3)))
struct CleanupCommandTests {
    private static let key = "GLOBAL-SECRET-KEY"
    private static let base = "https://hooks.example.test"
    private static let name = "clinic-a"
    private static let organization = "a0000000-0000-4000-8000-000000000001"

    private struct Document: Decodable {
        struct Gate: Decodable {
            let id: String
            let state: String
        }
        let result: String
        let is_open: Bool
        let digest: String
        let archive: String
        let gates: [Gate]
    }

    private static func withFleet(
        _ body: (TestDatabase, _ now: HookgateBinary, _ later: HookgateBinary, EvolutionSimulator) async throws -> Void
    ) async throws {
        try await withSchema { database in
            try await database.pool.execute(
                script: """
                    CREATE TABLE healthcare.clinics (
                        id uuid PRIMARY KEY, organization_id uuid, name text, is_active boolean DEFAULT true);
                    INSERT INTO healthcare.clinics (id, organization_id, name)
                        VALUES ('c0000000-0000-4000-8000-000000000001', '\(organization)', 'Clinic A');
                    CREATE TABLE public.evolution_instances (
                        id uuid PRIMARY KEY DEFAULT gen_random_uuid(), organization_id uuid, instance_name text,
                        status text);
                    INSERT INTO public.evolution_instances (organization_id, instance_name, status)
                        VALUES ('\(organization)', '\(name)', 'connected');
                    CREATE TABLE public.integrations (id uuid, type text, config jsonb);
                    """)
            try await database.pool.query("SELECT pg_stat_force_next_flush()")
            var options = SimulatorOptions()
            options.globalKey = key
            let simulator = EvolutionSimulator(profile: try #require(ServerProfile("2.3.7")), options: options)
            try await simulator.start()
            let settings = [
                "EVOLUTION_API_URL": simulator.baseURL, "EVOLUTION_API_KEY": key, "HOOKGATE_PUBLIC_URL": base,
            ]
            // Fifteen days on, and twice as fast from then.
            let origin = Date().addingTimeInterval(-15 * 86_400).formatted(.iso8601)
            do {
                try await body(
                    database, HookgateBinary(databaseURL: database.url, settings: settings),
                    HookgateBinary(
                        databaseURL: database.url,
                        settings: settings.merging(["HOOKGATE_DEMO_CLOCK": "2@\(origin)"]) { first, _ in first }),
                    simulator)
            } catch {
                Issue.record(error)
            }
            await simulator.stop()
        }
    }

    /// What the guide's other steps leave: migrated, switched over and confirmed, watched throughout.
    private static func prepare(
        _ database: TestDatabase, _ hookgate: HookgateBinary, _ simulator: EvolutionSimulator
    ) async throws {
        let migrated = try await hookgate.run("migrate")
        #expect(migrated.exitCode == 0, "\(migrated.output)\(migrated.complaint)")
        try await database.pool.execute(
            script: """
                INSERT INTO hookgate.coverage
                    VALUES (gen_random_uuid(), now() - interval '1 day', now() + interval '100 days');
                INSERT INTO hookgate.switch_overs
                    (run_id, instance_name, integration_id, server, state, url_digest, changed_at, set_at)
                SELECT gen_random_uuid(), '\(name)', id, 'default', 'confirmed', sha256('x'), now(), now()
                FROM healthcare.integrations;
                """)
        let token: String = try await database.pool.query("SELECT webhook_token FROM healthcare.integrations")[0]
            .decode("webhook_token")
        simulator.add(
            name, webhook: "\(base)/webhooks/evolution/whatsapp/\(token)", events: ["MESSAGES_UPSERT"],
            owner: "15550101001")
        try await database.markThrowAway()
    }

    private static func document(_ ending: HookgateBinary.Ending) throws -> Document {
        try JSONDecoder().decode(Document.self, from: Data(ending.output.utf8))
    }

    @Test func theWholeWayThereBackAndToTheEnd() async throws {
        try await Self.withFleet { database, hookgate, later, simulator in
            try await Self.prepare(database, hookgate, simulator)
            let early = try await hookgate.run("cleanup", "plan")
            #expect(early.exitCode == 3, "\(early.output)\(early.complaint)")
            #expect(early.output.contains("✅ instances: 1 instances verified"), "\(early.output)")
            #expect(early.output.contains("❌ observation: "))
            #expect(early.output.contains("❔ readers: "))
            let refused = try await hookgate.run("cleanup", "run", "--yes")
            #expect(refused.exitCode == 3 && refused.output.contains("Refused: nothing was moved."), "\(refused)")

            let plan = try await later.run("cleanup", "plan", "--json")
            let document = try Self.document(plan)
            #expect(plan.exitCode == 0 && document.is_open, "\(plan.output)\(plan.complaint)")
            #expect(document.gates.count == 9)
            let dry = try await later.run("cleanup", "run", "--dry-run")
            #expect(dry.exitCode == 0)
            #expect(dry.output.contains("ALTER TABLE public.evolution_instances SET SCHEMA \(document.archive);"))
            #expect(try await later.run("cleanup", "run").exitCode == 3, "nobody said yes")
            let stale = try await later.run("cleanup", "run", "--plan-digest", "00")
            #expect(stale.exitCode == 3 && stale.complaint.contains("no longer the one that was reviewed"), "\(stale)")
            let run = try await later.run("cleanup", "run", "--yes")
            #expect(run.exitCode == 0 && run.output.contains("✅ Moved 1 tables to hookgate_archive_"), "\(run)")
            let again = try await later.run("cleanup", "run", "--yes")
            #expect(again.exitCode == 0 && again.output.contains("nothing to clean up"), "\(again)")

            for verb in [["check"], ["migrate"], ["migrate", "verify"], ["schema", "status"], ["tokens"]] {
                let ending = try await hookgate.run(verb)
                #expect(ending.exitCode == 0, "\(verb): \(ending.output)\(ending.complaint)")
            }
            let archived = try await database.pool.query(
                "SELECT to_regclass('public.evolution_instances') IS NULL AS gone")
            #expect(try archived[0].decode("gone", as: Bool.self))

            let kept = try await later.run("cleanup", "purge", "--archive", document.archive)
            #expect(kept.exitCode == 3 && kept.complaint.contains("is kept until"), "\(kept)")
            #expect(try await later.run("cleanup", "purge", "--retention-days", "0").exitCode == 3, "no name was typed")
            let typo = try await later.run(
                "cleanup", "purge", "--retention-days", "0", input: "hookgate_archive\n")
            #expect(typo.exitCode == 3)
            let rehearsed = try await later.run("cleanup", "restore", "--rehearse")
            #expect(rehearsed.exitCode == 0 && rehearsed.output.contains("can be restored"), "\(rehearsed)")
            let restored = try await later.run("cleanup", "restore")
            #expect(restored.exitCode == 0 && restored.output.contains("row by row"), "\(restored)")
            #expect(try await later.run("cleanup", "restore").exitCode == 1, "there is no archive any more")
            // What was verified while the tables were away says nothing of them.
            #expect(try await later.run("cleanup", "run", "--yes", "--accept-reads", "x").exitCode == 3)
            #expect(try await hookgate.run("migrate", "verify").exitCode == 0)

            let second = try await later.run("cleanup", "run", "--yes", "--accept-reads", "the restore's own", "--json")
            #expect(second.exitCode == 0, "\(second)")
            let purge = ["cleanup", "purge", "--retention-days", "0"]
            let shown = try await later.run(purge + ["--dry-run"])
            #expect(shown.exitCode == 0 && shown.output.contains("DROP TABLE hookgate_archive_"), "\(shown)")
            let name = try #require(
                second.output.firstRange(of: "hookgate_archive_").map {
                    String(second.output[$0.lowerBound...].prefix { $0.isLetter || $0.isNumber || $0 == "_" })
                })
            let purged = try await later.run(purge, input: "\(name)\n")
            #expect(purged.exitCode == 0 && purged.output.contains("for good"), "\(purged)")
        }
    }

    @Test func theGuidesFileThatDropsTheTablesGoesThroughTheSameGates() async throws {
        try await Self.withFleet { database, hookgate, later, simulator in
            let file = "../../infra/db/migrations/20251020_drop_legacy_whatsapp_tables.sql"
            let early = try await hookgate.run("apply_migration.py", file)
            #expect(early.exitCode == 3)
            #expect(early.output.contains("❌ ") && early.output.contains("Refused: nothing was moved."), "\(early)")
            try await Self.prepare(database, hookgate, simulator)
            #expect(try await hookgate.run("schema", "apply", file).exitCode == 3)
            let dry = try await later.run("schema", "apply", file, "--dry-run")
            #expect(dry.output.contains("SET SCHEMA hookgate_archive_"), "\(dry)")
            let unasked = try await later.run("schema", "apply", file)
            #expect(unasked.exitCode == 3 && unasked.output.contains("--plan-digest"), "\(unasked)")
            let answered = try await later.run(["schema", "apply", file], input: "yes\n")
            #expect(answered.exitCode == 0, "\(answered)")
            let back = try await later.run("cleanup", "restore", "--dry-run", "--json")
            #expect(back.exitCode == 0 && back.output.contains("SET SCHEMA public"))
        }
    }

    @Test func aClockThatRunsFasterIsRefusedOnALivingDatabase() async throws {
        try await Self.withFleet { database, hookgate, later, _ in
            let refused = try await later.run("cleanup", "plan")
            #expect(refused.exitCode == 64 && refused.complaint.contains("HOOKGATE_DEMO_CLOCK"), "\(refused)")
            #expect(try await hookgate.run("migrate").exitCode == 0)
            // What a copy of such a database would bear.
            try await database.pool.query(
                "INSERT INTO hookgate.settings (name, value) VALUES ('throw_away', to_jsonb('of another server'::text))"
            )
            #expect(try await later.run("cleanup", "plan").exitCode == 64)
            try await database.markThrowAway()
            #expect(try await later.run("cleanup", "plan").exitCode == 3)
        }
    }

    @Test func wrongUsageIsSaid() async throws {
        try await Self.withFleet { _, hookgate, _, _ in
            #expect(try await hookgate.run("migrate").exitCode == 0)
            for arguments in [
                ["plan", "--observe-days", "0"], ["purge", "--retention-days", "-1"],
                ["restore", "--archive", "public"],
            ] {
                let ending = try await hookgate.run(["cleanup"] + arguments)
                #expect(ending.exitCode == 64, "\(arguments): \(ending)")
            }
            #expect(try await hookgate.run("cleanup", "purge").complaint.contains("There is no archive"))
        }
    }
}
