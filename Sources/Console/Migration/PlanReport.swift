import HookgateCore

/// What a plan came to, as far as it is kept for looking at: everything is counted, and so many are listed.
struct PlanReport: Sendable, Equatable {
    static let mostListed = 500

    struct Instance: Sendable, Equatable {
        struct Change: Sendable, Equatable {
            let field: String
            let before: String
            let after: String
        }

        let name: InstanceName
        let word: String
        let clinic: String?
        let evidence: [String]
        let changes: [Change]
        let obstacle: String?
        let notes: [String]

        init(_ planned: PlannedInstance) {
            self.name = planned.name
            self.word = planned.action.word
            self.clinic = planned.clinic.map { $0.name ?? $0.clinic.text }
            self.evidence = planned.clinic?.evidence.map(\.description) ?? []
            self.changes = planned.action.changes.map { change in
                Change(
                    field: change.field.name, before: change.field.shown(change.before),
                    after: change.field.shown(change.after))
            }
            self.obstacle = planned.action.obstacle
            self.notes = planned.notes.map(\.description)
        }
    }

    /// Nil until the tables are counted.
    var total: Int?
    var counts = PlanCounts()
    /// Those that a person must decide about.
    var undecided: [Instance] = []
    /// Those that would be written.
    var written: [Instance] = []
    /// Stands for exactly this plan; nil until it is whole.
    var digest: String?
    var remarks: [String] = []

    mutating func take(_ event: MigrationEvent) {
        switch event {
        case .surveyed(let survey): self.total = survey.instanceCount
        case .planned(let planned):
            self.counts.count(planned.action)
            if planned.action.needsDecision, self.undecided.count < Self.mostListed {
                self.undecided.append(Instance(planned))
            } else if planned.action.writes, self.written.count < Self.mostListed {
                self.written.append(Instance(planned))
            }
        case .waiting, .resumed, .migrated, .batchCommitted, .verified: break
        }
    }

    mutating func finish(_ summary: MigrationSummary) {
        self.counts = summary.counts
        self.digest = summary.digest
        self.remarks = summary.rehearsal.map { $0.unavailable.map { ["no rehearsal: \($0)"] } ?? $0.remarks } ?? []
    }
}

/// A run of the migration, a verification, or an undoing, while it works and after it.
struct MigrationReport: Sendable, Equatable, Codable {
    static let mostListed = 200

    enum Kind: Sendable, Equatable, Codable {
        case migrate
        case verify
        case undo(RunID)
    }

    struct Fault: Sendable, Equatable, Codable {
        let name: InstanceName
        let words: [String]
    }

    let kind: Kind
    var total: Int?
    var written = 0
    var undecided = 0
    /// Whether another process is at it, and this one waits.
    var isWaiting = false
    var verification = VerificationSummary()
    /// What is not as it must be, as far as it is listed.
    var faults: [Fault] = []
    var undone = UndoSummary()
    /// The run, once it is over.
    var run: RunID?

    init(_ kind: Kind) {
        self.kind = kind
    }

    mutating func take(_ event: MigrationEvent) {
        switch event {
        case .waiting: self.isWaiting = true
        case .surveyed(let survey): (self.isWaiting, self.total) = (false, survey.instanceCount)
        case .resumed(let written): self.written = written
        case .planned(let planned): if planned.action.needsDecision { self.undecided += 1 }
        case .migrated: self.written += 1
        case .batchCommitted: break
        case .verified(let result): self.take(result)
        }
    }

    mutating func take(_ result: InstanceVerification) {
        self.verification.count(result)
        switch result.outcome {
        case .mismatch, .missing: break
        case .verified, .undecided, .excluded: return
        }
        guard self.faults.count < Self.mostListed else { return }
        let words = result.findings.map(\.description)
        self.faults.append(Fault(name: result.name, words: words.isEmpty ? ["it has no integration"] : words))
    }

    mutating func take(_ undone: UndoneInstance) {
        self.undone.count(undone.outcome)
        guard undone.outcome.isRefusal, self.faults.count < Self.mostListed else { return }
        self.faults.append(Fault(name: undone.name, words: [undone.outcome.words]))
    }
}

extension UndoneInstance.Outcome {
    /// For people.
    var words: String {
        switch self {
        case .restored: "as it was before"
        case .editedSince(let fields): "edited since: \(fields.joined(separator: ", ")); left as it is"
        case .changedBy(let run): "a later run, \(run.text), went on from it: undo that one first"
        case .inUse(let seen): "webhooks come on its token URL (last \(seen.text)); left as it is"
        case .gone: "not there any more"
        }
    }
}
