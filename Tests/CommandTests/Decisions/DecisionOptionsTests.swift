import FoundationEssentials
import HookgateTestSupport
import PostgresClient
import Testing

/// What a person decides on the command line, typed as a person types it.
@Suite(.timeLimit(.minutes(3)))
struct DecisionOptionsTests {
    private static let east = "c0000000-0000-4000-8000-000000000001"
    private static let elsewhere = "c0000000-0000-4000-8000-000000000009"
    private static let organization = "a0000000-0000-4000-8000-000000000001"
    private static let otherOrganization = "a0000000-0000-4000-8000-000000000009"

    private static let fleet = """
        CREATE SCHEMA healthcare;
        CREATE TABLE healthcare.clinics (id uuid PRIMARY KEY, organization_id uuid, name text, is_active boolean);
        INSERT INTO healthcare.clinics VALUES
            ('\(east)', '\(organization)', 'East', true), ('\(elsewhere)', '\(otherOrganization)', 'Elsewhere', true);
        CREATE TABLE public.evolution_instances (
            id uuid PRIMARY KEY DEFAULT gen_random_uuid(), organization_id uuid, instance_name text,
            phone_number text, status text, config jsonb);
        INSERT INTO public.evolution_instances (organization_id, instance_name, status, config) VALUES
            ('\(organization)', 'hill-street', 'connected', '{"instance_key": "very-secret-key"}'),
            ('\(organization)', 'lake-side', 'connected', NULL),
            ('\(otherOrganization)', 'far-away', 'connected', NULL);
        """

    /// A database with the fleet, and a folder for files of decisions.
    private static func withFleet(
        _ body: (_ hookgate: HookgateBinary, _ database: TestDatabase, _ folder: String) async throws -> Void
    ) async throws {
        try await withDatabase { database in
            try await database.pool.execute(script: fleet)
            let folder = FileManager.default.temporaryDirectory.path + "/hookgate-decisions-\(UUID().uuidString)"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            try await body(HookgateBinary(databaseURL: database.url), database, folder)
        }
    }

    private static func write(_ text: String, to folder: String) throws -> String {
        let path = folder + "/decisions.yaml"
        #expect(FileManager.default.createFile(atPath: path, contents: Data(text.utf8)))
        return path
    }

    @Test func onlyExcludeAndOrganizationLimitWhatIsDone() async throws {
        try await Self.withFleet { hookgate, database, _ in
            let dry = try await hookgate.run("migrate", "--dry-run", "--only", "hill-street", "lake-side")
            #expect(dry.exitCode == 0, "\(dry.output)\(dry.complaint)")
            #expect(dry.output.contains("Would migrate hill-street"))
            #expect(!dry.output.contains("far-away"))
            #expect(dry.output.contains("(2 of 3 instances; the digest holds with these options alone)"))

            let excluded = try await hookgate.run(
                "migrate", "--organization", Self.organization, "--exclude", "lake-side")
            #expect(excluded.exitCode == 0, "\(excluded.output)\(excluded.complaint)")
            #expect(excluded.output.contains("⚠️ lake-side: excluded: left out with --exclude"))
            let rows = try await database.pool.query(
                "SELECT config->>'instance_name' AS name FROM healthcare.integrations")
            #expect(try rows.map { try $0.decode("name", as: String.self) } == ["hill-street"])

            // What is out of scope is neither missing nor undecided.
            #expect(try await hookgate.run("migrate", "verify").exitCode == 3)
            #expect(try await hookgate.run("migrate", "verify", "--only", "hill-street").exitCode == 0)
            #expect(
                try await hookgate.run(
                    "migrate", "verify", "--organization", Self.organization, "--exclude", "lake-side"
                ).exitCode == 0)
        }
    }

    @Test func theDigestOfAPartHoldsForThatPartAlone() async throws {
        try await Self.withFleet { hookgate, _, _ in
            let all = try await Self.digest(hookgate)
            let part = try await Self.digest(hookgate, "--only", "hill-street", "lake-side", "far-away")
            #expect(all != part, "the same plan, but not the same promise")
            #expect(try await hookgate.run("migrate", "--plan-digest", part).exitCode == 1)
            let run = try await hookgate.run(
                "migrate", "--plan-digest", part, "--only", "hill-street", "lake-side", "far-away")
            #expect(run.exitCode == 0, "\(run.output)\(run.complaint)")
        }
    }

    private static func digest(_ hookgate: HookgateBinary, _ options: String...) async throws -> String {
        let dry = try await hookgate.run(["migrate", "--dry-run"] + options)
        let line = try #require(dry.output.split(separator: "\n").first { $0.hasPrefix("Plan digest: ") })
        return String(line.dropFirst("Plan digest: ".count))
    }

    @Test func namesThatAreNotThereAreRefusedWithTheNearest() async throws {
        try await Self.withFleet { hookgate, database, folder in
            let file = try Self.write(
                """
                hil-street: { exclude: closed }
                lake-side: { clinic: \(Self.elsewhere) }
                far-away: { clinic: d0000000-0000-4000-8000-000000000001 }
                """, to: folder)
            for verb in [["migrate"], ["migrate", "--dry-run"], ["migrate", "verify"]] {
                let ending = try await hookgate.run(
                    verb + [
                        "--overrides", file, "--only", "hillstreet", "--exclude", "lake-sid", "--organization",
                        Self.east,
                    ])
                #expect(ending.exitCode == 64)
                for line in [
                    "decisions.yaml:1:1: no legacy table names an instance hil-street; did you mean hill-street?",
                    "decisions.yaml:2:1: clinic \(Self.elsewhere) is not one of organization \(Self.organization), "
                        + "which lake-side belongs to",
                    "decisions.yaml:3:1: there is no clinic d0000000-0000-4000-8000-000000000001",
                    "--only: no legacy table names an instance hillstreet; did you mean hill-street?",
                    "--exclude: no legacy table names an instance lake-sid; did you mean lake-side?",
                    "--organization: no legacy row belongs to organization \(Self.east)",
                ] { #expect(ending.complaint.contains(line), "missing: \(line)\nin: \(ending.complaint)") }
            }
            let count = try await database.pool.query(
                "SELECT coalesce(max(n_live_tup), 0) AS rows FROM pg_stat_user_tables WHERE relname = 'integrations'")
            #expect(try count[0].decode("rows") == 0)
        }
    }

    @Test func aFileThatDoesNotParseIsRefusedBeforeAnythingIsDone() async throws {
        try await Self.withFleet { hookgate, database, folder in
            let file = try Self.write("hill-street:\n  clinic: [\n", to: folder)
            let ending = try await hookgate.run("migrate", "--overrides", file)
            #expect(ending.exitCode == 64)
            #expect(ending.complaint.contains("decisions.yaml:3:1: this is no YAML"), "\(ending.complaint)")
            let schema = try await database.pool.query("SELECT to_regnamespace('hookgate') IS NULL AS absent")
            #expect(try schema[0].decode("absent") as Bool)
        }
    }

    @Test func acceptedDifferencesAreCountedAsEditsWithTheirReason() async throws {
        try await Self.withFleet { hookgate, database, folder in
            #expect(try await hookgate.run("migrate").exitCode == 0)
            // Moved on purpose to a clinic that the evidence does not know of.
            try await database.pool.query(
                """
                UPDATE healthcare.integrations SET clinic_id = '\(Self.elsewhere)'
                WHERE config->>'instance_name' = 'hill-street'
                """)
            #expect(try await hookgate.run("migrate", "verify").exitCode == 3)
            #expect(try await hookgate.run("migrate").exitCode == 3)
            let file = try Self.write("hill-street: { accept: { clinic_id: moved in May } }\n", to: folder)
            let verified = try await hookgate.run("migrate", "verify", "--overrides", file)
            #expect(verified.exitCode == 0, "\(verified.output)")
            #expect(verified.output.contains("edited: clinic_id is \(Self.elsewhere) here"))
            #expect(verified.output.contains("accepted: moved in May"))
            #expect(verified.output.contains("(1 with values that a person set)"))
            #expect(try await hookgate.run("migrate", "--overrides", file).exitCode == 0)
            let kept = try await database.pool.query(
                "SELECT count(*) AS rows FROM healthcare.integrations WHERE clinic_id = '\(Self.elsewhere)'")
            #expect(try kept[0].decode("rows") == 2)
        }
    }

    @Test func verboseAndJSONShowEveryFieldAndNoSecret() async throws {
        try await Self.withFleet { hookgate, _, _ in
            let plain = try await hookgate.run("migrate", "--dry-run")
            #expect(!plain.output.contains("status: nothing → active"))
            let verbose = try await hookgate.run("migrate", "--dry-run", "--verbose")
            for line in [
                "because: the organization's only clinic", "status: nothing → active",
                "clinic_id: nothing → \(Self.east)", "config.instance_key: nothing → (secret)",
                "config.instance: nothing → \"hill-street\"",
                "Rehearsal: the statements were tried on a temporary copy of healthcare.integrations",
            ] { #expect(verbose.output.contains(line), "missing: \(line)") }
            let json = try await hookgate.run("migrate", "--dry-run", "--json")
            #expect(json.output.contains("\"field\" : \"config.instance_key\""))
            #expect(json.output.contains("\"is_tried\" : true"))
            #expect(!(verbose.output + json.output).contains("very-secret-key"))
        }
    }
}
