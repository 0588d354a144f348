package import FoundationEssentials

/// One condition of the clean-up. All must hold before a legacy table is moved. The raw value stands in `--json`.
package enum CleanupGate: String, Sendable, CaseIterable {
    /// The built-in schema is applied, and this role may move the tables and move them back.
    case schema
    /// No run of the migration is at work.
    case migrationIdle = "migration_idle"
    /// Every instance of the old tables is verified, or left out by a recorded decision.
    case instances
    /// Every switch-over that was begun is confirmed by an event.
    case switchOvers = "switch_overs"
    /// Every webhook at Evolution points to a token URL.
    case webhooks
    /// Nobody called an old URL in the window.
    case legacyTraffic = "legacy_traffic"
    /// Somebody was listening throughout the window.
    case observation
    /// No view, function, key or policy needs the tables.
    case dependents
    /// Nobody else reads or writes them.
    case readers

    /// What holds when all is well.
    package var title: String {
        switch self {
        case .schema: "the schema is applied, and this role may move the tables"
        case .migrationIdle: "no migration is running"
        case .instances: "every instance is verified or left out by a recorded decision"
        case .switchOvers: "every switch-over is confirmed"
        case .webhooks: "every webhook at Evolution points to a token URL"
        case .legacyTraffic: "no traffic on the old URLs in the whole window"
        case .observation: "the window was really observed"
        case .dependents: "nothing else in the database depends on the tables"
        case .readers: "nobody else reads or writes the tables"
        }
    }
}

/// What one gate comes to, and why.
package struct CleanupFinding: Sendable, Equatable {
    package enum State: String, Sendable {
        case met
        case notMet = "not_met"
        /// Nobody can say now; counts as not met.
        case unknown
    }

    /// One piece of evidence. `subject` and `detail` may hold what anybody typed: print them escaped.
    package struct Evidence: Sendable, Equatable {
        /// An instance, a table, a server.
        package let subject: String
        package let detail: String
        /// When that was so.
        package let at: Date?

        package init(_ subject: String, _ detail: String, at instant: Date? = nil) {
            self.subject = subject
            self.detail = detail
            self.at = instant
        }
    }

    /// How many pieces of evidence are listed; all are counted.
    package static let mostListed = 50

    package let gate: CleanupGate
    package let state: State
    /// One sentence.
    package let summary: String
    package let evidence: [Evidence]
    /// How many there are, listed or not.
    package let total: Int
    /// Of when the evidence is, where that is not the moment of the plan.
    package let asOf: Date?
    /// What to do: a sentence, then commands. Nil where nothing is to be done.
    package let remedy: DoctorRemedy?

    package init(
        _ gate: CleanupGate, _ state: State, _ summary: String, evidence: [Evidence] = [], total: Int? = nil,
        asOf: Date? = nil, remedy: DoctorRemedy? = nil
    ) {
        self.gate = gate
        self.state = state
        self.summary = summary
        self.evidence = Array(evidence.prefix(Self.mostListed))
        self.total = total ?? evidence.count
        self.asOf = asOf
        self.remedy = remedy
    }
}
