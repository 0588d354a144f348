package import HookgateCore

/// The commands of a migration over the ports that the store fills. Each command stands in a file of its own.
package struct MigrationService: MigrationUseCases {
    /// Instances per page: a page and what it needs of clinics and integrations is all that is in memory.
    static let pageSize = 1_000

    let inventory: any MigrationInventory
    let ledger: any MigrationLedger
    let rehearsal: any MigrationRehearsal
    let routing: any RoutingSource
    let time: TimeSource

    package init(
        inventory: any MigrationInventory, ledger: any MigrationLedger, rehearsal: any MigrationRehearsal,
        routing: any RoutingSource, time: TimeSource
    ) {
        self.inventory = inventory
        self.ledger = ledger
        self.rehearsal = rehearsal
        self.routing = routing
        self.time = time
    }

    package func runs(limit: Int) async throws -> [RunRecord] {
        try await ledger.runs(limit: limit)
    }

    package func show(_ run: RunID, observe: ([RunEntry]) async throws -> Void) async throws -> RunRecord {
        guard let record = try await ledger.run(run) else { throw MigrationError.unknownRun(run) }
        try await ledger.entries(of: run, pageSize: Self.pageSize, body: observe)
        return record
    }
}
