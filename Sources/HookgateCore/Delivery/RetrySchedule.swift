package import FoundationEssentials

/// When an event is tried again, and when no more. Pure: the clock and the dice are the caller's.
package struct RetrySchedule: Sendable, Equatable {
    /// The second attempt comes within this of the first; each further one within twice as long.
    package var firstDelay: TimeInterval = 5
    package var longestDelay: TimeInterval = 2 * 3_600
    /// From the first attempt on; what fails after it is parked.
    package var lasting: TimeInterval = 28 * 3_600
    /// How often a refusal for good is tried, so that the chat behind it goes on soon.
    package var rejections = 3
    /// A destination that asks for longer is asked again after this.
    package var longestRetryAfter: TimeInterval = 3_600

    package init() {}

    package enum Step: Sendable, Equatable {
        case settled
        case retry(at: Date)
        case park(ParkReason)
    }

    /// What has been tried with one event, the latest attempt included.
    package struct History: Sendable, Equatable {
        package let attempts: Int
        package let rejections: Int
        package let firstAttemptAt: Date

        package init(attempts: Int, rejections: Int, firstAttemptAt: Date) {
            self.attempts = attempts
            self.rejections = rejections
            self.firstAttemptAt = firstAttemptAt
        }
    }

    /// - Parameter dice: from 0 to 1. Each wait is drawn from the whole of its range (full jitter), so that what failed
    ///   together does not come back together.
    package func step(after result: AttemptResult, _ history: History, at now: Date, dice: Double) -> Step {
        switch result {
        case .delivered: return .settled
        case .unsendable(.bodyUnreadable): return .park(.bodyUnreadable)
        case .unsendable(.bodyGone): return .park(.bodyGone)
        case .rejected where history.rejections >= rejections: return .park(.rejected)
        default: break
        }
        guard now.timeIntervalSince(history.firstAttemptAt) < lasting else { return .park(.exhausted) }
        let doublings = min(max(0, history.attempts - 1), 40)
        let delay = min(longestDelay, firstDelay * Double(1 << doublings)) * min(max(dice, 0), 1)
        return .retry(at: now.addingTimeInterval(max(delay, asked(by: result))))
    }

    private func asked(by result: AttemptResult) -> TimeInterval {
        guard case .throttled(_, let wait?) = result else { return 0 }
        return min(max(0, wait / .seconds(1)), longestRetryAfter)
    }
}

extension AttemptResult {
    /// Whether the fault lies with the destination rather than with this one event, as far as one can tell.
    package var speaksAgainstDestination: Bool {
        switch self {
        case .delivered, .unsendable(.bodyUnreadable), .unsendable(.bodyGone): false
        case .rejected, .gone, .throttled, .serverError, .redirected, .timedOut, .connectionFailed, .forbiddenAddress,
            .unsendable:
            true
        }
    }

    package var isRejection: Bool {
        if case .rejected = self { true } else { false }
    }
}
