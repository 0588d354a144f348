import ArgumentParser
import HookgateCore

extension IntegrationsCommand {
    struct List: Verb {
        static let configuration = CommandConfiguration(
            abstract: "List the integrations; with --orphans the instances that no integration names.",
            discussion: """
                Orphans are told only when every configured Evolution server answered, with what their webhooks say of \
                whose they are. Nothing is deleted: that is a person's to decide (exit code 3).

                Examples:
                  hookgate integrations list --status disconnected --json
                  hookgate integrations list --orphans
                """)

        @OptionGroup var global: GlobalOptions

        @Option(help: "Only this clinic's.")
        var clinic: String?

        @Option(help: "active, pending, disconnected or error.")
        var status: String?

        @Flag(help: "Only those that are switched off.")
        var disabled = false

        @Option(help: "A part of a name, or the last digits of a number.")
        var search: String?

        @Option(help: "How many at most, up to 1000.")
        var limit = 50

        @Option(help: "Where the page before ended.")
        var after: String?

        @Flag(help: "List instances without an integration instead.")
        var orphans = false

        func validate() throws {
            guard (1...IntegrationQuery.largestPage).contains(limit) else {
                throw ValidationError("--limit \(limit) is out of range: give a number from 1 to 1000.")
            }
            _ = try query()
        }

        private func query() throws -> IntegrationQuery {
            var query = IntegrationQuery()
            query.limit = limit
            query.text = search
            if disabled { query.isEnabled = false }
            if let clinic {
                guard let id = ClinicID(clinic) else { throw ValidationError("--clinic '\(clinic)' is no uuid.") }
                query.clinic = id
            }
            if let status {
                guard let word = IntegrationStatus(rawValue: status) else {
                    throw ValidationError("--status '\(status)' is none. Use active, pending, disconnected or error.")
                }
                query.status = word
            }
            if let after {
                guard let cursor = IntegrationCursor(after) else {
                    throw ValidationError("--after '\(after)' is no place that a list has named.")
                }
                query.cursor = cursor
            }
            return query
        }

        func perform() async throws -> ExitStatus {
            let configuration = try global.configuration()
            let printer = IntegrationPrinter(isJSON: global.json)
            if orphans {
                let servers = try EvolutionServers.configured(configuration)
                return try await Database.use(configuration) { database in
                    try printer.show(try await database.integrations(configuration, servers).orphans())
                }
            }
            let query = try query()
            return try await Database.use(configuration) { database in
                try printer.show(try await database.integrations(configuration, []).list(query))
                return .done
            }
        }
    }

    struct Show: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Show one integration: its status with its history, and what its Evolution server says now.",
            discussion: """
                Also who else is logged in with the same number: WhatsApp lets one of two go, again and again \
                (device_removed).

                Example:
                  hookgate integrations show clinic-abc123
                """)

        @OptionGroup var global: GlobalOptions

        @Argument(help: "The instance's name, or its integration's id.")
        var instance: String

        func perform() async throws -> ExitStatus {
            let configuration = try global.configuration()
            let servers = try EvolutionServers.optional(configuration)
            return try await Database.use(configuration) { database in
                let detail = try await IntegrationStep.explaining(instance) {
                    try await database.integrations(configuration, servers).show(instance)
                }
                try IntegrationPrinter(isJSON: global.json).show(detail)
                return .done
            }
        }
    }
}
