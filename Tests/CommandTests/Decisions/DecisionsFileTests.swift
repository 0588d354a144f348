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
        ("a:\n  clinic: seven", "d.yaml:2:11: the clinic of a is not a UUID"),
        ("a:\n  clinic: \(clinic)\nb: yes", "d.yaml:3:1: b takes clinic: ID, accept"),
        (
            "a:\n  clinci: \(clinic)",
            "d.yaml:2:3: clinci is no decision; a takes clinic, accept or exclude; did you mean clinic?"
        ),
        ("a:\n  exclude:", "d.yaml:2:3: a has no exclude"),
        ("a:\n  exclude: true", "d.yaml:2:12: a is left out without a reason"),
        ("a:\n  exclude: false", "d.yaml:2:12: a is not left out by exclude: false"),
        ("a: { exclude: gone, reason: really }", "d.yaml:1:21: a has two reasons; keep one"),
        ("a: { exclude: gone, clinic: \(clinic) }", "d.yaml:1:6: a is left out, so nothing else"),
        ("a: { clinic: \(clinic), reason: so }", "a reason goes with exclude: true"),
        ("a:\n  accept:\n    stauts: on purpose", "d.yaml:3:5: stauts is no field that is compared"),
        ("a:\n  accept:\n    stauts: on purpose", "did you mean status?"),
        ("a:\n  accept:\n    status:", "d.yaml:3:5: a has no status"),
        ("a:\n  accept: status", "d.yaml:2:11: accept of a takes fields with a reason each"),
        ("a: { exclude: one }\na: { exclude: two }", "d.yaml:1:1: a stands there twice; keep one"),
        ("a: { exclude: one }\n\"a\": { exclude: two }", "stands there twice; keep one"),
        ("{\n  \"a\": {\n    \"clinic\": 7\n  }\n}", "d.yaml:3:15: the clinic of a is not a UUID"),
        ("- a", "d.yaml:1:1: the file must be a mapping"),
        ("a: [", "this is no YAML"),
        ("[a]: { exclude: one }", "d.yaml:1:1: an instance name is a single text"),
    ])
    func errorsNameTheirLineAndColumn(text: String, expected: String) {
        let error = #expect(throws: ConfigurationError.self) { try DecisionsFile(name: "d.yaml", text: text) }
        #expect(error?.description.contains(expected) == true, "\(error?.description ?? "no error")")
    }

    @Test func everyMistakeIsReportedAtOnce() {
        let text = "a: { clinic: seven }\nb: { exclude: fine }\nc: { accept: { colour: red } }"
        let error = #expect(throws: ConfigurationError.self) { try DecisionsFile(name: "d.yaml", text: text) }
        #expect(error?.problems.map(\.place) == ["d.yaml:1:14", "d.yaml:3:16"])
    }

    @Test func aClinicAndAcceptedDifferencesAreReadTogether() throws {
        let text = """
            a:
              clinic: \(Self.clinic)
              accept: { display_name: renamed in May, config.sync_enabled: switched on by hand }
            b: { exclude: true, reason: given up }
            """
        let file = try DecisionsFile(name: "d.yaml", text: text)
        #expect(file.decisions.clinics.keys.map(\.text) == ["a"])
        #expect(
            file.decisions.accepted == [
                InstanceName("a"): [
                    .displayName: "renamed in May", .config("sync_enabled"): "switched on by hand",
                ]
            ])
        #expect(file.decisions.excluded == [InstanceName("b"): "given up"])
        #expect(file.places[InstanceName("b")] == "d.yaml:4:1")
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
