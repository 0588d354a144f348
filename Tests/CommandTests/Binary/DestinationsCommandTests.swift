import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Store
import Testing

/// `hookgate destinations` as a person runs it.
@Suite(.timeLimit(.minutes(3)))
struct DestinationsCommandTests {
    private static let clinic = "clinic:6b1f0c1e-52a9-4c0e-9a53-6a6d2b1c7a10"

    private func withHookgate(
        settings: [String: String] = [:], _ body: (TestDatabase, HookgateBinary) async throws -> Void
    ) async throws {
        try await withSchema { database in
            try await body(database, HookgateBinary(databaseURL: database.url, settings: settings))
        }
    }

    private func record(_ database: TestDatabase, _ scope: String = clinic) async throws -> DestinationRecord? {
        try await PostgresDestinations(pool: database.pool).destination(of: #require(DestinationScope(scope)))
    }

    @Test func destinationIsSetChangedPausedAndRemoved() async throws {
        try await withHookgate { database, hookgate in
            let set = try await hookgate.run(
                "destinations", "set", Self.clinic, "--url", "https://user:s3cret@backend.example.org/in?key=s3cret",
                "--format", "envelope", "--kinds", "MESSAGES_UPSERT,call", "--no-groups", "--timeout", "5s", "--width",
                "8")
            #expect(set.exitCode == 0, "\(set.complaint)")
            #expect(!set.output.contains("s3cret"))
            let made = try #require(try await record(database))
            #expect(made.format == .envelope)
            #expect(made.selection.kinds == ["messages.upsert", "call"])
            #expect(!made.selection.groups && made.selection.ownMessages)
            #expect(made.timeout == .seconds(5))
            #expect(made.width == 8)
            let secret = try #require(made.secrets?.secrets.first)
            #expect(!set.output.contains(secret.secretText))
            // What is not named stays.
            let again = try await hookgate.run("destinations", "set", Self.clinic, "--kinds", "all")
            #expect(again.exitCode == 0)
            #expect(try await record(database)?.selection.kinds == nil)
            #expect(try await record(database)?.secrets == made.secrets)
            #expect(try await hookgate.run("destinations", "pause", Self.clinic).exitCode == 0)
            #expect(try await record(database)?.isPaused == true)
            let unchanged = try await hookgate.run("destinations", "pause", Self.clinic)
            #expect(unchanged.output.contains("Nothing to change"))
            #expect(try await hookgate.run("destinations", "resume", Self.clinic).exitCode == 0)
            #expect(try await record(database)?.isPaused == false)
            let declined = try await hookgate.run("destinations", "remove", Self.clinic)
            #expect(declined.exitCode == 3)
            #expect(try await hookgate.run("destinations", "remove", Self.clinic, "--yes").exitCode == 0)
            #expect(try await record(database) == nil)
            let rows = try await database.pool.query(
                "SELECT action, subject, detail::text FROM hookgate.audit_log ORDER BY id")
            #expect(
                try rows.map { try $0.decode("action", as: String.self) } == [
                    "destinations.set", "destinations.set", "destinations.pause", "destinations.resume",
                    "destinations.remove",
                ])
            for row in rows {
                let detail: String = try row.decode("detail")
                #expect(!detail.contains("s3cret") && !detail.contains(secret.secretText.dropFirst(12)))
            }
        }
    }

    @Test func dryRunChangesNothing() async throws {
        try await withHookgate { database, hookgate in
            let set = try await hookgate.run(
                "destinations", "set", Self.clinic, "--url", "https://backend.example.org", "--dry-run")
            #expect(set.exitCode == 0)
            #expect(set.output.contains("Dry run: nothing was changed."))
            #expect(try await record(database) == nil)
            #expect(try await database.pool.query("SELECT FROM hookgate.audit_log").isEmpty)
        }
    }

    @Test func secretIsShownOnlyWhenAskedForAndTwoSignDuringAChange() async throws {
        try await withHookgate { database, hookgate in
            _ = try await hookgate.run("destinations", "set", Self.clinic, "--url", "https://backend.example.org")
            let first = try #require(try await record(database)?.secrets?.secrets.first)
            #expect(try await hookgate.run("destinations", "rotate", Self.clinic, "--secret", "ed25519").exitCode == 0)
            let both = try #require(try await record(database)?.secrets)
            #expect(both.secrets.map(\.kind) == [.ed25519, .shared])
            #expect(both.secrets.last == first)
            let masked = try await hookgate.run("destinations", "show", Self.clinic, "--json")
            let revealed = try await hookgate.run("destinations", "show", Self.clinic, "--json", "--reveal")
            for secret in both.secrets {
                #expect(!masked.output.contains(secret.secretText))
                #expect(revealed.output.contains(secret.secretText))
            }
            #expect(masked.output.contains(both.secrets[0].verifierText))
            #expect(try await hookgate.run("destinations", "rotate", Self.clinic, "--settle").exitCode == 0)
            #expect(try await record(database)?.secrets?.secrets == [both.secrets[0]])
        }
    }

    @Test(arguments: [
        ["set", "nobody", "--url", "https://a.org"], ["set", clinic], ["set", clinic, "--url", "ftp://a.org"],
        ["set", clinic, "--url", "http://127.0.0.1:8000"], ["set", clinic, "--url", "http://localhost"],
        ["set", clinic, "--url", "http://169.254.169.254/latest"], ["set", clinic, "--url", "http://[::1]/"],
        ["set", clinic, "--url", "https://a.org", "--redis-stream", "x"], ["set", clinic, "--shards", "4"],
        ["set", clinic, "--url", "https://a.org", "--timeout", "21s"],
        ["set", clinic, "--url", "https://a.org", "--width", "0"],
        ["set", clinic, "--url", "https://a.org", "--format", "xml"],
    ])
    func wrongUseIsRefusedBeforeAnythingIsWritten(arguments: [String]) async throws {
        try await withHookgate { database, hookgate in
            let wrong = try await hookgate.run(["destinations"] + arguments)
            #expect(wrong.exitCode == 64)
            #expect(try await record(database) == nil)
        }
    }

    @Test func privateAddressIsTakenWhereTheOperatorAllowsIt() async throws {
        try await withHookgate(settings: ["HOOKGATE_DELIVER_PRIVATE_NETWORKS": "allow"]) { database, hookgate in
            let set = try await hookgate.run("destinations", "set", Self.clinic, "--url", "http://10.0.0.7:8000")
            #expect(set.exitCode == 0)
            #expect(try await record(database)?.kind == .webhook(url: "http://10.0.0.7:8000"))
        }
    }

    @Test func missingDestinationIsNamedWithItsRemedy() async throws {
        try await withHookgate { _, hookgate in
            for verb in ["show", "pause", "resume", "rotate", "remove", "test"] {
                let missing = try await hookgate.run("destinations", verb, Self.clinic)
                #expect(missing.exitCode == 1, "\(verb)")
                #expect(missing.complaint.contains("hookgate destinations set"))
            }
        }
    }

    @Test func defaultOfTheConfigurationIsListedPausedAndTested() async throws {
        try await withHookgate(settings: ["HOOKGATE_DELIVER_URL": "stdout:"]) { database, hookgate in
            let list = try await hookgate.run("destinations", "--json")
            #expect(list.output.contains(#""source" : "configuration""#))
            #expect(try await hookgate.run("destinations", "pause", "default").exitCode == 0)
            #expect(try await record(database, "default")?.isPaused == true)
            #expect(try await record(database, "default")?.kind == nil)
            let test = try await hookgate.run("destinations", "test", "default")
            #expect(test.exitCode == 0)
            #expect(test.output.contains(#"{"event":"hookgate.test""#))
            #expect(test.output.contains("✅ standard output took the test event"))
        }
    }

    /// The configuration's own address is never read from the row: a flag that would only be written there is refused.
    @Test(arguments: [["--url", "https://a.org"], ["--redis-stream", "x"], ["--format", "envelope"]])
    func whatTheConfigurationSaysOfTheDefaultIsNotSetBesideIt(arguments: [String]) async throws {
        try await withHookgate(settings: ["HOOKGATE_DELIVER_URL": "stdout:"]) { database, hookgate in
            let refused = try await hookgate.run(["destinations", "set", "default"] + arguments)
            #expect(refused.exitCode == 3)
            #expect(refused.complaint.contains("HOOKGATE_DELIVER_URL says where the default's events go"))
            #expect(refused.complaint.contains(arguments[0]))
            #expect(try await record(database, "default") == nil)
            let taken = try await hookgate.run("destinations", "set", "default", "--no-groups", "--width", "64")
            #expect(taken.exitCode == 0, "\(taken.complaint)")
            let shown = try await hookgate.run("destinations", "show", "default")
            #expect(shown.output.contains("64 at the same time"), "\(shown.output)")
        }
    }

    @Test func testOfADestinationThatDoesNotAnswerFails() async throws {
        try await withHookgate(settings: ["HOOKGATE_DELIVER_URL": "http://127.0.0.1:1/s3cret"]) { _, hookgate in
            let test = try await hookgate.run("destinations", "test", "default")
            #expect(test.exitCode == 1)
            #expect(test.output.contains("connection_refused"))
            #expect(!test.output.contains("s3cret"))
        }
    }
}
