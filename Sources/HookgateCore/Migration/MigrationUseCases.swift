/// The commands of a migration, as the command line and the API call them.
///
/// Results of single instances go to an observer as they come, so that a fleet of any size needs little memory;
/// what is returned are totals. An observer that throws stops the command: everything already committed stays,
/// and the next run goes on from there.
package protocol MigrationUseCases: Sendable {
    /// `hookgate check`: the state of every instance. Reads only, and needs no schema of ours.
    /// - Parameter evolution: says what Evolution has; nil asks nobody.
    func check(
        evolution: (any EvolutionWebhookSource)?, observe: (CheckEvent) async throws -> Void
    ) async throws -> CheckReport

    /// `hookgate migrate`: plans, and unless it is a dry run writes and verifies.
    func migrate(
        _ options: MigrationOptions, observe: @escaping @Sendable (MigrationEvent) async throws -> Void
    ) async throws -> MigrationSummary

    /// Marks the state of the legacy tables: while it stays the same, a run would find nothing new in them.
    func mark() async throws -> InventoryMark

    /// `hookgate migrate verify`: compares row by row, field by field, what the old tables say with what is there.
    func verify(
        _ decisions: MigrationDecisions, observe: (InstanceVerification) async throws -> Void
    ) async throws -> VerificationSummary

    /// `hookgate migrate runs`: the latest runs, newest first.
    func runs(limit: Int) async throws -> [RunRecord]

    /// One run. Throws ``MigrationError/unknownRun(_:)`` when there is none.
    func record(of run: RunID) async throws -> RunRecord

    /// `hookgate migrate show RUN`: a run and what it wrote.
    func show(_ run: RunID, observe: ([RunEntry]) async throws -> Void) async throws -> RunRecord

    /// `hookgate migrate undo RUN`: puts back exactly what was there before a run, except where somebody edited since.
    func undo(
        _ run: RunID, _ options: UndoOptions, observe: @escaping @Sendable (UndoneInstance) async throws -> Void
    ) async throws -> UndoSummary
}

extension MigrationUseCases {
    /// Checks without asking Evolution.
    package func check(observe: (CheckEvent) async throws -> Void) async throws -> CheckReport {
        try await check(evolution: nil, observe: observe)
    }

    /// Verifies without a person's decisions.
    package func verify(
        observe: (InstanceVerification) async throws -> Void
    ) async throws -> VerificationSummary {
        try await verify(.none, observe: observe)
    }
}

package struct MigrationOptions: Sendable {
    package var isDryRun: Bool
    /// Refuse to write unless the plan still has this digest.
    package var expectedDigest: String?
    /// The run to write as; nil for a new one. One that was cut off goes on: its plan was held against the digest when it
    /// began, and what it wrote since is no part of a plan any more.
    package var run: RunID?
    package var decisions: MigrationDecisions
    /// Whether every row is verified once all are written.
    package var verifies: Bool
    /// Instances per transaction.
    package var batchSize: Int
    /// How long to wait for another run to end.
    package var lockWait: Duration

    package init(
        isDryRun: Bool = false, expectedDigest: String? = nil, run: RunID? = nil,
        decisions: MigrationDecisions = .none, verifies: Bool = true, batchSize: Int = 2_000,
        lockWait: Duration = .seconds(60)
    ) {
        self.isDryRun = isDryRun
        self.expectedDigest = expectedDigest
        self.run = run
        self.decisions = decisions
        self.verifies = verifies
        self.batchSize = batchSize
        self.lockWait = lockWait
    }
}

/// What `migrate` tells while it works.
package enum MigrationEvent: Sendable {
    /// Another run is at work; this one waits for it to end.
    case waiting
    case surveyed(LegacySurvey)
    /// A run that was cut off goes on, which had written so many.
    case resumed(written: Int)
    /// The plan for one instance: every one in a dry run, else those that are not written.
    case planned(PlannedInstance)
    /// The instance is written and committed.
    case migrated(PlannedInstance)
    /// A transaction was committed; the run can be interrupted here without losing anything.
    case batchCommitted(instances: Int)
    case verified(InstanceVerification)
}

/// The totals of `migrate`.
package struct MigrationSummary: Sendable {
    /// Nil in a dry run.
    package let run: RunID?
    package let survey: LegacySurvey
    package let counts: PlanCounts
    package let digest: String
    /// Nil in a dry run, and where none was asked for.
    package let verification: VerificationSummary?
    /// Only in a dry run.
    package let rehearsal: RehearsalReport?

    package init(
        run: RunID?, survey: LegacySurvey, counts: PlanCounts, digest: String, verification: VerificationSummary?,
        rehearsal: RehearsalReport? = nil
    ) {
        self.run = run
        self.survey = survey
        self.counts = counts
        self.digest = digest
        self.verification = verification
        self.rehearsal = rehearsal
    }

    /// Whether a person must look at something: exit code 3.
    package var needsAttention: Bool {
        counts.needsDecision > 0 || verification.map { !$0.holds } ?? false
    }
}

package struct UndoSummary: Sendable, Equatable, Codable {
    package var restored = 0
    package var editedSince = 0
    package var changedByLaterRun = 0
    package var inUse = 0
    package var gone = 0

    package init() {}

    /// Instances that were left as the run made them.
    package var refused: Int { editedSince + changedByLaterRun + inUse }

    package mutating func count(_ outcome: UndoneInstance.Outcome) {
        switch outcome {
        case .restored: restored += 1
        case .editedSince: editedSince += 1
        case .changedBy: changedByLaterRun += 1
        case .inUse: inUse += 1
        case .gone: gone += 1
        }
    }
}

/// Why a command of the migration could not do its work.
package enum MigrationError: Error, Equatable {
    case schemaMissing(String)
    case anotherRunIsActive
    case planChanged(expected: String, actual: String)
    case unknownRun(RunID)
    /// A run that somebody has undone, or is at, does not go on.
    case runIsOver(RunID, RunOutcome.State)
    /// The journal's sealed value of this instance cannot be opened.
    case sealBroken(InstanceName)
    /// A table or row that the migration needs is locked by somebody else for longer than it waits.
    case lockedOut(String)
    /// Legacy tables that are there and that this role may not read.
    case unreadable([LegacySource])
    /// A person's decisions that name what is not there.
    case decisions([DecisionFault])
}

extension MigrationError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .schemaMissing(let what):
            "cannot migrate while \(what) is missing: run `hookgate schema apply`, or migrate without --no-schema"
        case .anotherRunIsActive:
            "another migration is running on this database: wait for it to end, see `hookgate migrate runs`"
        case .planChanged(let expected, let actual):
            "the plan is no longer the one that was reviewed (digest \(expected), now \(actual)): "
                + "look at it again with --dry-run"
        case .unreadable(let tables):
            "this role may not read \(tables.map(\.rawValue).joined(separator: ", ")), so nobody can say which instances "
                + "there are: grant it SELECT, or connect as the tables' owner"
        case .decisions(let faults): faults.map(\.description).joined(separator: "\n")
        case .unknownRun(let id): "there is no run \(id): see `hookgate migrate runs`"
        case .runIsOver(let id, let state):
            "the run \(id) cannot go on, it is \(state.rawValue) meanwhile: plan again, and begin another"
        case .sealBroken(let name):
            "the journal's value for \(name) cannot be opened, because the key 'journal' in hookgate.server_keys is not "
                + "the one it was sealed with: restore that row of hookgate.server_keys, then undo again"
        case .lockedOut(let wait):
            "somebody else keeps a table or row locked that the migration needs, and did not let go within \(wait): what "
                + "is committed stays; find the session in pg_locks, let it end, then run the same command again"
        }
    }
}
