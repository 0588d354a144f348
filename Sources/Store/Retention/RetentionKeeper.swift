package import FoundationEssentials
package import HookgateCore
package import Logging
package import PostgresClient
import Synchronization

/// Removes what need not be kept any more, for as long as the gateway runs. Of all gateways on one database one does it.
package final class RetentionKeeper: Sendable {
    /// How often the right to do it is asked for, or taken on.
    private static let look = Duration.seconds(300)
    /// Longer than two looks, so that it changes hands only when its holder is gone.
    private static let lease: TimeInterval = 900
    private static let interval: TimeInterval = 3_600
    /// After a pass that stopped at its bound, so that others get at the database in between.
    private static let breath = Duration.seconds(2)

    private let pool: PostgresPool
    private let times: RetentionTimes
    private let holding: PostgresLease
    private let isReady: @Sendable () -> Bool
    private let time: TimeSource
    private let sleep: @Sendable (Duration) async throws -> Void
    private let logger: Logger
    private let state = Mutex(RetentionStatus())

    /// - Parameter isReady: whether the schema is there.
    package init(
        pool: PostgresPool, times: RetentionTimes, holder: UUID, isReady: @escaping @Sendable () -> Bool = { true },
        time: TimeSource = .system, logger: Logger,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.pool = pool
        self.times = times
        self.holding = PostgresLease(name: "retention", holder: holder)
        self.isReady = isReady
        self.time = time
        self.logger = logger
        self.sleep = sleep
    }

    package var status: RetentionStatus { state.withLock { $0 } }

    /// Looks until its task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            let isFinished = isReady() ? await look() : false
            guard (try? await sleep(isFinished ? Self.look : Self.breath)) != nil else { return }
        }
    }

    /// One look: a pass if it is ours to make and due.
    /// - Returns: false when there is more to remove right away.
    package func look() async -> Bool {
        let now = time.now
        do {
            guard try await holding.take(for: Self.lease, at: now, on: pool) != nil else {
                state.withLock { $0.isOurs = false }
                return true
            }
            guard state.withLock({ $0.isDue(at: now, every: Self.interval) }) else { return true }
            let summary = try await RetentionPass.run(pool: pool, times: times, now: now)
            state.withLock { $0.passed(summary, at: now) }
            if !summary.isEmpty {
                logger.info(
                    "removed what is kept no longer",
                    metadata: [
                        "bodies": "\(summary.bodies)", "events": "\(summary.events)",
                        "body_days": "\(summary.bodyDays)", "event_days": "\(summary.eventDays)",
                    ])
            }
            return summary.isFinished
        } catch {
            guard !(error is CancellationError), !Task.isCancelled else { return true }
            state.withLock { $0.failed("\(error)") }
            logger.error("what is kept too long is not removed for now", metadata: ["reason": "\(error)"])
            return true
        }
    }
}

/// What the keeper says of itself, for readiness and metrics.
package struct RetentionStatus: Sendable, Equatable {
    /// Whether this gateway is the one that does it.
    package fileprivate(set) var isOurs = false
    package fileprivate(set) var lastPassAt: Date?
    /// Nil once a pass went through again.
    package fileprivate(set) var lastFailure: String?
    package fileprivate(set) var failures: UInt64 = 0
    /// All that was removed since this process began.
    package fileprivate(set) var removed = RetentionSummary()
    /// Of the last pass: days that are over but hold something that waits.
    package fileprivate(set) var keptDays = 0
    private var goesOn = false

    fileprivate func isDue(at now: Date, every interval: TimeInterval) -> Bool {
        guard let lastPassAt, !goesOn else { return true }
        return now.timeIntervalSince(lastPassAt) >= interval
    }

    fileprivate mutating func passed(_ summary: RetentionSummary, at now: Date) {
        isOurs = true
        lastPassAt = now
        lastFailure = nil
        goesOn = !summary.isFinished
        keptDays = summary.keptDays
        removed.bodies += summary.bodies
        removed.events += summary.events
        removed.bodyDays += summary.bodyDays
        removed.eventDays += summary.eventDays
        removed.records += summary.records
    }

    fileprivate mutating func failed(_ reason: String) {
        lastFailure = reason
        failures += 1
    }
}
