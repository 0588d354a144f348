import HookgateCore
import Synchronization

/// Asks the source of truth: one look-up in flight per key, few in all, a bounded queue before them, and an answer
/// within the deadline whatever the source does.
///
/// A source that never answers keeps its places: once all are taken, further questions are told `saturated` at once,
/// so that a dead store costs a webhook nothing but certainty.
final class SourceLookUps: Sendable {
    enum Answer: Sendable {
        case fact(RoutingFact, ResolveTier)
        /// Answered, but newer knowledge contradicts the answer.
        case superseded
        case unavailable
        case timedOut
        case saturated
    }

    typealias Waiter = @Sendable (Answer) -> Void

    private struct Flight {
        let number: UInt64
        var waiters: [Waiter]
        var isQueued: Bool
    }

    private struct State {
        var flights: [RoutingKey: Flight] = [:]
        var queue: [(key: RoutingKey, number: UInt64)] = []
        var running = 0
        var lastNumber: UInt64 = 0
    }

    private enum Step {
        case joined
        case start(UInt64)
        case wait(UInt64)
        case saturated
    }

    private let source: any RoutingSource
    private let time: MonotonicTime
    private let limit: Int
    private let queueLimit: Int
    private let deadline: Duration
    private let state = Mutex(State())
    private let metrics: GatewayMetrics
    /// Called once per answered look-up; says what its waiters are told.
    private let learn: @Sendable (RoutingKey, RoutingAnswer) -> Answer

    init(
        source: any RoutingSource, time: MonotonicTime, limit: Int, queueLimit: Int, deadline: Duration,
        metrics: GatewayMetrics, learn: @escaping @Sendable (RoutingKey, RoutingAnswer) -> Answer
    ) {
        self.source = source
        self.time = time
        self.limit = limit
        self.queueLimit = queueLimit
        self.deadline = deadline
        self.metrics = metrics
        self.learn = learn
    }

    var inFlight: Int { self.state.withLock { $0.running } }

    /// Calls back exactly once, possibly before it returns.
    func ask(_ key: RoutingKey, _ waiter: @escaping Waiter) {
        let step = self.state.withLock { state -> Step in
            if state.flights[key] != nil {
                state.flights[key]?.waiters.append(waiter)
                return .joined
            }
            let mayStart = state.running < self.limit
            guard mayStart || state.queue.count < self.queueLimit else { return .saturated }
            state.lastNumber += 1
            state.flights[key] = Flight(number: state.lastNumber, waiters: [waiter], isQueued: !mayStart)
            if mayStart {
                state.running += 1
                return .start(state.lastNumber)
            }
            state.queue.append((key, state.lastNumber))
            return .wait(state.lastNumber)
        }
        switch step {
        case .joined:
            break
        case .saturated:
            self.metrics.lookUps[.saturated].add()
            waiter(.saturated)
        case .start(let number):
            self.setDeadline(key, number)
            self.start(key, number)
        case .wait(let number):
            self.setDeadline(key, number)
        }
    }

    /// A task of its own, because a source that ignores cancellation must not keep the waiters; bounded by `limit`.
    private func start(_ key: RoutingKey, _ number: UInt64) {
        Task {
            do throws(RoutingSourceError) {
                let answer = try await self.source.answer(for: key)
                self.metrics.lookUps[.answered].add()
                self.finish(key, number, self.learn(key, answer))
            } catch .timedOut {
                self.metrics.lookUps[.timedOut].add()
                self.finish(key, number, .timedOut)
            } catch .unavailable {
                self.metrics.lookUps[.unavailable].add()
                self.finish(key, number, .unavailable)
            }
        }
    }

    /// Bounded by the look-ups in flight and in the queue; outlives an answered look-up by the deadline at most.
    private func setDeadline(_ key: RoutingKey, _ number: UInt64) {
        Task {
            try? await self.time.sleep(for: self.deadline)
            let waiters = self.state.withLock { Self.land(key, number, in: &$0) }
            guard !waiters.isEmpty else { return }
            self.metrics.lookUps[.timedOut].add()
            for waiter in waiters { waiter(.timedOut) }
        }
    }

    private func finish(_ key: RoutingKey, _ number: UInt64, _ answer: Answer) {
        let (waiters, next) = self.state.withLock { state in
            state.running -= 1
            let waiters = Self.land(key, number, in: &state)
            return (waiters, Self.takeNext(from: &state))
        }
        for waiter in waiters { waiter(answer) }
        if let next { self.start(next.key, next.number) }
    }

    /// Ends a flight and gives back who waits for it; nobody when it has ended before.
    private static func land(_ key: RoutingKey, _ number: UInt64, in state: inout State) -> [Waiter] {
        guard let flight = state.flights[key], flight.number == number else { return [] }
        state.flights[key] = nil
        if flight.isQueued { state.queue.removeAll { $0.number == number } }
        return flight.waiters
    }

    private static func takeNext(from state: inout State) -> (key: RoutingKey, number: UInt64)? {
        guard !state.queue.isEmpty else { return nil }
        let next = state.queue.removeFirst()
        state.flights[next.key]?.isQueued = false
        state.running += 1
        return next
    }
}
