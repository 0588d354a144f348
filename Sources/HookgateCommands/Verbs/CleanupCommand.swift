import ArgumentParser
import FoundationEssentials
import HookgateCore

/// `hookgate cleanup`: takes the legacy tables out of the way once nothing needs them, and can bring them back.
struct CleanupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cleanup",
        abstract: "Move the legacy tables into an archive once nothing needs them; bring them back; drop them.",
        discussion: """
            Nothing is dropped before `purge`. Six of the eight tables are moved into a schema of their own; \
            public.integrations and core.whatsapp_conversations stay where they are.

            Example:
              hookgate cleanup plan
              hookgate cleanup run --dry-run
            """,
        subcommands: [Plan.self, Run.self, Restore.self, Purge.self],
        defaultSubcommand: Plan.self)

    /// What the gates are asked with.
    struct Gates: ParsableArguments {
        @Option(help: "For how many days no legacy traffic may have come, watched throughout.")
        var observeDays = 14

        @Option(
            help: ArgumentHelp(
                "Your word that reads of the tables are known and need nothing, as those of a nightly dump; it is kept.",
                valueName: "reason"))
        var acceptReads: String?

        func validate() throws {
            guard (1...365).contains(observeDays) else {
                throw ValidationError("--observe-days is a number from 1 to 365.")
            }
        }

        var options: CleanupOptions {
            CleanupOptions(window: .seconds(observeDays * 86_400), acceptedReads: acceptReads)
        }
    }

    struct Plan: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Ask every gate, and show what a run would move (the default).",
            discussion: """
                Each gate with its evidence and what to do about it. Changes nothing but a note of the tables' \
                counters, with which the next plan compares. Exit code 3 while a gate does not hold or nobody can say.

                Example:
                  hookgate cleanup plan --observe-days 21 --json
                """)

        @OptionGroup var global: GlobalOptions

        @OptionGroup var gates: Gates

        func perform() async throws -> ExitStatus {
            try await CleanupStep(global).plan(gates.options)
        }
    }

    struct Run: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Move the legacy tables into an archive, if every gate holds.",
            discussion: """
                One short transaction: all of the tables or none. Rows, indexes, constraints, triggers, policies, \
                grants, sequences and publications stay with them. While somebody holds a lock it gives way, and \
                after a few attempts gives up with nothing changed. Exit code 3 when it was refused.

                Examples:
                  hookgate cleanup run --dry-run
                  hookgate cleanup run --plan-digest D
                """)

        @OptionGroup var global: GlobalOptions

        @OptionGroup var gates: Gates

        @Flag(help: "Print the statements; run none of them.")
        var dryRun = false

        @Option(
            help: ArgumentHelp("Only if the plan is still the one with this digest; does not ask.", valueName: "digest")
        )
        var planDigest: String?

        @Flag(help: "Do not ask.")
        var yes = false

        func perform() async throws -> ExitStatus {
            try await CleanupStep(global).run(
                gates.options, isDryRun: dryRun, digest: planDigest, isConfirmed: yes || planDigest != nil)
        }
    }

    struct Restore: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Move an archive's tables back.",
            discussion: """
                One transaction, which compares what comes back with what was moved, row by row and definition by \
                definition: if anything differs, nothing is changed (exit code 3).

                Examples:
                  hookgate cleanup restore
                  hookgate cleanup restore --archive hookgate_archive_20251113 --rehearse
                """)

        @OptionGroup var global: GlobalOptions

        @Option(help: "The archive's name; needed where there are several.")
        var archive: String?

        @Flag(help: "Restore, compare and take it back: shows that a restore would succeed.")
        var rehearse = false

        @Flag(help: "Print the statements; run none of them.")
        var dryRun = false

        func perform() async throws -> ExitStatus {
            try await CleanupStep(global).restore(archive, isRehearsal: rehearse, isDryRun: dryRun)
        }
    }

    struct Purge: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Drop an archive's tables for good.",
            discussion: """
                Only once its retention is over, and after a rehearsed restore. You type the archive's name, or \
                give it with --archive. Nothing brings the tables back afterwards.

                Example:
                  hookgate cleanup purge --archive hookgate_archive_20251113 --dry-run
                """)

        @OptionGroup var global: GlobalOptions

        @Option(help: "The archive's name, in place of typing it.")
        var archive: String?

        @Option(help: "For how many days an archive is kept.")
        var retentionDays = 30

        @Flag(help: "Print the statements; run none of them.")
        var dryRun = false

        func validate() throws {
            guard (0...3_650).contains(retentionDays) else {
                throw ValidationError("--retention-days is a number from 0 to 3650.")
            }
        }

        func perform() async throws -> ExitStatus {
            try await CleanupStep(global).purge(
                archive, retention: .seconds(retentionDays * 86_400), isDryRun: dryRun)
        }
    }
}
