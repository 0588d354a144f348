import Fleet
import HookgateCore
import Migration
import Store

extension Database {
    var catalog: any IntegrationCatalog { PostgresIntegrationCatalog(pool: pool) }

    var destinations: any DestinationStore { PostgresDestinations(pool: pool) }

    var tokens: any TokenLedger { tokens(actor: CommandActor.current) }

    /// - Parameter actor: who changes them, for the audit log.
    func tokens(actor: String) -> any TokenLedger { PostgresTokenLedger(pool: pool, actor: actor) }

    func secondFactors(_ policy: SecondFactorPolicy) -> any SecondFactorUseCases {
        SecondFactorKeeper(store: PostgresSecondFactors(pool: pool), policy: policy)
    }

    var routing: any RoutingSource { PostgresRoutingSource(pool: pool, listenURL: directURL) }

    var migration: any MigrationUseCases {
        MigrationService(
            inventory: PostgresMigrationInventory(pool: pool),
            ledger: PostgresMigrationLedger(pool: pool, lockURL: directURL),
            rehearsal: PostgresMigrationRehearsal(pool: pool),
            routing: routing, time: time)
    }

    var fleet: any FleetMonitorUseCases {
        FleetMonitor(
            fleet: PostgresFleetTraffic(pool: pool), traffic: PostgresTrafficHistory(pool: pool),
            coverage: PostgresCoverageHistory(pool: pool), time: time)
    }
}
