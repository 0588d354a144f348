import FoundationEssentials
package import HookgateCore
package import Logging

/// Takes down every few seconds how many webhooks came in the current minute, on which route. One small row a minute,
/// whatever comes.
package struct TrafficMinutes: Sendable {
    private static let pause = Duration.seconds(2)
    private static let counted: [RequestOutcome] = [.stored, .quarantined, .undecided]

    private let metrics: GatewayMetrics
    private let ledger: any TrafficMinuteLedger
    private let time: TimeSource
    private let logger: Logger

    package init(
        metrics: GatewayMetrics, ledger: any TrafficMinuteLedger, time: TimeSource = .system, logger: Logger
    ) {
        self.metrics = metrics
        self.ledger = ledger
        self.time = time
        self.logger = logger
    }

    /// Until the task is cancelled. What a database that is down misses is not made up: the picture has a gap.
    package func run() async {
        var tally = MinuteTally()
        var hasFailed = false
        while !Task.isCancelled {
            let minute = tally.observe(
                token: self.count(self.metrics.tokenRequests), instance: self.count(self.metrics.instanceRequests),
                at: self.time.now)
            if let minute {
                do {
                    try await self.ledger.write(minute)
                    hasFailed = false
                } catch {
                    if !hasFailed {
                        self.logger.warning(
                            "webhooks by minute are not taken down; only the console's chart misses them",
                            metadata: ["reason": "\(error)"])
                    }
                    hasFailed = true
                }
            }
            // Time itself is what is waited for: a minute's count is written when some seconds of it have passed.
            guard (try? await Task.sleep(for: Self.pause)) != nil else { return }
        }
    }

    private func count(_ requests: CounterFamily<RequestOutcome>) -> Int {
        Self.counted.reduce(0) { $0 + requests[$1].count }
    }
}

/// Turns counts that only grow into counts by minute. Pure.
struct MinuteTally {
    private var minute: Date?
    /// The counts when the minute began.
    private var base = (token: 0, instance: 0)
    private var written = (token: 0, instance: 0)

    /// - Returns: what is to be written; nil when that is written already. What came since the last look of a minute
    ///   that is over counts for the next one.
    mutating func observe(token: Int, instance: Int, at now: Date) -> TrafficMinute? {
        let current = Date(timeIntervalSince1970: (now.timeIntervalSince1970 / 60).rounded(.down) * 60)
        if self.minute != current {
            self.minute = current
            self.base = self.written
        }
        guard (token, instance) != self.written else { return nil }
        self.written = (token, instance)
        return TrafficMinute(
            minute: current, token: token - self.base.token, instance: instance - self.base.instance)
    }
}
