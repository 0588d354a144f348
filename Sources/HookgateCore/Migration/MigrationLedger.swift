package import FoundationEssentials

/// Writes what a plan says, together with the journal that lets it be verified and undone. Filled by the store.
package protocol MigrationLedger: Sendable {
    /// Runs a body while no other run, on any machine, is inside one.
    /// - Parameter onWait: called once when another is, before the waiting begins.
    func withRunLock<Success: Sendable>(
        wait: Duration, onWait: @escaping @Sendable () async throws -> Void,
        body: @escaping @Sendable () async throws -> Success
    ) async throws -> Success

    /// Closes the runs that their processes did not live to close. Only whoever holds the run lock may say so.
    func closeInterruptedRuns(at now: Date) async throws

    /// Opens a run, or opens one again that was cut off. Throws ``MigrationError/schemaMissing`` when there is nowhere to
    /// write.
    func beginRun(_ id: RunID, at now: Date) async throws

    /// Writes a batch, journal included: in one transaction, or in smaller ones where the database refuses a row.
    func write(_ batch: [PlannedInstance], run: RunID, at now: Date) async throws -> BatchOutcome

    /// Keeps what a verification of the whole fleet came to, where there is a place for it: verifying works for a role
    /// that may only read as well.
    func record(_ verification: FleetVerification) async throws

    func finishRun(_ id: RunID, outcome: RunOutcome, at now: Date) async throws

    /// The latest runs, newest first.
    func runs(limit: Int) async throws -> [RunRecord]

    /// Nil when there is no such run.
    func run(_ id: RunID) async throws -> RunRecord?

    /// Streams what a run wrote, in the order of the instance names' bytes.
    func entries(of run: RunID, pageSize: Int, body: ([RunEntry]) async throws -> Void) async throws

    /// Puts the next instances of a run back as they were, in one transaction, and says for each how it went, in
    /// the order of their names' bytes. Empty when none is left to undo. A dry run only says how it would go.
    func undoBatch(
        of run: RunID, after name: InstanceName?, options: UndoOptions, at now: Date
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
        /// The process died in the middle of it. What it had committed stands.
        case interrupted
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
    package let action: RunAction
    /// The fields that an update filled or changed.
    package let fields: [String]
    package let isUndone: Bool

    package init(name: InstanceName, integrationID: IntegrationID, action: RunAction, fields: [String], isUndone: Bool)
    {
        self.name = name
        self.integrationID = integrationID
        self.action = action
        self.fields = fields
        self.isUndone = isUndone
    }
}

/// Whether a run made an integration or changed one that stood.
package enum RunAction: String, Sendable {
    case insert
    case update
}

/// How `migrate undo` goes about it.
package struct UndoOptions: Sendable, Equatable {
    /// Only say what would come of each instance.
    package var isDryRun: Bool
    /// Take away even integrations whose token URL is in use.
    package var takesInUse: Bool
    /// Instances per transaction.
    package var batchSize: Int
    /// How long to wait for another run to end.
    package var lockWait: Duration

    package init(
        isDryRun: Bool = false, takesInUse: Bool = false, batchSize: Int = 500, lockWait: Duration = .seconds(60)
    ) {
        self.isDryRun = isDryRun
        self.takesInUse = takesInUse
        self.batchSize = batchSize
        self.lockWait = lockWait
    }
}

/// How the undoing of one instance went.
package struct UndoneInstance: Sendable, Equatable {
    package enum Outcome: Sendable, Equatable {
        case restored
        /// Somebody edited these fields of the integration after the run, so it was left as it is.
        case editedSince(fields: [String])
        /// A later run went on from what this one left, so that one must be undone first.
        case changedBy(RunID)
        /// Webhooks come on the token URL that the run made: without the integration they would be refused.
        case inUse(lastSeen: Timestamp)
        /// The integration is not there any more.
        case gone

        /// Whether the integration was left as the run made it.
        package var isRefusal: Bool {
            switch self {
            case .editedSince, .changedBy, .inUse: true
            case .restored, .gone: false
            }
        }
    }

    package let name: InstanceName
    /// What the run had done.
    package let action: RunAction
    package let outcome: Outcome

    package init(name: InstanceName, action: RunAction, outcome: Outcome) {
        self.name = name
        self.action = action
        self.outcome = outcome
    }
}
