import FoundationEssentials
import HookgateTestSupport
import PostgresClient
import Testing

/// Bad input gets one clear sentence: what, where, and what to do next; and nothing is lost.
@Suite(.timeLimit(.minutes(3)))
struct BadInputTests {
    private static let fleet = """
        CREATE SCHEMA IF NOT EXISTS healthcare;
        CREATE TABLE healthcare.clinics (id uuid PRIMARY KEY, organization_id uuid, name text, is_active boolean);
        INSERT INTO healthcare.clinics VALUES
            ('c0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000001', 'East', true);
        CREATE TABLE public.evolution_instances (
            id uuid PRIMARY KEY DEFAULT gen_random_uuid(), organization_id uuid, instance_name text,
            phone_number text, status text, config jsonb);
        INSERT INTO public.evolution_instances (organization_id, instance_name, status)
        VALUES ('a0000000-0000-4000-8000-000000000001', 'hill-street', 'connected');
        """

    /// A role of this database alone, which may connect and nothing else.
    private static func withRole(
        _ database: TestDatabase, grants: String = "", _ body: (HookgateBinary) async throws -> Void
    ) async throws {
        let role = "stranger_\(database.name)"
        try await database.makeRole(role)
        if !grants.isEmpty { try await database.pool.execute(script: grants.replacing("ROLE", with: role)) }
        do {
            try await body(HookgateBinary(databaseURL: database.url(as: role)))
        } catch {
            try await database.pool.execute(script: "DROP OWNED BY \(role); DROP ROLE \(role)")
            throw error
        }
        try await database.pool.execute(script: "DROP OWNED BY \(role); DROP ROLE \(role)")
    }

    private static func isOneLine(_ complaint: String) -> Bool {
        complaint.hasPrefix("hookgate: ") && complaint.split(separator: "\n").count == 1
    }

    @Test func unknownRunIsSaidWithWhereRunsAreListed() async throws {
        try await withSchema { database in
            let hookgate = HookgateBinary(databaseURL: database.url)
            for verb in ["show", "undo"] {
                let unknown = try await hookgate.run("migrate", verb, "6b1f0c1e-52a9-4c0e-9a53-6a6d2b1c7a10")
                #expect(unknown.exitCode == 1)
                #expect(Self.isOneLine(unknown.complaint), "\(unknown.complaint)")
                #expect(unknown.complaint.contains("there is no run 6b1f0c1e"))
                #expect(unknown.complaint.contains("hookgate migrate runs"))
                let nonsense = try await hookgate.run("migrate", verb, "yesterday's")
                #expect(nonsense.exitCode == 64)
                #expect(nonsense.complaint.contains("'yesterday's' is no run id"))
            }
        }
    }

    @Test func legacyTableThatMayNotBeReadStopsMigrateAndVerifyAndIsNamed() async throws {
        try await withSchema { database in
            try await database.pool.execute(script: Self.fleet)
            let grants = """
                GRANT USAGE ON SCHEMA healthcare, hookgate TO ROLE;
                GRANT ALL ON ALL TABLES IN SCHEMA healthcare, hookgate TO ROLE;
                """
            try await Self.withRole(database, grants: grants) { hookgate in
                for verb in [["migrate", "--no-schema"], ["migrate", "--dry-run"], ["migrate", "verify"]] {
                    let ending = try await hookgate.run(verb)
                    #expect(ending.exitCode == 1, "\(verb): \(ending.output)\(ending.complaint)")
                    #expect(Self.isOneLine(ending.complaint), "\(ending.complaint)")
                    #expect(ending.complaint.contains("may not read public.evolution_instances"))
                    #expect(ending.complaint.contains("grant it SELECT"))
                }
                let check = try await hookgate.run("check")
                #expect(check.exitCode == 3)
                #expect(check.output.contains("UNKNOWN: OLD TABLES CANNOT BE READ"))
            }
            let rows = try await database.pool.query("SELECT count(*) AS count FROM healthcare.integrations")
            #expect(try rows[0].decode("count") == 0)
        }
    }

    /// Reading some columns is not enough: the row would look as if it had nothing in the others.
    @Test func legacyTableOfWhichAColumnMayNotBeReadIsUnreadable() async throws {
        try await withSchema { database in
            try await database.pool.execute(script: Self.fleet)
            let grants = """
                GRANT USAGE ON SCHEMA healthcare, hookgate TO ROLE;
                GRANT ALL ON ALL TABLES IN SCHEMA healthcare, hookgate TO ROLE;
                GRANT SELECT (id, status, instance_name) ON public.evolution_instances TO ROLE;
                """
            try await Self.withRole(database, grants: grants) { hookgate in
                let ending = try await hookgate.run("migrate", "--no-schema")
                #expect(ending.exitCode == 1)
                #expect(ending.complaint.contains("may not read public.evolution_instances"))
            }
        }
    }

    @Test func databaseWithoutRightsIsSaidInOneSentence() async throws {
        try await withDatabase { database in
            try await database.pool.execute(script: Self.fleet)
            try await Self.withRole(database) { hookgate in
                let migrate = try await hookgate.run("migrate")
                #expect(migrate.exitCode == 1)
                #expect(Self.isOneLine(migrate.complaint), "\(migrate.complaint)")
                let withoutSchema = try await hookgate.run("migrate", "--no-schema")
                #expect(withoutSchema.exitCode == 1)
                #expect(withoutSchema.complaint.contains("grant it SELECT"), "\(withoutSchema.complaint)")
                #expect(try await hookgate.run("check").exitCode == 3)
            }
            let rows = try await database.pool.query("SELECT count(*) AS count FROM public.evolution_instances")
            #expect(try rows[0].decode("count") == 1)
        }
    }

    @Test func viewInPlaceOfTheTargetTableIsRefusedWithWhatToDo() async throws {
        try await withDatabase { database in
            try await database.pool.execute(
                script: Self.fleet + """
                    CREATE TABLE healthcare.hidden (id uuid, type text, provider text, config jsonb);
                    CREATE VIEW healthcare.integrations AS SELECT * FROM healthcare.hidden;
                    """)
            let hookgate = HookgateBinary(databaseURL: database.url)
            let ending = try await hookgate.run("migrate")
            #expect(ending.exitCode == 1)
            #expect(
                ending.complaint.contains("healthcare.integrations is not an ordinary table"), "\(ending.complaint)")
            let dry = try await hookgate.run("migrate", "--dry-run")
            #expect(dry.output.contains("healthcare.integrations is a view, which a run refuses"), "\(dry.output)")
        }
    }

    @Test func webhookURLIsFilledFromAStatedPublicURLAlone() async throws {
        try await withDatabase { database in
            try await database.pool.execute(script: Self.fleet)
            #expect(try await HookgateBinary(databaseURL: database.url).run("migrate").exitCode == 0)
            let sql = "SELECT webhook_url, webhook_token FROM healthcare.integrations"
            #expect(try await database.pool.query(sql)[0].decode("webhook_url", as: String?.self) == nil)
            let stated = HookgateBinary(
                databaseURL: database.url, settings: ["HOOKGATE_PUBLIC_URL": "https://hooks.example.org"])
            #expect(try await stated.run("migrate").exitCode == 0)
            let row = try await database.pool.query(sql)[0]
            let token: String = try row.decode("webhook_token")
            #expect(
                try row.decode("webhook_url") == "https://hooks.example.org/webhooks/evolution/whatsapp/\(token)")
        }
    }

    /// The original deleted rows and called a fleet broken while Evolution was down.
    @Test func evolutionDownDuringMigrateAndCheckChangesNothing() async throws {
        try await withDatabase { database in
            try await database.pool.execute(script: Self.fleet)
            let down = HookgateBinary(
                databaseURL: database.url,
                settings: ["EVOLUTION_API_URL": "http://127.0.0.1:1", "EVOLUTION_API_KEY": "k"])
            let check = try await down.run("check")
            #expect(check.exitCode == 3)
            #expect(check.output.contains("MIGRATION NEEDED"))
            #expect(try await down.run("migrate").exitCode == 0)
            let legacy = try await database.pool.query("SELECT count(*) AS count FROM public.evolution_instances")
            #expect(try legacy[0].decode("count") == 1)
            let integration = try await database.pool.query("SELECT status, enabled FROM healthcare.integrations")
            #expect(try integration[0].decode("status") == "active")
            #expect(try integration[0].decode("enabled") == true)
        }
    }
}
