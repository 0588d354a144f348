import ArgumentParser
import HookgateCore
import Migration

/// `hookgate webhooks`: what Evolution has, the switch-over to token URLs, and the way back.
struct WebhooksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhooks",
        abstract: "Show and change the webhook URLs inside Evolution API.",
        discussion: """
            Example:
              hookgate webhooks status
              hookgate webhooks switch --canary 5% --dry-run
            """,
        subcommands: [Status.self, Switch.self, Rollback.self])

    struct Status: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Hold the old tables, the integrations and Evolution against each other.",
            discussion: """
                A line for each name: what Evolution posts to, and the command that mends it where that is not the \
                token URL. Reads only. Exit code 3 when anything is not as it should be, or a server could not be asked.

                Example:
                  hookgate webhooks status --json
                """)

        @OptionGroup var global: GlobalOptions

        func perform() async throws -> ExitStatus {
            let configuration = try global.configuration()
            let servers = try EvolutionServers.configured(configuration)
            return try await Database.use(configuration) { database in
                let printer = WebhookStatusPrinter(isJSON: global.json)
                let failures = try await database.switchOver(configuration, servers).status { printer.add($0) }
                return try printer.finish(failures)
            }
        }
    }
}

extension WebhooksCommand {
    struct Switch: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Point instances at their token URLs, and wait for the first event of each.",
            discussion: """
                For each instance: what Evolution has is kept, the token URL is proven with a probe, set with every \
                other setting as it was, and read back; the first real event on it confirms it. Without an event in \
                time it stays configured and is listed (exit code 3). Killed at any point, the same command goes on. \
                An integration's second factor that Evolution does not send yet is made anew and set along; \
                --second-factor brings one to integrations that have none. The way back: hookgate webhooks rollback

                Example:
                  hookgate webhooks switch clinic-abc123
                  hookgate webhooks switch --canary 5% --pace 2 --wait-for-event 30m
                """)

        @OptionGroup var global: GlobalOptions

        @Argument(help: "Names of instances (default: all that have an integration with a token).")
        var instances: [String] = []

        @Option(help: "The share that goes first and must not fail, as 5%.")
        var canary: PercentArgument?

        @Option(help: "Instances set in a second.")
        var pace = 5.0

        @Option(help: "How long each instance is waited for; 0s does not wait.")
        var waitForEvent = DurationArgument(.seconds(30 * 60), text: "30m")

        @Flag(help: "Also replace a URL that is neither the old one nor a token URL.")
        var replaceOther = false

        @Option(help: "Bring a second factor along: policy (the integration's own), none, header, jwt or both.")
        var secondFactor = SecondFactorChoice.policy

        @Flag(help: "Show what would be set; set nothing.")
        var dryRun = false

        @OptionGroup var rehearsal: RehearsalOption

        func validate() throws {
            guard (0.01...100).contains(pace) else {
                throw ValidationError("--pace \(pace) is out of range: give a number from 0.01 to 100.")
            }
        }

        func perform() async throws -> ExitStatus {
            let configuration = try global.configuration()
            var options = SwitchOverOptions()
            options.isDryRun = dryRun
            options.canaryShare = canary?.share ?? 0
            options.eventWait = waitForEvent.duration
            options.pace = pace
            options.replacesOther = replaceOther
            options.secondFactor = secondFactor
            let fixed = options
            let servers = try EvolutionServers.configured(configuration)
            return try await Database.use(configuration) { database in
                let service = database.switchOver(configuration, servers)
                let targets = try await service.targets(instances, among: database.tokens)
                try rehearsal.check(configuration, targets)
                let printer = SwitchOverPrinter(title: "Switch-over", isDryRun: dryRun, isJSON: global.json)
                let results = try await service.switchOver(targets, run: RunID.random(), options: fixed) {
                    printer.show($0)
                }
                return try printer.finish(results, isSwitch: true)
            }
        }
    }

    struct Rollback: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Put back exactly the webhook settings that stood there before.",
            discussion: """
                For named instances, for one run, or with --all for every one. Only where the URL at Evolution is \
                still the one that was set; where somebody has set another since, it is left and listed (exit code 3).

                Example:
                  hookgate webhooks rollback clinic-abc123 --dry-run
                """)

        @OptionGroup var global: GlobalOptions

        @Argument(help: "Names of instances.")
        var instances: [String] = []

        @Option(help: "The run that is taken back.")
        var run: String?

        @Flag(help: "Take back every switch-over.")
        var all = false

        @Flag(help: "Show what would be put back; change nothing.")
        var dryRun = false

        func validate() throws {
            let ways = [!instances.isEmpty, run != nil, all].count { $0 }
            guard ways == 1 else { throw ValidationError("Name instances, or give --run RUN, or --all.") }
            if let run, RunID(run) == nil { throw ValidationError("--run '\(run)' is no run's id.") }
        }

        private var selection: RollbackSelection {
            if let run = run.flatMap({ RunID($0) }) { return .run(run) }
            return all ? .fleet : .instances(instances.map { InstanceName($0) })
        }

        func perform() async throws -> ExitStatus {
            let configuration = try global.configuration()
            let servers = try EvolutionServers.configured(configuration)
            return try await Database.use(configuration) { database in
                let service = database.switchOver(configuration, servers)
                let entries = try await service.restorable(selection)
                let missing = Set(instances.map { InstanceName($0) }).subtracting(entries.map(\.instance))
                if let name = missing.min() {
                    throw CommandFailure(
                        "No switch-over of '\(name)' is in the journal that could be taken back. What is there: "
                            + "hookgate webhooks status")
                }
                if case .run(let run) = selection, entries.isEmpty, try await !service.hasEntries(of: run) {
                    throw CommandFailure(
                        "The journal has no switch-over of the run \(run). Each `webhooks switch` names the run that takes "
                            + "its work back; what there is: hookgate webhooks status")
                }
                let printer = SwitchOverPrinter(title: "Rollback", isDryRun: dryRun, isJSON: global.json)
                let results = try await service.rollBack(entries, isDryRun: dryRun) { printer.show($0) }
                return try printer.finish(results)
            }
        }
    }
}
