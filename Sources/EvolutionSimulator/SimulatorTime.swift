import FoundationEssentials

/// The one clock of a simulator: what it sleeps by and what it dates by.
struct SimulatorTime: Sendable {
    /// Since the simulator was made.
    let elapsed: @Sendable () -> Duration
    let sleep: @Sendable (Duration) async throws -> Void
    private let origin: Date

    init<C: Clock>(_ clock: C, origin: Date) where C.Duration == Duration {
        let start = clock.now
        self.elapsed = { start.duration(to: clock.now) }
        self.sleep = { duration in try await clock.sleep(for: duration) }
        self.origin = origin
    }

    var now: Date {
        let (seconds, attoseconds) = elapsed().components
        return origin.addingTimeInterval(Double(seconds) + Double(attoseconds) / 1e18)
    }

    /// As JavaScript prints a date.
    var stamp: String { Self.stamp(now) }

    /// What webhooks carry as `date_time`: the wall clock of the official images' time zone, with a `Z` that is wrong.
    var wallClockStamp: String { Self.stamp(now.addingTimeInterval(-3 * 3_600)) }

    private static func stamp(_ date: Date) -> String {
        date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}
