package import FoundationEssentials

/// Writes what a plan says, together with the journal that lets it be verified and undone. Filled by the store.
package protocol MigrationLedger: Sendable {
    /// Runs a body while no other run, on any machine, is inside one.
    func withRunLock<Success: Sendable>(
        wait: Duration, body: @escaping @Sendable () async throws -> Success
    ) async throws -> Success

    /// Opens a run. Throws ``MigrationError/schemaMissing`` when there is nowhere to write.
    func beginRun(_ id: RunID, at now: Date) async throws

    /// Writes a batch, journal included: in one transaction, or in smaller ones where the database refuses a row.
    func write(_ batch: [PlannedInstance], run: RunID, at now: Date) async throws -> BatchOutcome

    func finishRun(_ id: RunID, outcome: RunOutcome, at now: Date) async throws

    /// The latest runs, newest first.
    func runs(limit: Int) async throws -> [RunRecord]

    /// Nil when there is no such run.
    func run(_ id: RunID) async throws -> RunRecord?

    /// Streams what a run wrote, in the order of the instance names' bytes.
    func entries(of run: RunID, pageSize: Int, body: ([RunEntry]) async throws -> Void) async throws

    /// Puts the next instances of a run back as they were, in one transaction, and says for each how it went, in
    /// the order of their names' bytes. Empty when none is left to undo.
    func undoBatch(
        of run: RunID, after name: InstanceName?, limit: Int, at now: Date
    ) async throws -> [UndoneInstance]
}

/// What became of the instances of a batch. One that is in neither changed since it was planned, and is as
/// somebody else left it.
package struct BatchOutcome: Sendable, Equatable {
    package var written: Set<InstanceName>
    /// Instances that the database did not take, with the rule they break.
    package var refused: [InstanceName: String]

    package init(written: Set<InstanceName> = [], refused: [InstanceName: String] = [:]) {
        self.written = written
        self.refused = refused
    }

    package mutating func merge(_ other: BatchOutcome) {
        written.formUnion(other.written)
        refused.merge(other.refused) { first, _ in first }
    }
}

/// How a run ended.
package struct RunOutcome: Sendable, Equatable {
    package enum State: String, Sendable {
        case running
        case finished
        case failed
        case undone
    }

    package var state: State
    package var digest: String?
    package var counts: PlanCounts

    package init(state: State, digest: String? = nil, counts: PlanCounts = PlanCounts()) {
        self.state = state
        self.digest = digest
        self.counts = counts
    }
}

/// One run as the journal has it.
package struct RunRecord: Sendable, Equatable {
    package let id: RunID
    package let startedAt: Date
    package let finishedAt: Date?
    package let outcome: RunOutcome

    package init(id: RunID, startedAt: Date, finishedAt: Date?, outcome: RunOutcome) {
        self.id = id
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.outcome = outcome
    }
}

/// What a run did to one integration.
package struct RunEntry: Sendable, Equatable {
    package let name: InstanceName
    package let integrationID: IntegrationID
    /// `insert` or `update`.
    package let action: String
    package let isUndone: Bool

    package init(name: InstanceName, integrationID: IntegrationID, action: String, isUndone: Bool) {
        self.name = name
        self.integrationID = integrationID
        self.action = action
        self.isUndone = isUndone
    }
}

/// How the undoing of one instance went.
package struct UndoneInstance: Sendable, Equatable {
    package enum Outcome: Sendable, Equatable {
        case restored
        /// Somebody edited the integration after the run, so it was left as it is.
        case editedSince
        /// The integration is not there any more.
        case gone
    }

    package let name: InstanceName
    package let outcome: Outcome

    package init(name: InstanceName, outcome: Outcome) {
        self.name = name
        self.outcome = outcome
    }
}
