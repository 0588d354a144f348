package import FoundationEssentials

/// Merges a gateway's heartbeats into intervals: one grows from beat to beat, a gap starts another. Pure.
///
/// It claims only what lies between two good beats that follow each other closely. What a database that is down cannot
/// be told is kept, and handed out again until it is ``written(_:)``.
package struct CoverageMerge: Sendable, Equatable {
    /// How often a gateway looks at itself, in seconds.
    package static let beatInterval: TimeInterval = 5
    /// Two beats further apart than this prove nothing of the time between them.
    package static let longestPause: TimeInterval = 15
    /// Intervals that wait to be written; beyond that the oldest are given up, which only ever makes gaps.
    package static let mostWaiting = 1_000

    private let longestPause: TimeInterval
    private var waiting: [CoverageInterval]
    private var open: CoverageInterval?
    private var writtenOpen: CoverageInterval?
    private var mishaps: Int?

    /// - Parameters:
    ///   - left: what an earlier process could not write. None of it is ever extended.
    ///   - longestPause: longer only under a clock that runs faster.
    package init(left: [CoverageInterval] = [], longestPause: TimeInterval = Self.longestPause) {
        self.longestPause = longestPause
        self.waiting = Array(left.suffix(Self.mostWaiting))
    }

    /// What the ledger does not have, or not in this length, oldest first.
    package var unwritten: [CoverageInterval] {
        guard let open, open != writtenOpen else { return waiting }
        return waiting + [open]
    }

    package mutating func beat(_ beat: CoverageBeat) {
        defer { mishaps = beat.mishaps }
        guard beat.isReady else { return end() }
        guard let open, mishaps == beat.mishaps, (0...longestPause).contains(beat.at.timeIntervalSince(open.until))
        else {
            end()
            self.open = CoverageInterval(from: beat.at, until: beat.at)
            return
        }
        self.open = CoverageInterval(from: open.from, until: beat.at)
    }

    /// The ledger has these now.
    package mutating func written(_ intervals: [CoverageInterval]) {
        let written = Set(intervals)
        waiting.removeAll(where: written.contains)
        if let open, let known = intervals.last(where: { $0.from == open.from }) { writtenOpen = known }
    }

    private mutating func end() {
        defer {
            open = nil
            writtenOpen = nil
        }
        // A single moment covers nothing.
        guard let open, open.duration > 0, open != writtenOpen else { return }
        waiting.append(open)
        if waiting.count > Self.mostWaiting { waiting.removeFirst(waiting.count - Self.mostWaiting) }
    }
}
