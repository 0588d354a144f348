import ArgumentParser
import HookgateCore
import Migration

/// `hookgate check`: the state of every instance, and what is next for it.
struct CheckCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Show the state of every instance, and what is next for it.",
        discussion: """
            Reads only, and needs no schema of ours. Where Evolution servers are configured it also says what they \
            have as webhook URL, of up to \(ServerWebhooks.mostInstances) instances; one that cannot be asked is said \
            and fails nothing. Exit code 3 when something must be migrated or decided.

            Example:
              DATABASE_URL=postgresql://… hookgate check
            """,
        aliases: ["check-legacy-instances"]
    )

    @OptionGroup var global: GlobalOptions

    func perform() async throws -> ExitStatus {
        let configuration = try global.configuration()
        return try await Database.use(configuration) { database in
            let printer = CheckPrinter(isJSON: global.json)
            let servers = try configuration.evolutionServers.isEmpty ? [] : EvolutionServers.configured(configuration)
            let evolution = servers.isEmpty ? nil : ServerWebhooks(servers: servers)
            let report = try await database.migration.check(evolution: evolution) { event in printer.print(event) }
            try printer.finish(report)
            return report.needsAttention ? .attention : .done
        }
    }
}
