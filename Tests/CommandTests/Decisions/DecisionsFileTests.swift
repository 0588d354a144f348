import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Testing

@testable import HookgateCommands

struct DecisionsFileTests {
    private static let clinic = "c0000000-0000-4000-8000-000000000001"

    @Test(arguments: [
        "hill-street: { clinic: \(clinic) }\n'quoted \"name\"': { exclude: given up }",
        "{\"hill-street\": {\"clinic\": \"\(clinic)\"}, \"quoted \\\"name\\\"\": {\"exclude\": \"given up\"}}",
    ])
    func yamlAndJSONSayTheSame(text: String) throws {
        let decisions = try DecisionsFile(name: "d.yaml", text: text).decisions
        #expect(decisions.clinics == [InstanceName("hill-street"): try #require(ClinicID(Self.clinic))])
        #expect(decisions.excluded == [InstanceName("quoted \"name\""): "given up"])
    }

    @Test(arguments: [
        ("a:\n  clinic: seven", "file d.yaml line 2: the clinic of a is not a UUID"),
        ("a:\n  clinic: \(clinic)\nb: yes", "file d.yaml line 3: b takes exactly one of"),
        ("a:\n  clinci: \(clinic)", "file d.yaml line 1: a takes exactly one of"),
        ("a:\n  exclude:", "file d.yaml line 2: a has no exclude"),
        ("- a", "file d.yaml line 1: the file must be a mapping"),
        ("a: [", "this is no YAML"),
    ])
    func errorsNameTheirLine(text: String, expected: String) {
        let error = #expect(throws: ConfigurationError.self) { try DecisionsFile(name: "d.yaml", text: text) }
        #expect(error?.description.contains(expected) == true, "\(error?.description ?? "no error")")
    }

    @Test func anEmptyFileDecidesNothing() throws {
        #expect(try DecisionsFile(name: "d.yaml", text: "").decisions == .none)
    }
}

@Suite(.timeLimit(.minutes(3)))
struct OverridesOptionTests {
    private static let fleet = """
        CREATE SCHEMA healthcare;
        CREATE TABLE healthcare.clinics (id uuid PRIMARY KEY, organization_id uuid, name text, is_active boolean);
        INSERT INTO healthcare.clinics VALUES
            ('c0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000001', 'East', true),
            ('c0000000-0000-4000-8000-000000000002', 'a0000000-0000-4000-8000-000000000001', 'West', true);
        CREATE TABLE public.evolution_instances (
            id uuid PRIMARY KEY DEFAULT gen_random_uuid(), organization_id uuid, instance_name text,
            phone_number text, status text, config jsonb);
        INSERT INTO public.evolution_instances (organization_id, instance_name, status)
        VALUES ('a0000000-0000-4000-8000-000000000001', 'hill-street', 'connected');
        """

    @Test func anAmbiguousInstanceGoesWhereAPersonSays() async throws {
        try await withDatabase { database in
            try await database.pool.execute(script: Self.fleet)
            let hookgate = HookgateBinary(databaseURL: database.url)
            let undecided = try await hookgate.run("migrate")
            #expect(undecided.exitCode == 3)
            #expect(undecided.output.contains("ambiguous between East and West"))

            let folder = FileManager.default.temporaryDirectory.path + "/hookgate-decisions-\(UUID().uuidString)"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let file = folder + "/decisions.yaml"
            let text = "hill-street: { clinic: c0000000-0000-4000-8000-000000000002 }\n"
            #expect(FileManager.default.createFile(atPath: file, contents: Data(text.utf8)))
            let decided = try await hookgate.run("migrate", "--overrides", file)
            #expect(decided.exitCode == 0, "\(decided.output)\(decided.complaint)")
            #expect(decided.output.contains("✅ Migrated hill-street → West"))
            #expect(try await hookgate.run("migrate", "--overrides", folder + "/none.yaml").exitCode == 64)
        }
    }
}
