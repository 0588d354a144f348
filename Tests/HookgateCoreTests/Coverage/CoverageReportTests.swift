import FoundationEssentials
import HookgateCore
import Testing

/// What a window says of itself.
struct CoverageReportTests {
    private static func report(_ intervals: [(Double, Double)]) -> CoverageReport {
        var report = CoverageReport(window: interval(0, 100))
        for (from, until) in intervals { report.add(interval(from, until)) }
        report.finish()
        return report
    }

    private static func interval(_ from: Double, _ until: Double) -> CoverageInterval {
        CoverageInterval(from: Date(timeIntervalSince1970: from), until: Date(timeIntervalSince1970: until))
    }

    @Test func aWindowThatIsCoveredWhollyHasNoGap() {
        for intervals in [[(0.0, 100.0)], [(-50, 150)], [(-5, 40), (20, 60), (30, 35), (60, 100)]] {
            let report = Self.report(intervals)
            #expect(report.isComplete && report.gaps.isEmpty && report.uncovered == 0 && report.longestGap == nil)
        }
    }

    @Test func gapsAreListedAndMeasured() {
        let report = Self.report([(-9, 10), (15, 20), (12, 18), (60, 300)].sorted { $0.0 < $1.0 })
        #expect(report.gaps == [Self.interval(10, 12), Self.interval(20, 60)])
        #expect(report.uncovered == 42)
        #expect(report.longestGap == Self.interval(20, 60))
        #expect(!report.isComplete)
    }

    @Test func aWindowThatNobodyCoveredIsOneGap() {
        #expect(Self.report([]).gaps == [Self.interval(0, 100)])
        #expect(Self.report([(-20, 0), (100, 120)]).gaps == [Self.interval(0, 100)])
    }

    @Test func allGapsAreCountedAndSomeListed() {
        var report = CoverageReport(window: Self.interval(0, 30_000))
        for start in stride(from: 0.0, to: 30_000, by: 10) { report.add(Self.interval(start, start + 5)) }
        report.finish()
        #expect(report.gapCount == 3_000)
        #expect(report.gaps.count == CoverageReport.mostGaps)
        #expect(report.uncovered == 15_000)
    }
}

/// Since when somebody has listened.
struct ListeningSinceTests {
    private static func at(_ seconds: Double) -> Date { Date(timeIntervalSince1970: 1_764_000_000 + seconds) }

    private static func report(_ intervals: [(Double, Double)]) -> CoverageReport {
        var report = CoverageReport(window: CoverageInterval(from: at(0), until: at(1_000)))
        for (from, until) in intervals { report.add(CoverageInterval(from: at(from), until: at(until))) }
        report.finish()
        return report
    }

    @Test func itIsTheEndOfTheLastGap() {
        #expect(Self.report([(-5, 1_000)]).listeningSince == Self.at(0))
        #expect(Self.report([(-5, 990)]).listeningSince == Self.at(0))
        #expect(Self.report([(0, 300), (400, 990)]).listeningSince == Self.at(400))
        #expect(Self.report([(0, 900)]).listeningSince == nil)
        #expect(Self.report([]).listeningSince == nil)
    }
}
