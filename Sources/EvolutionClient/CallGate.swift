import Synchronization

/// Lets calls to one server through: so many at a time, and with a pause between their starts.
///
/// Those who wait are let through in the order in which they came; one that is cancelled leaves the queue. The queue
/// is as long as its callers are many, and they are bounded where they are started.
final class CallGate<C: Clock>: Sendable where C.Duration == Duration {
    private struct State {
        var free: Int
        var nextStart: C.Instant
        var lastID = 0
        var waiting: [(id: Int, continuation: CheckedContinuation<Bool, Never>)] = []
        var cancelled: Set<Int> = []
    }

    private let clock: C
    private let spacing: Duration
    private let state: Mutex<State>

    init(parallel: Int, spacing: Duration, clock: C) {
        precondition(parallel > 0, "cannot let calls through while none may be under way")
        self.clock = clock
        self.spacing = spacing
        self.state = Mutex(State(free: parallel, nextStart: clock.now))
    }

    /// Throws only when the caller was cancelled before its turn.
    func pass<T>(_ call: () async throws -> T) async throws -> T {
        guard await takePlace() else { throw CancellationError() }
        defer { leave() }
        let start = state.withLock { state in
            let start = max(state.nextStart, clock.now)
            state.nextStart = start.advanced(by: spacing)
            return start
        }
        try await clock.sleep(until: start, tolerance: nil)
        return try await call()
    }

    private func takePlace() async -> Bool {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer = state.withLock { state -> Bool? in
                    if state.cancelled.remove(id) != nil { return false }
                    if state.free > 0 {
                        state.free -= 1
                        return true
                    }
                    state.waiting.append((id, continuation))
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let waiter = state.withLock { state -> CheckedContinuation<Bool, Never>? in
                guard let place = state.waiting.firstIndex(where: { $0.id == id }) else {
                    // Before it queued: it finds this. After its turn came: the sleep or the call notices.
                    state.cancelled.insert(id)
                    return nil
                }
                return state.waiting.remove(at: place).continuation
            }
            waiter?.resume(returning: false)
        }
    }

    private func leave() {
        let next = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            guard !state.waiting.isEmpty else {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst().continuation
        }
        next?.resume(returning: true)
    }
}
