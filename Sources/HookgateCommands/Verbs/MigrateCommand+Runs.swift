import ArgumentParser
import FoundationEssentials
import HookgateCore

extension MigrateCommand {
    struct Runs: Verb {
        static let configuration = CommandConfiguration(
            abstract: "List the latest runs, newest first.",
            discussion: """
                Example:
                  hookgate migrate runs --limit 5
                """
        )

        @OptionGroup var global: GlobalOptions

        @Option(help: "How many to list.")
        var limit = 20

        func perform() async throws -> ExitStatus {
            try await Database.use(try global.configuration()) { database in
                let runs = try await database.migration.runs(limit: limit)
                if global.json {
                    try JSONOutput.print(runs.map(RunDocument.init))
                } else if runs.isEmpty {
                    StandardStream.output.line("No runs yet.")
                } else {
                    for run in runs { StandardStream.output.line(RunDocument(run).line) }
                    if runs.contains(where: { $0.outcome.state == .interrupted }) {
                        StandardStream.output.line(
                            "\nAn interrupted run lost its process. What it had written stands; `hookgate migrate` does the rest."
                        )
                    }
                }
                return .done
            }
        }
    }

    struct Show: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Show one run and what it wrote.",
            discussion: """
                Example:
                  hookgate migrate show 6b1f0c1e-52a9-4c0e-9a53-6a6d2b1c7a10
                """
        )

        @OptionGroup var global: GlobalOptions

        @Argument(help: "The run's id, as `hookgate migrate runs` lists it.")
        var run: String

        func perform() async throws -> ExitStatus {
            let id = try RunDocument.identifier(run)
            return try await Database.use(try global.configuration()) { database in
                let record = try await database.migration.record(of: id)
                var entries: [RunDocument.Entry] = []
                if !global.json { RunDocument(record).lines.forEach(StandardStream.output.line) }
                _ = try await database.migration.show(id) { page in
                    for entry in page.map(RunDocument.Entry.init) {
                        if global.json { entries.append(entry) } else { StandardStream.output.line(entry.line) }
                    }
                }
                if global.json { try JSONOutput.print(RunDocument(record, entries: entries)) }
                return .done
            }
        }
    }

    struct Undo: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Put back exactly what was there before a run.",
            discussion: """
                An integration is left as it is, and listed with the reason (exit code 3), when somebody edited it since, \
                when a later run changed it, and when webhooks come on the token URL that the run made: without the \
                integration each of them would be refused for good.

                Examples:
                  hookgate migrate undo 6b1f0c1e-52a9-4c0e-9a53-6a6d2b1c7a10 --dry-run
                  hookgate migrate undo 6b1f0c1e-52a9-4c0e-9a53-6a6d2b1c7a10
                """
        )

        @OptionGroup var global: GlobalOptions

        @Argument(help: "The run's id, as `hookgate migrate runs` lists it.")
        var run: String

        @Flag(name: .customLong("dry-run"), help: "Say what would come of each instance; change nothing.")
        var dryRun = false

        @Flag(
            name: .customLong("force-in-use"),
            help: "Take away even integrations on whose token URL webhooks come; Evolution's next ones are refused.")
        var forceInUse = false

        @OptionGroup var pace: PaceOptions

        func perform() async throws -> ExitStatus {
            let id = try RunDocument.identifier(run)
            let options = UndoOptions(
                isDryRun: dryRun, takesInUse: forceInUse, batchSize: pace.batchSize, lockWait: pace.wait.duration)
            return try await Database.use(try global.configuration()) { database in
                let counts = try await database.migration.record(of: id).outcome.counts
                let printer = UndoPrinter(run: id, total: counts.written, isDryRun: dryRun, isJSON: global.json)
                let summary = try await Interruption.explained(
                    "undoing run \(id)", next: "run the same command again, it goes on with the rest"
                ) {
                    try await database.migration.undo(id, options) { instance in printer.print(instance) }
                }
                try printer.finish(summary)
                return summary.refused > 0 ? .attention : .done
            }
        }
    }
}
