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
                var entries: [RunDocument.Entry] = []
                let record = try await database.migration.show(id) { page in
                    for entry in page {
                        if global.json {
                            entries.append(RunDocument.Entry(entry))
                        } else {
                            StandardStream.output.line(RunDocument.Entry(entry).line)
                        }
                    }
                }
                if global.json {
                    try JSONOutput.print(RunDocument(record, entries: entries))
                } else {
                    StandardStream.output.line(RunDocument(record).line)
                }
                return .done
            }
        }
    }

    struct Undo: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Put back exactly what was there before a run.",
            discussion: """
                Rows that somebody edited since are left as they are and listed (exit code 3).

                Example:
                  hookgate migrate undo 6b1f0c1e-52a9-4c0e-9a53-6a6d2b1c7a10 --dry-run
                """
        )

        @OptionGroup var global: GlobalOptions

        @Argument(help: "The run's id, as `hookgate migrate runs` lists it.")
        var run: String

        @Flag(name: .customLong("dry-run"), help: "List what the run wrote; change nothing.")
        var dryRun = false

        func perform() async throws -> ExitStatus {
            let id = try RunDocument.identifier(run)
            if dryRun {
                var show = Show()
                show.global = global
                show.run = run
                return try await show.perform()
            }
            return try await Database.use(try global.configuration()) { database in
                let isJSON = global.json
                let summary = try await database.migration.undo(id) { instance in
                    if !isJSON { StandardStream.output.line(Self.line(instance)) }
                }
                if isJSON {
                    try JSONOutput.print(UndoDocument(summary))
                } else {
                    StandardStream.output.line(
                        "Restored: \(summary.restored), edited since and left: \(summary.editedSince), "
                            + "gone already: \(summary.gone)")
                }
                return summary.editedSince > 0 ? .attention : .done
            }
        }

        private static func line(_ instance: UndoneInstance) -> String {
            switch instance.outcome {
            case .restored: "✅ \(instance.name): as it was"
            case .editedSince:
                "⚠️ \(instance.name): edited since the run, left as it is; put it back by hand if you must"
            case .gone: "   \(instance.name): gone already"
            }
        }
    }
}

struct UndoDocument: Encodable {
    let restored: Int
    let editedSince: Int
    let gone: Int

    init(_ summary: UndoSummary) {
        self.restored = summary.restored
        self.editedSince = summary.editedSince
        self.gone = summary.gone
    }
}

/// A run as the command line shows it.
struct RunDocument: Encodable {
    struct Entry: Encodable {
        let instanceName: String
        let integrationID: String
        let action: String
        let isUndone: Bool

        init(_ entry: RunEntry) {
            self.instanceName = entry.name.text
            self.integrationID = entry.integrationID.text
            self.action = entry.action
            self.isUndone = entry.isUndone
        }

        var line: String { "\(action)  \(instanceName)  \(integrationID)\(isUndone ? "  (undone)" : "")" }
    }

    let id: String
    let startedAt: Date
    let finishedAt: Date?
    let state: String
    let digest: String?
    let inserted: Int
    let updated: Int
    let unchanged: Int
    let undecided: Int
    let entries: [Entry]?

    init(_ record: RunRecord) {
        self.init(record, entries: nil)
    }

    init(_ record: RunRecord, entries: [Entry]?) {
        self.id = record.id.text
        self.startedAt = record.startedAt
        self.finishedAt = record.finishedAt
        self.state = record.outcome.state.rawValue
        self.digest = record.outcome.digest
        self.inserted = record.outcome.counts.inserted
        self.updated = record.outcome.counts.updated
        self.unchanged = record.outcome.counts.unchanged
        self.undecided = record.outcome.counts.needsDecision
        self.entries = entries
    }

    var line: String {
        "\(id)  \(startedAt.formatted(.iso8601))  \(state)  inserted \(inserted), updated \(updated), "
            + "unchanged \(unchanged), undecided \(undecided)"
    }

    static func identifier(_ text: String) throws -> RunID {
        guard let id = RunID(text) else {
            throw CommandFailure(
                "'\(text)' is no run id. They are listed by: hookgate migrate runs", status: .wrongUsage)
        }
        return id
    }
}
