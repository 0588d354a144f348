import HookgateTestSupport
import Synchronization
import Testing

@testable import EvolutionClient

@Suite(.timeLimit(.minutes(1)))
struct CallGateTests {
    /// When calls began, and how many were under way.
    private final class Log: Sendable {
        let starts = Mutex<[Duration]>([])
        let counts = Mutex((now: 0, most: 0))
        let began = Milestone()

        func enter() {
            counts.withLock { counts in
                counts.now += 1
                counts.most = max(counts.most, counts.now)
            }
        }

        func leave() {
            counts.withLock { $0.now -= 1 }
        }
    }

    @Test func startsArePaced() async throws {
        let clock = ManualClock()
        let gate = CallGate(parallel: 5, spacing: .seconds(1), clock: clock)
        let log = Log()
        try await withThrowingDiscardingTaskGroup { group in
            for _ in 0..<3 {
                group.addTask {
                    try await gate.pass {
                        log.starts.withLock { $0.append(clock.now.offset) }
                        log.began.reach()
                    }
                }
            }
            // Each has read the clock before it is moved on.
            await log.began.wait(for: 1)
            await clock.waitForSleepers(2)
            clock.advance(by: .seconds(1))
            await log.began.wait(for: 2)
            clock.advance(by: .seconds(1))
        }
        #expect(log.starts.withLock { $0 } == [.zero, .seconds(1), .seconds(2)])
    }

    @Test func onlySoManyAreUnderWay() async throws {
        let gate = CallGate(parallel: 2, spacing: .zero, clock: ContinuousClock())
        let log = Log()
        try await withThrowingDiscardingTaskGroup { group in
            for _ in 0..<50 {
                group.addTask {
                    try await gate.pass {
                        log.enter()
                        await Task.yield()
                        log.leave()
                    }
                }
            }
        }
        #expect(log.counts.withLock { $0.most } <= 2)
    }

    @Test func oneThatIsCancelledInTheQueueLeavesIt() async throws {
        let clock = ManualClock()
        let gate = CallGate(parallel: 1, spacing: .seconds(1), clock: clock)
        try await gate.pass {}
        let first = Task { try await gate.pass {} }
        await clock.waitForSleepers(1)
        let second = Task { try await gate.pass {} }
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        clock.advance(by: .seconds(1))
        try await first.value
        let third = Task { try await gate.pass {} }
        await clock.waitForSleepers(1)
        clock.advance(by: .seconds(1))
        try await third.value
    }
}
