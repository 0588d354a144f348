package import FoundationEssentials

/// Writes what a plan says, together with the journal that lets it be verified and undone. Filled by the store.
package protocol MigrationLedger: Sendable {
    /// Runs a body while no other run, on any machine, is inside one.
    func withRunLock<Success: Sendable>(
        wait: Duration, body: @Sendable () async throws -> Success
    ) async throws -> Success

    /// Opens a run. Throws ``MigrationError/schemaMissing`` when there is nowhere to write.
    func beginRun(_ id: RunID, at now: Date) async throws

    /// Writes one batch in one transaction, journal included, and returns the names that were written. A name
    /// that is not among them changed since it was planned; it is as somebody else left it.
    func write(_ batch: [PlannedInstance], run: RunID, at now: Date) async throws -> Set<InstanceName>

    func finishRun(_ id: RunID, outcome: RunOutcome, at now: Date) async throws

    /// The latest runs, newest first.
    func runs(limit: Int) async throws -> [RunRecord]

    /// Nil when there is no such run.
    func run(_ id: RunID) async throws -> RunRecord?

    /// Streams what a run wrote, in the order of the instance names' bytes.
    func entries(of run: RunID, pageSize: Int, body: ([RunEntry]) async throws -> Void) async throws

    /// Puts one batch of a run's instances back as they were, in one transaction, and says for each how it went.
    /// Empty when nothing of the run is left to undo.
    func undoBatch(of run: RunID, limit: Int, at now: Date) async throws -> [UndoneInstance]
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
