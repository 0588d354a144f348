import ArgumentParser
import HookgateCore
import Logging
import ServiceLifecycle
import UnixSignals

/// `hookgate migrate`: carries the legacy instances into `healthcare.integrations`.
struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Carry the legacy instances into healthcare.integrations, and verify every row.",
        discussion: """
            Nothing that stands is overwritten; what cannot be decided is listed and left alone (exit code 3). Repeat \
            it as often as you like: a second run changes nothing. The options are those of `hookgate migrate run \
            --help`: --dry-run, --verbose, --overrides, --only, --exclude, --organization, --plan-digest, \
            --no-schema, --json.

            Examples:
              hookgate migrate --dry-run
              hookgate migrate --overrides decisions.yaml
              hookgate migrate --plan-digest D
              hookgate migrate verify
            """,
        subcommands: [Run.self, Verify.self, Runs.self, Show.self, Undo.self],
        defaultSubcommand: Run.self,
        aliases: ["migrate-whatsapp-integrations"]
    )

    /// The migration itself: what plain `hookgate migrate` does.
    struct Run: Verb {
        static let configuration = CommandConfiguration(
            commandName: "run", abstract: "Plan, write and verify (the default).",
            discussion: """
                Example:
                  hookgate migrate run --dry-run --json
                """
        )

        @OptionGroup var global: GlobalOptions

        @Flag(
            name: .customLong("dry-run"), help: "Show the plan and try it on a temporary copy; write nothing.")
        var dryRun = false

        @Flag(help: "Show every field that is written, before and after, and what the clinic was chosen by.")
        var verbose = false

        @Option(
            name: .customLong("plan-digest"),
            help: "Write only if the plan is still the one with this digest, as a dry run printed it.")
        var planDigest: String?

        @OptionGroup var decided: DecisionOptions

        @Flag(
            name: .customLong("no-verify"), help: "Do not verify afterwards; `hookgate migrate verify` does it later.")
        var noVerify = false

        @Flag(name: .customLong("no-schema"), help: "Do not add what the schema lacks; fail if something is missing.")
        var noSchema = false

        @OptionGroup var pace: PaceOptions

        @Flag(help: "Stay and run again whenever the legacy tables have changed, until SIGTERM or Ctrl-C.")
        var follow = false

        @Option(help: ArgumentHelp("With --follow: how long to rest between two looks.", valueName: "duration"))
        var every = DurationArgument(.seconds(60), text: "60s")

        func validate() throws {
            if follow, dryRun || planDigest != nil || global.json {
                throw ValidationError("--follow does not go with --dry-run, --plan-digest and --json.")
            }
            if follow, every.duration < .milliseconds(100) {
                throw ValidationError("--every is too short: give 100ms or more.")
            }
        }

        func perform() async throws -> ExitStatus {
            let configuration = try global.configuration()
            return try await decided.withDecisions { decisions in
                try await Database.use(configuration) { try await migrate(decisions, configuration, $0) }
            }
        }

        private func migrate(
            _ decisions: MigrationDecisions, _ configuration: Configuration, _ database: Database
        ) async throws -> ExitStatus {
            var schemaStatus = ExitStatus.done
            if !dryRun, !noSchema {
                schemaStatus = try await SchemaStep(database: database, isJSON: global.json).applyQuietly()
            }
            if follow {
                try await keepInStep(database, configuration, decisions)
                return schemaStatus
            }
            let printer = MigrationPrinter(
                isDryRun: dryRun, isJSON: global.json, isVerbose: verbose, scope: decisions.scope)
            printer.begin()
            let options = MigrationOptions(
                isDryRun: dryRun, expectedDigest: planDigest, decisions: decisions, verifies: !noVerify,
                batchSize: pace.batchSize, lockWait: pace.wait.duration)
            let summary = try await Interruption.explained(
                dryRun ? "planning the migration" : "migrating",
                next: "run the same command again, it goes on with the rest"
            ) {
                try await database.migration.migrate(options) { event in printer.print(event) }
            }
            if !dryRun, decisions.scope == .everything, let base = configuration.statedPublicURL {
                _ = try await database.catalog.fillWebhookURLs(base: base)
            }
            try printer.finish(summary)
            return .worse(schemaStatus, summary.needsAttention ? .attention : .done)
        }

        private func keepInStep(
            _ database: Database, _ configuration: Configuration, _ decisions: MigrationDecisions
        ) async throws {
            LogBootstrap.start(configuration)
            var logger = Logger(label: "hookgate")
            logger.logLevel = .warning
            let catalog = database.catalog
            let base = decisions.scope == .everything ? configuration.statedPublicURL : nil
            let follower = MigrationFollower(
                migration: database.migration,
                options: MigrationOptions(
                    decisions: decisions, verifies: false, batchSize: pace.batchSize, lockWait: .zero),
                pause: every.duration
            ) {
                if let base { _ = try await catalog.fillWebhookURLs(base: base) }
            }
            try await ServiceGroup(
                services: [follower], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger
            ).run()
        }
    }

    struct Verify: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Compare every row and field: legacy as it was, legacy now, and the integration.",
            discussion: """
                Exit code 3 on a difference nobody explained, or an instance that waits for a decision. A value that \
                stands in the integration while its legacy row did not change counts as edited: it is listed, kept by \
                every run, and makes the exit code 3 as well unless you say --accept-edits.

                Examples:
                  hookgate migrate verify --json
                  hookgate migrate verify --accept-edits
                """
        )

        @OptionGroup var global: GlobalOptions

        @OptionGroup var decided: DecisionOptions

        @Flag(name: .customLong("accept-edits"), help: "Do not fail for values that were edited since the migration.")
        var acceptEdits = false

        func perform() async throws -> ExitStatus {
            return try await decided.withDecisions { decisions in
                try await Database.use(try global.configuration()) { database in
                    let printer = VerificationPrinter(isJSON: global.json)
                    let summary = try await database.migration.verify(decisions) { result in printer.print(result) }
                    try printer.finish(summary)
                    return summary.holds && (acceptEdits || summary.withOpenEdits == 0) ? .done : .attention
                }
            }
        }
    }
}
