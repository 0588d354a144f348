import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Testing

/// Heartbeats become intervals that claim nothing which two good beats do not prove.
struct CoverageMergeTests {
    private static func at(_ second: Double) -> Date { Date(timeIntervalSince1970: 1_760_918_400 + second) }

    private static func interval(_ from: Double, _ until: Double) -> CoverageInterval {
        CoverageInterval(from: at(from), until: at(until))
    }

    private static func merge(
        _ beats: [(second: Double, isReady: Bool, mishaps: Int)], left: [CoverageInterval] = []
    ) -> CoverageMerge {
        var merge = CoverageMerge(left: left)
        for beat in beats {
            merge.beat(CoverageBeat(at: at(beat.second), isReady: beat.isReady, mishaps: beat.mishaps))
        }
        return merge
    }

    @Test func beatsThatFollowEachOtherGrowOneInterval() {
        let merge = Self.merge((0...100).map { (Double($0) * 5, true, 0) })
        #expect(merge.unwritten == [Self.interval(0, 500)])
    }

    @Test(arguments: [
        // A pause longer than three beats, a look that failed, and a webhook that was turned away in between.
        [(0.0, true, 0), (5.0, true, 0), (25.0, true, 0), (30.0, true, 0)],
        [(0.0, true, 0), (5.0, true, 0), (10.0, false, 0), (25.0, true, 0), (30.0, true, 0)],
        [(0.0, true, 0), (5.0, true, 0), (25.0, true, 3), (30.0, true, 3)],
        // Set back, the clock proves nothing of the time between.
        [(20.0, true, 0), (25.0, true, 0), (0.0, true, 0), (5.0, true, 0)],
    ])
    func whatIsNotProvenIsAGap(_ beats: [(Double, Bool, Int)]) {
        let unwritten = Self.merge(beats).unwritten
        #expect(unwritten.count == 2)
        #expect(
            Set(unwritten) == [
                Self.interval(0, 5),
                unwritten.contains(Self.interval(20, 25))
                    ? Self.interval(20, 25) : Self.interval(25, 30),
            ])
    }

    @Test func aSingleMomentCoversNothing() {
        #expect(Self.merge([(0, true, 0), (60, false, 0)]).unwritten.isEmpty)
        #expect(Self.merge([(0, false, 0), (5, false, 0)]).unwritten.isEmpty)
    }

    @Test func whatIsWrittenIsHandedOutAgainOnlyWhenItGrew() {
        var merge = Self.merge([(0, true, 0), (5, true, 0)])
        merge.written(merge.unwritten)
        #expect(merge.unwritten.isEmpty)
        merge.beat(CoverageBeat(at: Self.at(10), isReady: true, mishaps: 0))
        #expect(merge.unwritten == [Self.interval(0, 10)])
        merge.beat(CoverageBeat(at: Self.at(15), isReady: false, mishaps: 0))
        #expect(merge.unwritten == [Self.interval(0, 10)])
        merge.written(merge.unwritten)
        #expect(merge.unwritten.isEmpty)
    }

    /// A write takes its time: what grew meanwhile is not taken for written.
    @Test func whatGrewWhileItWasWrittenIsStillToBeWritten() {
        var merge = Self.merge([(0, true, 0), (5, true, 0)])
        let begun = merge.unwritten
        merge.beat(CoverageBeat(at: Self.at(10), isReady: true, mishaps: 0))
        merge.written(begun)
        #expect(merge.unwritten == [Self.interval(0, 10)])
        let again = merge.unwritten
        merge.beat(CoverageBeat(at: Self.at(15), isReady: true, mishaps: 0))
        merge.beat(CoverageBeat(at: Self.at(60), isReady: true, mishaps: 0))
        merge.written(again)
        #expect(merge.unwritten == [Self.interval(0, 15), Self.interval(60, 60)])
    }

    @Test func whatAnEarlierProcessLeftIsWrittenAndNeverExtended() {
        let merge = Self.merge([(12, true, 0), (17, true, 0)], left: [Self.interval(0, 10)])
        #expect(merge.unwritten == [Self.interval(0, 10), Self.interval(12, 17)])
    }

    @Test func whatWaitsIsBounded() {
        let beats = (0..<3 * CoverageMerge.mostWaiting).flatMap { number in
            [(Double(number) * 100, true, 0), (Double(number) * 100 + 5, true, 0)]
        }
        let unwritten = Self.merge(beats).unwritten
        #expect(unwritten.count <= CoverageMerge.mostWaiting + 1)
        #expect(unwritten.last == Self.interval(beats[beats.count - 2].0, beats[beats.count - 1].0))
    }

    /// Whatever happens, no instant is claimed that does not lie between two good beats.
    @Test func nothingIsClaimedThatNoTwoBeatsProve() {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<200 {
            var second = 0.0
            var mishaps = 0
            var merge = CoverageMerge()
            var proven: Set<Int> = []
            var before: (second: Double, mishaps: Int)?
            var claimed: Set<CoverageInterval> = []
            for _ in 0..<60 {
                second += Double([5, 5, 5, 6, 14, 16, 40].randomElement(using: &random) ?? 5)
                mishaps += Int.random(in: 0...9, using: &random) == 0 ? 1 : 0
                let isReady = Int.random(in: 0...6, using: &random) > 0
                if isReady, let before, before.mishaps == mishaps, second - before.second <= CoverageMerge.longestPause
                {
                    proven.formUnion(Int(before.second)..<Int(second))
                }
                before = isReady ? (second, mishaps) : nil
                merge.beat(CoverageBeat(at: Self.at(second), isReady: isReady, mishaps: mishaps))
                claimed.formUnion(merge.unwritten)
                if Bool.random(using: &random) { merge.written(merge.unwritten) }
            }
            let seconds = Set(
                claimed.flatMap { interval in
                    Int(interval.from.timeIntervalSince(Self.at(0)))..<Int(interval.until.timeIntervalSince(Self.at(0)))
                })
            #expect(seconds == proven)
        }
    }
}
