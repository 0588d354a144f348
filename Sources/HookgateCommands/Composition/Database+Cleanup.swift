import HookgateCore
import Migration
import Store

extension Database {
    /// The clean-up, which asks the Evolution servers where any are configured.
    func cleanup(_ configuration: Configuration) throws -> any CleanupUseCases {
        let servers =
            configuration.evolutionServers.isEmpty ? nil : try EvolutionServers.configured(configuration)
        return CleanupService(
            CleanupService.Ports(
                evidence: PostgresCleanupEvidence(pool: pool, directURL: directURL),
                archives: PostgresLegacyArchives(pool: pool),
                ledger: PostgresMigrationLedger(pool: pool, lockURL: directURL),
                inventory: PostgresMigrationInventory(pool: pool),
                journal: PostgresSwitchOverJournal(pool: pool, lockURL: directURL, actor: CommandActor.current),
                coverage: PostgresCoverageHistory(pool: pool),
                standings: servers.map { switchOver(configuration, $0) }, catalog: catalog),
            time: time)
    }
}
