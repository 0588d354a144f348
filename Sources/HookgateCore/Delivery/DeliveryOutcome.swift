package import FoundationEssentials

/// What is to be written of an event, or of a lane that has nothing to send.
package struct DeliveryOutcome: Sendable, Equatable {
    package enum Verdict: Sendable, Equatable {
        case delivered
        case filtered(FilterReason)
        case parked(ParkReason)
        /// Its lane waits until then.
        case retry(at: Date)
        /// It lets others pass until its message has come, or until then.
        case waitForMessage(until: Date)
        /// All that is left in the lane waits for messages.
        case rest(until: Date)
        /// Somebody else settled it meanwhile.
        case dropped
    }

    package let lane: Int64
    package let fencing: Int64
    /// Nil for a lane's rest.
    package let event: DeliveryEvent?
    package let attempt: AttemptRecord?
    package let attempts: Int
    package let rejections: Int
    package let verdict: Verdict

    package init(
        lane: Int64, fencing: Int64, event: DeliveryEvent?, attempt: AttemptRecord? = nil, attempts: Int = 0,
        rejections: Int = 0, verdict: Verdict
    ) {
        self.lane = lane
        self.fencing = fencing
        self.event = event
        self.attempt = attempt
        self.attempts = attempts
        self.rejections = rejections
        self.verdict = verdict
    }

    package var partition: Int { Int(lane & Int64(PartitionSet.count - 1)) }
}

/// One attempt, as it is kept.
package struct AttemptRecord: Sendable, Equatable {
    package let number: Int
    package let startedAt: Date
    package let duration: Duration
    package let result: AttemptResult
    package let destination: DestinationID
    package let isOrphan: Bool

    package init(
        number: Int, startedAt: Date, duration: Duration, result: AttemptResult, destination: DestinationID,
        isOrphan: Bool
    ) {
        self.number = number
        self.startedAt = startedAt
        self.duration = duration
        self.result = result
        self.destination = destination
        self.isOrphan = isOrphan
    }
}

/// Why an event waits for a person instead of another attempt.
package enum ParkReason: String, Sendable, CaseIterable {
    /// Refused for good, as often as that is tried.
    case rejected
    /// The whole schedule was gone through.
    case exhausted
    /// It cannot be put into the form that its destination wants.
    case bodyUnreadable = "body_unreadable"
    /// Its words are not kept any more.
    case bodyGone = "body_gone"
}
