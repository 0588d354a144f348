import ArgumentParser
import FoundationEssentials
import HookgateCore
import Store

/// `hookgate schema`: the additive schema, and files of SQL.
struct SchemaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Bring the database to the built-in schema, or run a file of SQL.",
        discussion: """
            Example:
              hookgate schema status
            """,
        subcommands: [Apply.self, Status.self])

    struct Apply: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Add what the schema lacks, or run FILE and record it.",
            discussion: """
                Without FILE: the built-in files that are not applied yet. With FILE: that file, whatever was run \
                before; where it does not exist, the built-in file of its name. A file that would drop or empty a \
                legacy table is refused, and the guide's file that drops them all is `hookgate cleanup run`. Exit \
                code 3 when something is left for a person, or the file is refused.

                Examples:
                  hookgate schema apply --dry-run
                  hookgate schema apply 20251020_add_webhook_tokens_to_integrations.sql
                """
        )

        @OptionGroup var global: GlobalOptions

        @Argument(help: "A file of SQL.")
        var file: String?

        @Flag(name: .customLong("dry-run"), help: "Print the SQL that would run; run nothing.")
        var dryRun = false

        func perform() async throws -> ExitStatus {
            if let file, SchemaFile.dropsLegacyTables(path: file) {
                return try await CleanupStep(global).run(
                    CleanupOptions(), isDryRun: dryRun, digest: nil, isConfirmed: false)
            }
            return try await Database.use(try global.configuration()) { database in
                let step = SchemaStep(database: database, isJSON: global.json)
                return dryRun ? try await step.preview(file: file) : try await step.apply(file: file)
            }
        }
    }

    struct Status: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Show what is applied, what is not, and what needs a person.",
            discussion: """
                Exit code 3 when something is pending or needs a person.

                Example:
                  hookgate schema status
                """
        )

        @OptionGroup var global: GlobalOptions

        func perform() async throws -> ExitStatus {
            try await Database.use(try global.configuration()) { database in
                try await SchemaStep(database: database, isJSON: global.json).status()
            }
        }
    }
}

/// `apply_migration.py FILE` of the guide: `hookgate schema apply FILE` under its old name.
struct ApplyMigrationCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "apply-migration", abstract: "The guide's name for: hookgate schema apply",
        discussion: """
            Example:
              hookgate apply-migration 20251020_add_webhook_tokens_to_integrations.sql
            """, shouldDisplay: false)

    @OptionGroup var apply: SchemaCommand.Apply

    func perform() async throws -> ExitStatus {
        try await apply.perform()
    }
}
