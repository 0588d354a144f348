package import FoundationEssentials

/// Keeps a destination that does not answer from being asked all the time. Pure.
///
/// It never gives a destination up: after each pause one event is tried, and one success lets all of them go again.
package struct CircuitBreaker: Sendable, Equatable {
    package struct Settings: Sendable, Equatable {
        /// How many of the latest attempts are looked at.
        package var window = 20
        /// With fewer it is not decided.
        package var leastAttempts = 10
        /// Of those looked at, how many must have failed.
        package var failedShare = 0.7
        package var firstPause: TimeInterval = 5
        package var longestPause: TimeInterval = 300

        package init() {}
    }

    package enum State: Sendable, Equatable {
        case closed
        case open(until: Date)
        /// One event at a time is tried.
        case halfOpen
    }

    package private(set) var state = State.closed
    private let settings: Settings
    /// The latest attempts, oldest first; true for a failure.
    private var attempts: [Bool] = []
    private var pauses = 0

    package init(_ settings: Settings = Settings()) {
        self.settings = settings
    }

    /// Lets the next event through when the pause is over.
    package mutating func look(at now: Date) {
        if case .open(let until) = state, until <= now { state = .halfOpen }
    }

    package mutating func succeeded() {
        if state != .closed { attempts = [] }
        state = .closed
        pauses = 0
        note(failed: false)
    }

    /// - Parameter result: one that ``AttemptResult/speaksAgainstDestination``.
    package mutating func failed(_ result: AttemptResult, at now: Date) {
        note(failed: true)
        switch result {
        case .gone: open(for: settings.longestPause, at: now)
        case .throttled(_, let wait?): open(for: min(max(wait / .seconds(1), 1), settings.longestPause), at: now)
        default:
            guard state == .halfOpen || (state == .closed && isFailing) else { return }
            open(for: min(settings.longestPause, settings.firstPause * Double(1 << min(pauses, 30))), at: now)
            pauses += 1
        }
    }

    private var isFailing: Bool {
        let failures = attempts.count { $0 }
        return attempts.count >= settings.leastAttempts
            && Double(failures) >= Double(attempts.count) * settings.failedShare
    }

    private mutating func note(failed: Bool) {
        attempts.append(failed)
        if attempts.count > settings.window { attempts.removeFirst() }
    }

    private mutating func open(for pause: TimeInterval, at now: Date) {
        state = .open(until: now.addingTimeInterval(pause))
    }
}
