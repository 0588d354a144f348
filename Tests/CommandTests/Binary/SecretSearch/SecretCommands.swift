import FoundationEssentials
import HookgateCore
import HookgateTestSupport

/// Runs every verb of `hookgate`, and keeps all that it prints.
struct SecretCommands {
    /// What does not end by itself; `serve` is what the others are run beside.
    private static let endless: Set<[String]> = [["serve"], ["demo"], ["monitor"], ["events", "tail"]]
    private static let pages = Fixtures.directory.deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "docs/cli.json")

    /// Commands that need not wait for each other.
    private static let mostAtOnce = 4

    let hookgate: HookgateBinary
    let evidence: Evidence

    private struct Run {
        let arguments: [String]
        var input = ""
    }

    private struct Page: Decodable {
        let command: Command

        struct Command: Decodable {
            let commandName: String
            let subcommands: [Command]?

            /// The verbs below it, each as its words.
            func verbs(after words: [String]) -> [[String]] {
                guard let subcommands, !subcommands.isEmpty else { return [words] }
                return subcommands.flatMap { $0.verbs(after: words + [$0.commandName]) }
            }
        }
    }

    /// Every verb that the committed page knows, but for those that never end.
    static func everyVerb() throws -> [[String]] {
        try JSONDecoder().decode(Page.self, from: Data(contentsOf: pages)).command.verbs(after: [])
            .filter { !endless.contains($0) }
    }

    func run(_ arguments: [String], input: String = "") async throws {
        let ending = try await hookgate.run(arguments, input: input)
        let name = "command \(arguments.prefix(2).joined(separator: " "))"
        evidence.add(name, ending.output)
        evidence.add("\(name), standard error", ending.complaint)
    }

    /// Runs what changes nothing that another of these looks at.
    private func atOnce(_ runs: [Run]) async throws {
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for (index, run) in runs.enumerated() {
                if index >= Self.mostAtOnce { _ = try await tasks.next() }
                tasks.addTask { try await self.run(run.arguments, input: run.input) }
            }
            try await tasks.waitForAll()
        }
    }

    /// The ids in what a command prints as JSON.
    private func ids(_ arguments: String...) async throws -> [String] {
        let listing = try await hookgate.run(arguments + ["--json"])
        return Set(listing.output.split(separator: "\"").map(String.init).filter { UUID(uuidString: $0) != nil })
            .sorted()
    }

    /// Verbs with what they are usually given, beside a gateway at an address; then each verb there is as a mistaken
    /// person runs it, with a token where a name belongs.
    func everything(beside address: String) async throws {
        for arguments in Self.migration { try await run(arguments) }
        try await atOnce(Self.readings.map { Run(arguments: $0) })
        for arguments in [["doctor", "--fix"]] + Self.switchOvers(to: address) + Self.changes {
            try await run(arguments)
        }
        let events = try await ids("events", "list", "--limit", "200")
        try await atOnce(Self.explanations(at: address) + events.prefix(4).flatMap(Self.looks))
        for id in try await ids("migrate", "runs").prefix(1) {
            try await run(["migrate", "show", id])
            try await run(["migrate", "undo", id, "--dry-run"])
        }
        for token in [SecretFleet.current.secretText, SecretFleet.original] {
            try await run(["test", "-", "--url", address], input: token + "\n")
            try await run(["tokens", "rotate", token, "--yes"])
            try await run(["tokens", "revoke", token, "--yes"])
        }
        try await atOnce(try Self.everyVerb().map { Run(arguments: $0 + [SecretFleet.current.secretText]) })
    }

    private static func explanations(at address: String) -> [Run] {
        let tokens =
            [SecretFleet.current, SecretFleet.retired, SecretFleet.revoked, SecretFleet.stranger].map(\.secretText)
            + [SecretFleet.original, SecretFleet.misspelt]
        let url = "\(address)/webhooks/evolution/whatsapp/\(SecretFleet.current.secretText)"
        return tokens.map { Run(arguments: ["explain", "-"], input: $0 + "\n") } + [Run(arguments: ["explain", url])]
    }

    private static func looks(at event: String) -> [Run] {
        [
            ["events", "show", event], ["events", "show", event, "--json"], ["explain", event, "--json"],
            ["events", "replay", event, "--dry-run"],
        ].map { Run(arguments: $0) }
    }

    private static let migration: [[String]] = [
        ["migrate", "--dry-run", "--verbose"], ["migrate", "--dry-run", "--json"], ["migrate"],
    ]

    private static let readings: [[String]] = [
        ["config"], ["config", "--json"], ["config", "--reference"], ["check"], ["check", "--json"],
        ["tokens"], ["tokens", "--verbose"], ["tokens", "--json"], ["migrate", "verify"],
        ["migrate", "verify", "--json"],
        ["migrate", "runs"], ["doctor"], ["doctor", "--json"], ["doctor", "--list"],
        ["schema", "status"], ["schema", "apply", "--dry-run"],
        ["events", "list"], ["events", "list", "--json", "--limit", "200"], ["events", "balance", "--json"],
        ["events", "tail", "--from-beginning", "--no-follow"],
        ["events", "tail", "--from-beginning", "--no-follow", "--json"],
        ["events", "replay", "--all", "--dry-run"], ["events", "park", "--instance", "clinic-a", "--dry-run"],
        ["events", "discard", "--instance", "clinic-a", "--note", "old", "--dry-run"],
        ["events", "erase", "--chat", "5511999990000@s.whatsapp.net", "--note", "asked for", "--dry-run"],
        ["quarantine", "list"], ["quarantine", "list", "--json"], ["quarantine", "release", "--all", "--dry-run"],
        ["destinations", "list"], ["destinations", "list", "--json"], ["destinations", "show", "default"],
        ["destinations", "test", "default", "--dry-run"], ["destinations", "test", "default"],
        ["spool", "status"], ["spool", "status", "--json"], ["spool", "verify"], ["spool", "verify", "--json"],
        ["explain", "clinic-a"], ["explain", "clinic-a", "--json"], ["explain", "nobody"], ["nonsense"],
    ]

    private static func switchOvers(to address: String) -> [[String]] {
        let change = [
            "webhooks", "switch", "clinic-a", "--rehearsal", "--public-url", address, "--wait-for-event", "0s",
        ]
        return [
            ["webhooks", "status"], ["webhooks", "status", "--json"], change + ["--dry-run"],
            change + ["--dry-run", "--json"], change, ["webhooks", "status", "--public-url", address],
            ["webhooks", "rollback", "clinic-a", "--dry-run"],
            ["webhooks", "rollback", "clinic-a", "--dry-run", "--json"],
            ["webhooks", "rollback", "clinic-a"],
        ]
    }

    private static let changes: [[String]] = [
        ["quarantine", "discard", "--reason", "token_retired", "--note", "old", "--yes"],
        ["tokens", "rotate", "clinic-a", "--dry-run"], ["tokens", "rotate", "clinic-e", "--grace", "1h", "--yes"],
        ["tokens", "revoke", "clinic-b", "--dry-run"],
        ["integrations", "second-factor", "clinic-a", "--header", "--jwt", "--dry-run"],
        ["integrations", "second-factor", "clinic-a", "--header", "--jwt", "--yes"],
        ["integrations", "second-factor", "clinic-a", "--json"], ["explain", "clinic-a"],
        ["integrations", "second-factor", "clinic-a", "--clear", "--dry-run"],
        ["destinations", "set", destination, "--url", address],
        // Two ways to use it wrongly.
        ["destinations", "set", destination, "--url", address, "--secret", secret],
        ["destinations", "rotate", destination, "--secret=\(secret)"],
        ["destinations", "show", destination], ["destinations", "show", destination, "--json"],
        ["destinations", "list"], ["destinations", "rotate", destination], ["destinations", "test", destination],
        ["destinations", "pause", destination], ["destinations", "resume", destination],
        ["destinations", "remove", destination, "--dry-run"],
    ]

    private static let address = "https://hook:SenhaDoDestinoS13@backend.invalid/in?key=ChaveDoDestinoS14"
    private static let secret = "whsec_U2VncmVkb0RvRGVzdGlub1MxNTEyMzQ1Njc4OTA="
    private static let destination = "clinic:6b1f0c1e-52a9-4c0e-9a53-6a6d2b1c7a10"
}
