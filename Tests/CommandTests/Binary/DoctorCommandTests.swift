import FoundationEssentials
import HookgateTestSupport
import PostgresClient
import Testing

@Suite(.timeLimit(.minutes(3)))
struct DoctorCommandTests {
    private static let token = "inherited-token-nobody-may-see"
    private static let key = "KEPT-EVOLUTION-KEY"

    /// What a script reads of `--json`.
    private struct Document: Decodable {
        struct Check: Decodable {
            let id: String
            let result: String
            let count: Int
        }
        struct Change: Decodable {
            let fix: String
            let count: Int
        }
        let mode: String
        let attention: Int
        let checks: [Check]
        let changes: [Change]
    }

    private static func withOneIntegration(_ body: (TestDatabase, HookgateBinary) async throws -> Void) async throws {
        try await withSchema { database in
            try await database.pool.query(
                """
                INSERT INTO healthcare.integrations (organization_id, clinic_id, type, provider, status, config, enabled, webhook_token)
                VALUES (gen_random_uuid(), gen_random_uuid(), 'whatsapp', 'evolution', 'active',
                    jsonb_build_object('instance', E'one\\x1b[31m', 'instance_key', $2::text), true, $1)
                """, [token, key])
            try await database.pool.execute(
                script: """
                    INSERT INTO hookgate.coverage VALUES (gen_random_uuid(), now(), now());
                    CREATE TABLE healthcare.clinics (id uuid, organization_id uuid);
                    INSERT INTO healthcare.clinics SELECT clinic_id, organization_id FROM healthcare.integrations;
                    """)
            try await body(database, HookgateBinary(databaseURL: database.url))
        }
    }

    @Test func aDryRunAndThenTheRepairAndThenNothing() async throws {
        try await Self.withOneIntegration { database, hookgate in
            #expect(try await hookgate.run("doctor").exitCode == 3)
            let preview = try await hookgate.run("doctor", "--fix", "--check", "instance-name-key")
            #expect(preview.exitCode == 3)
            #expect(preview.output.contains("Nothing was changed."))
            #expect(preview.output.contains("config.instance_name, config.instance: nothing → one\\u{1b}[31m"))
            let repair = try await hookgate.run("doctor", "--fix", "--yes", "--check", "instance-name-key")
            #expect(repair.exitCode == 0, "\(repair.output)")
            #expect(repair.output.contains("Did write the instance name"))
            let again = try await hookgate.run("doctor", "--fix", "--check", "instance-name-key")
            #expect(again.exitCode == 0)
            #expect(try await hookgate.run("doctor").exitCode == 0, "all is well then")
            let entries = try await database.pool.query("SELECT action, subject FROM hookgate.audit_log")
            let subjects: [String] = try entries.map { try $0.decode("subject") }
            #expect(subjects == ["write-name-keys"])
        }
    }

    @Test func jsonIsOneDocument() async throws {
        try await Self.withOneIntegration { _, hookgate in
            let ending = try await hookgate.run("doctor", "--fix", "--json")
            let document = try JSONDecoder().decode(Document.self, from: Data(ending.output.utf8))
            #expect(ending.exitCode == 3)
            #expect(document.mode == "dry run")
            #expect(document.checks.first { $0.id == "instance-name-key" }?.result == "attention")
            #expect(document.checks.count { $0.result == "attention" } == document.attention)
            #expect(document.changes.map(\.fix) == ["write-name-keys"])
        }
    }

    @Test func noSecretIsPrinted() async throws {
        try await Self.withOneIntegration { database, hookgate in
            try await database.makePostgRESTRoles()
            try await database.pool.execute(
                script: """
                    GRANT USAGE ON SCHEMA healthcare TO anon; GRANT SELECT ON healthcare.integrations TO anon;
                    UPDATE healthcare.integrations
                    SET webhook_url = 'https://h.example.com/webhook/' || webhook_token;
                    """)
            for arguments in [["doctor"], ["doctor", "--json"], ["doctor", "--fix"], ["doctor", "--fix", "--yes"]] {
                let ending = try await hookgate.run(arguments)
                #expect(ending.exitCode == 3)
                for secret in [Self.token, Self.key, "\u{1b}"] {
                    #expect(!(ending.output + ending.complaint).contains(secret), "\(arguments)")
                }
            }
        }
    }

    @Test func checksAreListedWithoutADatabase() async throws {
        let list = try await HookgateBinary().run("doctor", "--list")
        #expect(list.exitCode == 0)
        #expect(list.output.contains("duplicate-instances\n"))
        #expect(list.output.contains("missing-tokens  (--fix)"))
    }

    @Test(arguments: [["--check", "duplicate-instance"], ["--yes"], ["--limit", "0"]])
    func wrongUsageEndsWithSixtyFour(arguments: [String]) async throws {
        let ending = try await HookgateBinary().run(["doctor"] + arguments)
        #expect(ending.exitCode == 64)
        if arguments.first == "--check" { #expect(ending.complaint.contains("Did you mean duplicate-instances?")) }
    }

    @Test func aRepairThatTheRoleMayNotMakeFails() async throws {
        try await Self.withOneIntegration { database, _ in
            try await database.makeRole("doctor_who_reads")
            try await database.pool.execute(
                script: """
                    GRANT USAGE ON SCHEMA healthcare, hookgate TO doctor_who_reads;
                    GRANT SELECT ON ALL TABLES IN SCHEMA healthcare, hookgate TO doctor_who_reads;
                    """)
            let hookgate = HookgateBinary(databaseURL: database.url(as: "doctor_who_reads"))
            let ending = try await hookgate.run("doctor", "--fix", "--yes", "--check", "instance-name-key")
            #expect(ending.exitCode == 1)
            #expect(ending.complaint.contains("permission denied"))
            try await database.pool.execute(script: "DROP OWNED BY doctor_who_reads")
        }
    }
}
