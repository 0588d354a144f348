/// A clock for deadlines and pauses, which no change of the wall clock moves. Tests put a clock of their own behind it.
package struct MonotonicTime: Sendable {
    /// Since some fixed moment in the past.
    private let read: @Sendable () -> Duration
    private let pause: @Sendable (Duration) async throws -> Void

    package init<C: Clock>(_ clock: C) where C.Duration == Duration, C.Instant: Sendable {
        let origin = clock.now
        self.read = { origin.duration(to: clock.now) }
        self.pause = { try await clock.sleep(until: clock.now.advanced(by: $0), tolerance: nil) }
    }

    package static let system = MonotonicTime(ContinuousClock())

    package var now: Duration { self.read() }

    /// Throws when the task is cancelled, and at no other time.
    package func sleep(for duration: Duration) async throws {
        try await self.pause(duration)
    }
}
