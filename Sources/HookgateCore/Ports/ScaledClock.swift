package import FoundationEssentials

/// A clock that runs faster than the world's from a moment on, so that weeks can be rehearsed in minutes. Used on
/// databases alone that `hookgate demo` made to be thrown away.
package struct ScaledClock: Sendable, Equatable {
    /// Two weeks in a second: faster than anything of ours could look at.
    private static let fastest = 1_209_600.0

    package let origin: Date
    /// Seconds of this clock in one of the world's.
    package let scale: Double

    /// Nil for a scale that is no speed-up, or beyond reason.
    package init?(origin: Date, scale: Double) {
        guard (1...Self.fastest).contains(scale) else { return nil }
        self.origin = origin
        self.scale = scale
    }

    /// Reads `SCALE@TIME`, as in `60480@2026-03-01T08:30:00Z`.
    package init?(_ text: String) {
        let parts = text.split(separator: "@", maxSplits: 1)
        guard parts.count == 2, let scale = Double(parts[0]),
            let origin = try? Date(String(parts[1]), strategy: .iso8601)
        else { return nil }
        self.init(origin: origin, scale: scale)
    }

    /// What it shows at a moment of the world's time.
    package func time(at instant: Date) -> Date {
        let elapsed = instant.timeIntervalSince(origin)
        return elapsed <= 0 ? instant : origin.addingTimeInterval(elapsed * scale)
    }

    /// As every decision reads the time.
    package func source(of real: TimeSource = .system) -> TimeSource {
        TimeSource { time(at: real.now) }
    }
}
