import Testing

@testable import HookgateCommands

struct ProgressMeterTests {
    private let start = ContinuousClock.now

    @Test(arguments: [
        (0, 10_000, 0, "Migrating 0 % (0 of 10,000)"),
        (100, 10_000, 0, "Migrating 1 % (100 of 10,000)"),
        (4_500, 10_000, 3, "Migrating 45 % (4,500 of 10,000), 1,500/s, 4 s left"),
        (1_000, 1_000_000, 2, "Migrating 0 % (1,000 of 1,000,000), 500/s, 33 min 18 s left"),
        (10, 100_000, 10, "Migrating 0 % (10 of 100,000), 1/s, 27 h 46 min left"),
        (12, 10, 6, "Migrating 100 % (12 of 10), 2/s, 0 s left"),
    ])
    func saysCountRateAndTimeLeft(done: Int, total: Int, seconds: Int, text: String) {
        var meter = ProgressMeter("Migrating", total: total, startedAt: start)
        meter.done = done
        #expect(meter.text(at: start.advanced(by: .seconds(seconds))) == text)
    }

    @Test(arguments: [
        (0, "[----------------]"), (5, "[########--------]"), (10, "[################]"), (11, "[################]"),
    ])
    func barFillsUp(done: Int, bar: String) {
        var meter = ProgressMeter("Migrating", total: 10, startedAt: start)
        meter.done = done
        #expect(meter.bar(at: start).hasPrefix(bar + " Migrating "))
    }

    @Test func nothingToDoIsNoDivision() {
        #expect(
            ProgressMeter("Migrating", total: 0, startedAt: start).bar(at: start).hasSuffix("Migrating 0 % (0 of 0)"))
    }

    @Test(arguments: [("250ms", 250), ("5s", 5_000), ("2m", 120_000), ("1h", 3_600_000), ("0s", 0)])
    func durationsAreRead(text: String, milliseconds: Int) {
        #expect(DurationArgument(argument: text)?.duration == .milliseconds(milliseconds))
    }

    @Test(arguments: ["", "5", "s", "-1s", "1.5s", "5d", "99999999999h"])
    func otherTextsAreNoDurations(text: String) {
        #expect(DurationArgument(argument: text)?.duration == nil)
    }
}
