package import HookgateCore
import Synchronization

/// The first tier: every integration in this process, one lock and two dictionary reads away.
///
/// Kept true by ``RoutingFeed``. While it is *complete* (everything was loaded and fits) and *live* (the last poll for
/// changes is recent), what is absent here is absent from the source of truth.
package final class RoutingTable: Sendable {
    /// What the table says of itself, for metrics and readiness.
    package struct Status: Sendable, Equatable {
        package let integrations: Int
        package let tokens: Int
        package let isComplete: Bool
        package let isLive: Bool
    }

    /// How many changes are applied in one hold of the lock: a loop never waits longer than these take.
    private static let changesPerHold = 256

    private struct State {
        var index: RoutingIndex
        var lastPoll: Duration?
    }

    private let state: Mutex<State>
    private let time: MonotonicTime
    private let liveFor: Duration

    package init(
        maximumIntegrations: Int = 1_000_000, liveFor: Duration = .seconds(5), time: MonotonicTime = .system
    ) {
        self.state = Mutex(State(index: RoutingIndex(bound: maximumIntegrations), lastPoll: nil))
        self.time = time
        self.liveFor = liveFor
    }

    package func fact(for key: RoutingKey) -> RoutingFact? {
        self.state.withLock { $0.index.fact(for: key) }
    }

    package func apply(_ changes: [RoutingChange]) {
        var rest = changes[...]
        while !rest.isEmpty {
            self.state.withLock { state in
                for change in rest.prefix(Self.changesPerHold) { state.index.apply(change) }
            }
            rest = rest.dropFirst(Self.changesPerHold)
        }
    }

    /// Everything the source of truth has was applied.
    package func markLoaded() {
        self.state.withLock { $0.index.markLoaded() }
    }

    /// Everything that had changed when the poll began was applied.
    package func markPolled(at instant: Duration) {
        self.state.withLock { $0.lastPoll = instant }
    }

    /// Whether changes still arrive.
    package var isLive: Bool {
        let now = self.time.now
        return self.state.withLock { self.isLive($0, at: now) }
    }

    /// Whether absence here is absence everywhere.
    package var isAuthoritative: Bool {
        let now = self.time.now
        return self.state.withLock { $0.index.isComplete && self.isLive($0, at: now) }
    }

    package var status: Status {
        let now = self.time.now
        return self.state.withLock { state in
            Status(
                integrations: state.index.integrationCount, tokens: state.index.tokenCount,
                isComplete: state.index.isComplete, isLive: self.isLive(state, at: now))
        }
    }

    /// How often something in it became another.
    var changeCount: UInt64 { self.state.withLock { $0.index.changeCount } }

    /// All of it, for whoever takes his time. What changes meanwhile changes in a copy, which costs memory for as long.
    var contents: RoutingIndex { self.state.withLock { $0.index } }

    /// A fact from elsewhere that accepts an event, as far as this table does not know better; nil where it does.
    func confirming(_ fact: RoutingFact) -> RoutingFact? {
        self.state.withLock { $0.index.confirming(fact) }
    }

    func fill(_ fact: RoutingFact, for key: RoutingKey) -> RoutingIndex.Filled {
        self.state.withLock { $0.index.fill(fact, for: key) }
    }

    private func isLive(_ state: borrowing State, at now: Duration) -> Bool {
        guard let lastPoll = state.lastPoll else { return false }
        return now - lastPoll <= self.liveFor
    }
}
