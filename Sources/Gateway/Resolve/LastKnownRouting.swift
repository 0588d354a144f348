package import FoundationEssentials
import HookgateCore
import Synchronization

/// What the process before this one knew of routing, for as long as nobody else can be asked.
///
/// It is never the first to be asked: a token may have been revoked since. It may accept an event, unless something
/// newer contradicts it, and never refuses one nor holds one back; then the event is stored undecided.
package final class LastKnownRouting: Sendable {
    /// As old as a record in Redis may be that nobody vouches for.
    package static let longestAge: TimeInterval = 24 * 3_600

    private struct State {
        var index: RoutingIndex
        let takenAt: Date
    }

    private let state = Mutex<State?>(nil)

    package init() {}

    /// When it was true; nil when there is nothing, or nothing any more.
    package var takenAt: Date? { self.state.withLock { $0?.takenAt } }

    func fact(for key: RoutingKey, at now: Date) -> RoutingFact? {
        self.state.withLock { state in
            guard let state, now.timeIntervalSince(state.takenAt) <= Self.longestAge else { return nil }
            return state.index.fact(for: key)
        }
    }

    func become(_ index: RoutingIndex, takenAt instant: Date) {
        self.state.withLock { $0 = State(index: index, takenAt: instant) }
    }

    /// Everything was loaded: whatever it says is said better elsewhere.
    func forget() {
        self.state.withLock { $0 = nil }
    }
}
