/// A clock that runs many times as fast, for pauses that would otherwise be waited for.
package struct QuickClock: Clock {
    package struct Instant: InstantProtocol {
        let offset: Duration
        package func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        package func duration(to other: Instant) -> Duration { other.offset - offset }
        package static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private let factor: Int
    private let origin = ContinuousClock.now

    package init(factor: Int = 20) {
        self.factor = factor
    }

    package var now: Instant { Instant(offset: origin.duration(to: .now) * factor) }
    package var minimumResolution: Duration { .nanoseconds(1) }

    package func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try await Task.sleep(for: max(.zero, now.duration(to: deadline) / factor))
    }
}
