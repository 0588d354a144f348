import ArgumentParser
import FoundationEssentials
import HookgateCore
import Store

/// `hookgate destinations`: where events are delivered to, for everybody or for one organization, clinic or integration.
struct DestinationsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "destinations",
        abstract: "Say where events are delivered to: everybody's, or one organization's, clinic's or integration's.",
        discussion: """
            A destination is named by whose events go there: default, organization:ID, clinic:ID or integration:ID; \
            the narrowest one holds. The default is that of HOOKGATE_DELIVER_URL where that is set. Running \
            gateways follow a change within two seconds.

            Examples:
              hookgate destinations
              hookgate destinations set clinic:6b1f0c1e-52a9-4c0e-9a53-6a6d2b1c7a10 --url https://backend.example.org
              hookgate destinations pause default
            """,
        subcommands: [
            List.self, Show.self, Set.self, Rotate.self, Pause.self, Resume.self, Remove.self, Test.self,
        ],
        defaultSubcommand: List.self
    )

    /// What every subcommand that names a destination takes.
    struct Named: ParsableArguments {
        @OptionGroup var global: GlobalOptions

        @Argument(help: "default, organization:ID, clinic:ID or integration:ID.")
        var destination: String

        func scope() throws -> DestinationScope {
            guard let scope = DestinationScope(destination.lowercased()) else {
                throw CommandFailure(
                    "'\(destination)' names no destination. Write default, or organization:, clinic: or integration: "
                        + "and its UUID.", status: .wrongUsage)
            }
            return scope
        }
    }

    /// What every subcommand that changes a destination takes.
    struct Change: ParsableArguments {
        @OptionGroup var named: Named

        @Flag(name: .customLong("dry-run"), help: "Show what would change; change nothing.")
        var dryRun = false
    }

    struct List: Verb {
        static let configuration = CommandConfiguration(
            abstract: "List the destinations (the default).",
            discussion: """
                Example:
                  hookgate destinations list --json
                """
        )

        @OptionGroup var global: GlobalOptions

        func perform() async throws -> ExitStatus {
            let configuration = try global.configuration()
            return try await Database.use(configuration) { database in
                let records = try await database.destinations.all()
                try DestinationPrinter(isJSON: global.json).list(records, configured: configuration.delivery)
                return .done
            }
        }
    }

    struct Show: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Show one destination.",
            discussion: """
                Its secret and the password in its address are masked unless you ask with --reveal.

                Example:
                  hookgate destinations show clinic:6b1f0c1e-52a9-4c0e-9a53-6a6d2b1c7a10 --reveal
                """
        )

        @OptionGroup var named: Named

        @Flag(help: "Print address and secrets in clear.")
        var reveal = false

        func perform() async throws -> ExitStatus {
            let configuration = try named.global.configuration()
            let scope = try named.scope()
            return try await Database.use(configuration) { database in
                let printer = DestinationPrinter(isJSON: named.global.json, isRevealed: reveal)
                let record = try await database.destinations.destination(of: scope)
                if scope == .default, let configured = configuration.delivery {
                    try printer.show(configured, with: record)
                } else {
                    try printer.show(try record.orMissing(scope))
                }
                return .done
            }
        }
    }

    struct Pause: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Stop delivering there; events wait, and none is lost.",
            discussion: """
                Example:
                  hookgate destinations pause default
                """
        )

        @OptionGroup var change: Change

        func perform() async throws -> ExitStatus {
            try await DestinationChangeStep(change, verb: "pause").run { record, _ in record.isPaused = true }
        }
    }

    struct Resume: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Deliver there again, beginning with what waited.",
            discussion: """
                Example:
                  hookgate destinations resume default
                """
        )

        @OptionGroup var change: Change

        func perform() async throws -> ExitStatus {
            try await DestinationChangeStep(change, verb: "resume").run { record, _ in record.isPaused = false }
        }
    }

    struct Remove: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Take a destination away; its events go to the next wider one.",
            discussion: """
                Example:
                  hookgate destinations remove clinic:6b1f0c1e-52a9-4c0e-9a53-6a6d2b1c7a10
                """
        )

        @OptionGroup var change: Change

        @Flag(name: .customLong("yes"), help: "Do it without asking.")
        var yes = false

        func perform() async throws -> ExitStatus {
            let scope = try change.named.scope()
            return try await Database.use(try change.named.global.configuration()) { database in
                let printer = DestinationPrinter(isJSON: change.named.global.json)
                let record = try await database.destinations.destination(of: scope).orMissing(scope)
                if change.dryRun {
                    try printer.changed(record, outcome: .dryRun)
                    return .done
                }
                guard yes || Confirmation.ask("Remove the destination \(scope.text)?") else {
                    try printer.changed(record, outcome: .declined)
                    return .attention
                }
                let audit = try AuditEntry(
                    actor: CommandActor.current, action: "destinations.remove", subject: scope.text,
                    detail: DestinationAudit(record))
                _ = try await database.destinations.remove(scope, at: TimeSource.system.now, audit: audit)
                try printer.changed(record, outcome: .removed)
                return .done
            }
        }
    }
}

extension DestinationRecord? {
    /// The record, or why there is none.
    func orMissing(_ scope: DestinationScope) throws -> DestinationRecord {
        guard let self else {
            throw CommandFailure(
                "There is no destination \(scope.text). All of them: hookgate destinations; a new one: "
                    + "hookgate destinations set \(scope.text) --url URL")
        }
        return self
    }
}
