/// A clock that runs twenty times as fast, for pauses that would otherwise be waited for.
struct QuickClock: Clock {
    struct Instant: InstantProtocol {
        let offset: Duration
        func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - offset }
        static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private static let factor = 20

    private let origin = ContinuousClock.now

    var now: Instant { Instant(offset: origin.duration(to: .now) * Self.factor) }
    var minimumResolution: Duration { .nanoseconds(1) }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try await Task.sleep(for: max(.zero, now.duration(to: deadline) / Self.factor))
    }
}
