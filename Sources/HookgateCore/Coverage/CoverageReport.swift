package import FoundationEssentials

/// Whether somebody was listening throughout a window, and when nobody was. Several gateways cover together.
package struct CoverageReport: Sendable, Equatable {
    /// Gaps that are listed one by one; all of them are counted.
    package static let mostGaps = 1_000

    package let window: CoverageInterval
    /// Oldest first.
    package private(set) var gaps: [CoverageInterval] = []
    package private(set) var gapCount = 0
    package private(set) var longestGap: CoverageInterval?
    package private(set) var uncovered: TimeInterval = 0

    private var coveredUntil: Date

    /// A window of which nothing is known to be covered yet; see ``add(_:)`` and ``finish()``.
    package init(window: CoverageInterval) {
        self.window = window
        self.coveredUntil = window.from
    }

    package var isComplete: Bool { gapCount == 0 }

    /// Takes in what gateways covered, in the order in which it began.
    package mutating func add(_ interval: CoverageInterval) {
        guard interval.until > coveredUntil, interval.from < window.until else { return }
        if interval.from > coveredUntil { gap(until: interval.from) }
        coveredUntil = min(interval.until, window.until)
    }

    /// Says that there is no more.
    package mutating func finish() {
        if coveredUntil < window.until { gap(until: window.until) }
        coveredUntil = window.until
    }

    private mutating func gap(until end: Date) {
        let gap = CoverageInterval(from: coveredUntil, until: end)
        gapCount += 1
        uncovered += gap.duration
        if gaps.count < Self.mostGaps { gaps.append(gap) }
        if gap.duration > (longestGap?.duration ?? 0) { longestGap = gap }
    }
}

extension CoverageReport {
    /// For people: how long nobody listened, and when longest.
    package var words: String {
        let days = Self.words(window.duration)
        guard let longestGap else { return "all of the last \(days)" }
        return "all but \(Self.words(uncovered)) of the last \(days), in \(gapCount) gaps, the longest of "
            + "\(Self.words(longestGap.duration)) from \(longestGap.from.formatted(.iso8601)): silence then proves nothing"
    }

    private static func words(_ seconds: TimeInterval) -> String {
        switch seconds {
        case ..<120: "\(Int(seconds.rounded(.up))) seconds"
        case ..<7_200: "\(Int((seconds / 60).rounded())) minutes"
        case ..<172_800: "\(Int((seconds / 3_600).rounded())) hours"
        default: "\(Int((seconds / 86_400).rounded())) days"
        }
    }
}

extension CoverageReport {
    /// A gateway writes every few seconds that it listens; this long it may be behind, or busy.
    package static let writeLag: TimeInterval = 60

    /// Without a short gap at the window's end, which a gateway that listens may only not have written down yet.
    package var forgivingWriteLag: CoverageReport {
        // More gaps than are listed: the last one is not known.
        guard gaps.count == gapCount, let last = gaps.last, last.until == window.until,
            last.duration <= Self.writeLag
        else { return self }
        var report = self
        report.gaps.removeLast()
        report.gapCount -= 1
        report.uncovered = report.gaps.reduce(0) { $0 + $1.duration }
        report.longestGap = report.gaps.max { $0.duration < $1.duration }
        return report
    }

    /// Since when somebody has listened without a gap until the window's end; nil where nobody listens there.
    package var listeningSince: Date? {
        let report = self.forgivingWriteLag
        guard report.gaps.count == report.gapCount else { return nil }
        guard let last = report.gaps.last else { return window.from }
        return last.until == window.until ? nil : last.until
    }
}
