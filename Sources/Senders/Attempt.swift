import HookgateCore
import Synchronization

/// One attempt that is under way: its result is whatever was known first, and what is not known in time is a timeout.
final class Attempt: Sendable {
    private let result = Mutex<AttemptResult?>(nil)

    /// Notes how it went. What was noted before holds.
    func finish(_ result: AttemptResult) {
        self.result.withLock { $0 = $0 ?? result }
    }

    /// Runs `body`, which calls ``finish(_:)``, for so long at most; it is cancelled then.
    static func run(
        within timeout: Duration, _ body: @escaping @Sendable (Attempt) async -> Void
    ) async -> AttemptResult {
        let attempt = Attempt()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await body(attempt) }
            group.addTask { try? await Task.sleep(for: timeout) }
            await group.next()
            group.cancelAll()
        }
        return attempt.result.withLock { $0 } ?? .timedOut
    }
}
