import ArgumentParser
import FoundationEssentials
import HookgateCore
import Store

/// `hookgate audit`: who did what.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Look at the audit log, and prove that it is as it was written.",
        discussion: """
            Examples:
              hookgate audit list --action events.reveal
              hookgate audit verify
            """,
        subcommands: [List.self, Verify.self]
    )

    struct List: Verb {
        static let configuration = CommandConfiguration(
            abstract: "List entries, newest first.",
            discussion: """
                Example:
                  hookgate audit list --actor anna@clinic --limit 20
                """
        )

        @OptionGroup var global: GlobalOptions

        @Option(help: "Only what this one did, as it stands in the log.")
        var actor: String?

        @Option(help: "Only this deed: events.reveal.")
        var action: String?

        @Option(help: "Only what was done to this.")
        var subject: String?

        @Option(help: "How many at most, up to \(AuditFilter.largestPage).")
        var limit = 50

        @Option(help: "Where the page before ended, as it was printed.")
        var cursor: String?

        func perform() async throws -> ExitStatus {
            var filter = AuditFilter()
            filter.actor = actor
            filter.action = action
            filter.subject = subject
            filter.before = try cursor.map {
                try OptionReading.value("--cursor", $0, "a cursor that a list printed") { Int($0) }
            }
            guard (1...AuditFilter.largestPage).contains(limit) else {
                throw CommandFailure("--limit is from 1 to \(AuditFilter.largestPage).", status: .wrongUsage)
            }
            filter.limit = limit
            return try await Database.use(try global.configuration()) { database in
                let page = try await PostgresAuditReader(pool: database.pool).entries(filter)
                try AuditPrinter(isJSON: global.json).print(page)
                return .done
            }
        }
    }

    struct Verify: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Follow the chain of digests through the whole log.",
            discussion: """
                Exit code 3 where an entry was changed, taken out or put in. Entries cut off at the end leave no trace in \
                the chain: keep the last digest, which `audit list` prints, elsewhere and compare.

                Example:
                  hookgate audit verify
                """
        )

        @OptionGroup var global: GlobalOptions

        func perform() async throws -> ExitStatus {
            try await Database.use(try global.configuration()) { database in
                let reader = PostgresAuditReader(pool: database.pool)
                let verdict = try await reader.verify()
                var newest = AuditFilter()
                newest.limit = 1
                let last = try await reader.entries(newest).entries.first
                try AuditPrinter(isJSON: global.json).print(verdict, last: last)
                if case .broken = verdict { return .attention }
                return .done
            }
        }
    }
}
