package import HookgateCore

/// The commands of a migration over the ports that the store fills. Each command stands in a file of its own.
package struct MigrationService: MigrationUseCases {
    /// Legacy rows per page: a page, the next one, and what they need of clinics and integrations are all that is in
    /// memory.
    package static let pageSize = 4_000

    let inventory: any MigrationInventory
    let ledger: any MigrationLedger
    let rehearsal: any MigrationRehearsal
    let routing: any RoutingSource
    let time: TimeSource
    let pageSize: Int

    package init(
        inventory: any MigrationInventory, ledger: any MigrationLedger, rehearsal: any MigrationRehearsal,
        routing: any RoutingSource, time: TimeSource, pageSize: Int = Self.pageSize
    ) {
        self.inventory = inventory
        self.ledger = ledger
        self.rehearsal = rehearsal
        self.routing = routing
        self.time = time
        self.pageSize = pageSize
    }

    package func mark() async throws -> InventoryMark {
        try await inventory.mark()
    }

    package func runs(limit: Int) async throws -> [RunRecord] {
        try await ledger.runs(limit: limit)
    }

    package func record(of run: RunID) async throws -> RunRecord {
        guard let record = try await ledger.run(run) else { throw MigrationError.unknownRun(run) }
        return record
    }

    package func show(_ run: RunID, observe: ([RunEntry]) async throws -> Void) async throws -> RunRecord {
        let record = try await record(of: run)
        try await ledger.entries(of: run, pageSize: pageSize, body: observe)
        return record
    }
}
