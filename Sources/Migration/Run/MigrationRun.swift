import FoundationEssentials
import HookgateCore

/// One execution of a plan: instances are planned page by page and written batch by batch, each batch with its
/// journal in one transaction.
///
/// There is no checkpoint to restore. A run that was cut off anywhere is continued by the next one, or goes on itself:
/// either plans from the start and finds what is committed already in place.
struct MigrationRun {
    typealias Observer = @Sendable (MigrationEvent) async throws -> Void

    private let inventory: any MigrationInventory
    private let ledger: any MigrationLedger
    private let planner: MigrationPlanner
    private let time: TimeSource
    private let wanted: RunID
    /// What it had written when it was cut off: in its journal an instance has one place, so what somebody has changed
    /// since is left to the run after it.
    private var written: Set<InstanceName> = []
    /// The run's id once it has written something; a run with nothing to write leaves no record.
    private(set) var id: RunID?
    private(set) var counts = PlanCounts()
    private(set) var digest = ""

    init(
        _ id: RunID, inventory: any MigrationInventory, ledger: any MigrationLedger, planner: MigrationPlanner,
        time: TimeSource
    ) {
        self.wanted = id
        self.inventory = inventory
        self.ledger = ledger
        self.planner = planner
        self.time = time
    }

    /// Goes on with what was cut off.
    /// - Parameter counts: what it came to until then.
    mutating func goOn(from written: Set<InstanceName>, _ counts: PlanCounts) async throws {
        try await ledger.beginRun(wanted, at: time.now)
        id = wanted
        self.written = written
        // Only what it wrote is settled; the rest is planned, and counted, anew.
        self.counts.inserted = counts.inserted
        self.counts.updated = counts.updated
    }

    mutating func execute(batchSize: Int, pageSize: Int, observe: Observer) async throws {
        do {
            try await planAndWrite(batchSize: max(1, batchSize), pageSize: pageSize, observe: observe)
        } catch {
            try? await finish(.failed)  // the error that ended the run is the one to tell
            throw error
        }
        try await finish(.finished)
    }

    private mutating func planAndWrite(batchSize: Int, pageSize: Int, observe: Observer) async throws {
        var batch: [PlannedInstance] = []
        var sum = planner.emptyDigest
        let planner = planner
        // The next page is read and planned while the batches of this one are written.
        try await inventory.pages(of: .legacy, size: pageSize, prepare: { planner.plan($0) }) { page in
            for planned in page {
                sum.add(planned)
                if written.contains(planned.name) { continue }
                guard planned.action.writes else {
                    try await conclude(planned, observe: observe)
                    continue
                }
                batch.append(planned)
                if batch.count == batchSize {
                    try await write(batch, observe: observe)
                    batch.removeAll(keepingCapacity: true)
                }
            }
        }
        if !batch.isEmpty { try await write(batch, observe: observe) }
        digest = sum.text()
    }

    /// Writes a batch. What somebody else changed since it was planned is planned anew, once; what changes even
    /// then is left alone and reported.
    private mutating func write(_ batch: [PlannedInstance], observe: Observer) async throws {
        let overtaken = try await commit(batch, observe: observe)
        guard !overtaken.isEmpty else { return }
        let planned = planner.plan(try await inventory.page(naming: overtaken.map(\.name)))
        for instance in planned where !instance.action.writes { try await conclude(instance, observe: observe) }
        for instance in try await commit(planned.filter(\.action.writes), observe: observe) {
            try await conclude(instance.conflicting(.keepsChanging), observe: observe)
        }
    }

    /// Returns the instances that somebody else was quicker with.
    private mutating func commit(_ batch: [PlannedInstance], observe: Observer) async throws -> [PlannedInstance] {
        guard !batch.isEmpty else { return [] }
        let outcome = try await ledger.write(batch, run: try await openRun(), at: time.now)
        var overtaken: [PlannedInstance] = []
        for planned in batch {
            if outcome.written.contains(planned.name) {
                counts.count(planned.action)
                try await observe(.migrated(planned))
            } else if let rule = outcome.refused[planned.name] {
                try await conclude(planned.conflicting(.refused(rule)), observe: observe)
            } else {
                overtaken.append(planned)
            }
        }
        try await observe(.batchCommitted(instances: outcome.written.count))
        return overtaken
    }

    private mutating func conclude(_ planned: PlannedInstance, observe: Observer) async throws {
        counts.count(planned.action)
        try await observe(.planned(planned))
    }

    private mutating func openRun() async throws -> RunID {
        if let id { return id }
        try await ledger.beginRun(wanted, at: time.now)
        id = wanted
        return wanted
    }

    private func finish(_ state: RunOutcome.State) async throws {
        guard let id else { return }
        let outcome = RunOutcome(state: state, digest: digest.isEmpty ? nil : digest, counts: counts)
        try await ledger.finishRun(id, outcome: outcome, at: time.now)
    }
}
