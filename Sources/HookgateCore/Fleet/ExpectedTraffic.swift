package import FoundationEssentials

/// What an instance's own past says of its silence. Pure.
///
/// A silence is unusual when in each of the last weeks, or on each of the last days, something had come by this time of
/// the same stretch. So a clinic that is closed at night and on Sundays is expected back on Monday morning, and one
/// that has no past yet, or seldom gets anything, is expected at no time.
package struct ExpectedTraffic: Sendable {
    /// How far back times of traffic are looked at. After so long a silence nothing is expected any more.
    package static let history: TimeInterval = 30 * 86_400
    /// A shorter silence is nobody's concern; by so much, or a third of the silence, a day may end earlier than usual.
    package static let shortestSilence: TimeInterval = 4 * 3_600
    /// Whoever gets fewer events a day is silent by chance too often.
    package static let leastPerDay = 20.0
    /// By so much the next may come later than usual: a quarter of the silence, between these.
    private static let lateness: ClosedRange<TimeInterval> = 3_600...4 * 3_600
    private static let patterns = [(period: 7 * 86_400.0, times: 3), (period: 86_400.0, times: 7)]

    private let marks: [Date]
    private let perDay: Double

    /// - Parameters:
    ///   - marks: times at which something came, in any order.
    ///   - perDay: how many events come on a day.
    package init(marks: [Date], perDay: Double) {
        self.marks = marks
        self.perDay = perDay
    }

    /// Whether something should have come by now.
    /// - Parameters:
    ///   - lastLive: when something new came last.
    ///   - listeningSince: since when somebody has listened without a gap: what came before was perhaps not heard.
    package func isMissing(since lastLive: Date, listeningSince: Date?, at now: Date) -> Bool {
        guard let listeningSince, perDay >= Self.leastPerDay else { return false }
        let start = max(lastLive, listeningSince)
        let silence = now.timeIntervalSince(start)
        guard silence >= Self.shortestSilence else { return false }
        let begin = start.addingTimeInterval(max(Self.shortestSilence, silence / 3))
        let end = now.addingTimeInterval(-min(max(Self.lateness.lowerBound, silence / 4), Self.lateness.upperBound))
        return Self.patterns.contains { pattern in
            (1...pattern.times).allSatisfy { times in
                let back = -pattern.period * Double(times)
                return marks.contains { $0 > begin.addingTimeInterval(back) && $0 <= end.addingTimeInterval(back) }
            }
        }
    }
}
