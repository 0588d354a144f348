import HookgateTestSupport
import Testing

@Suite(.timeLimit(.minutes(3)))
struct ExitCodeTests {
    @Test(arguments: [["tokens", "--no-such-flag"], ["no-such-verb"], ["tokens", "--listen", "nonsense"], ["test"]])
    func wrongUsageEndsWithSixtyFour(arguments: [String]) async throws {
        #expect(try await HookgateBinary().run(arguments).exitCode == 64)
    }

    @Test func aMissingDatabaseIsSaidWithWhatToDo() async throws {
        let check = try await HookgateBinary(dataDirectory: "/nonexistent").run("check")
        #expect(check.exitCode == 64)
        #expect(check.complaint.contains("Set DATABASE_URL"))
    }

    @Test(arguments: ["check", "tokens", "migrate", "schema status", "doctor"])
    func anUnreachableDatabaseIsAFailureThatKeepsThePassword(verb: String) async throws {
        let hookgate = HookgateBinary(databaseURL: "postgresql://somebody:kept-to-ourselves@127.0.0.1:1/clinics")
        let ending = try await hookgate.run(verb.split(separator: " ").map(String.init))
        #expect(ending.exitCode == 1)
        #expect(ending.complaint.hasPrefix("hookgate: "))
        #expect(!(ending.output + ending.complaint).contains("kept-to-ourselves"))
    }

    @Test(arguments: [
        "check", "migrate", "migrate run", "migrate verify", "migrate runs", "migrate show", "migrate undo", "schema",
        "schema apply", "schema status", "tokens", "test", "serve", "events", "events list",
        "events show", "doctor", "config", "demo", "quarantine", "quarantine list", "quarantine release",
        "quarantine discard",
        "explain", "spool", "spool status", "spool verify", "spool ship",
    ])
    func everyVerbHasHelpWithAnExample(verb: String) async throws {
        let ending = try await HookgateBinary().run(verb.split(separator: " ").map(String.init) + ["--help"])
        #expect(ending.exitCode == 0)
        #expect(ending.output.contains("Example"), "no example in: hookgate \(verb) --help")
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func completionsAreWrittenForEachShell(shell: String) async throws {
        let ending = try await HookgateBinary().run("--generate-completion-script", shell)
        #expect(ending.exitCode == 0)
        #expect(ending.output.contains("migrate"))
    }

    @Test func theVersionIsPrinted() async throws {
        let ending = try await HookgateBinary().run("--version")
        #expect(ending.exitCode == 0)
        #expect(ending.output.hasPrefix("0."))
    }
}
