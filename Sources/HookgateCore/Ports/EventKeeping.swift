package import FoundationEssentials

/// A person's decisions over events that are not held back. Filled by the store.
package protocol EventKeeping: Sendable {
    /// What a decision would reach, by clinic and state; the largest first, at most `limit` of them.
    func groups(_ filter: EventFilter, for decision: EventDecision, limit: Int) async throws -> [EventGroup]

    /// The state of each of these events; what is missing does not exist.
    func states(of ids: [EventID]) async throws -> [EventID: EventState]

    /// Decides over the oldest `limit` events that match, in one transaction with the note of it.
    /// - Returns: how many; fewer than `limit` says that there are no more.
    func decide(_ decision: EventDecision, _ filter: EventFilter, limit: Int, act: QuarantineAct) async throws -> Int
}

/// What a person can decide over an event. What is held back has decisions of its own; see ``QuarantineStore``.
package enum EventDecision: String, Sendable, CaseIterable {
    /// Deliver it (again), behind what is live.
    case replay
    /// Do not try any more, until somebody asks for it.
    case park
    /// It is not delivered, ever.
    case discard

    /// The states it applies to.
    package var states: [EventState] {
        switch self {
        // A person may have erred when discarding. What was discarded from the quarantine nobody has vouched for.
        case .replay: [.delivered, .filtered, .parked, .expired, .discarded]
        case .park: [.pending]
        case .discard: [.pending, .parked]
        }
    }

    /// The states it applies to when a person narrows the events without saying which state: what is done with is not
    /// sent again by accident.
    package var usualStates: [EventState] {
        self == .replay ? [.parked] : states
    }
}

/// Events of one clinic in one state.
package struct EventGroup: Sendable, Equatable {
    /// Nil for events of no clinic.
    package let clinic: ClinicID?
    package let state: EventState
    package let events: Int

    package init(clinic: ClinicID?, state: EventState, events: Int) {
        self.clinic = clinic
        self.state = state
        self.events = events
    }
}

/// One attempt to deliver an event, as it was recorded.
package struct RecordedAttempt: Sendable, Equatable {
    package let attempt: Int
    package let startedAt: Date
    package let duration: Duration
    /// A word of ``AttemptResult``.
    package let result: String
    package let status: Int?
    package let destination: String
    package let isOrphan: Bool

    package init(
        attempt: Int, startedAt: Date, duration: Duration, result: String, status: Int?, destination: String,
        isOrphan: Bool
    ) {
        self.attempt = attempt
        self.startedAt = startedAt
        self.duration = duration
        self.result = result
        self.status = status
        self.destination = destination
        self.isOrphan = isOrphan
    }
}
