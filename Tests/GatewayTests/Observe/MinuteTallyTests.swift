import FoundationEssentials
import HookgateCore
import Testing

@testable import Gateway

struct MinuteTallyTests {
    private static let start = Date(timeIntervalSince1970: 1_760_918_400)

    @Test func aMinuteGrowsAndTheNextBeginsAtZero() {
        var tally = MinuteTally()
        #expect(
            tally.observe(token: 3, instance: 1, at: Self.start.addingTimeInterval(5))
                == TrafficMinute(minute: Self.start, token: 3, instance: 1))
        #expect(
            tally.observe(token: 5, instance: 1, at: Self.start.addingTimeInterval(59))
                == TrafficMinute(minute: Self.start, token: 5, instance: 1))
        let next = Self.start.addingTimeInterval(60)
        #expect(
            tally.observe(token: 6, instance: 4, at: next) == TrafficMinute(minute: next, token: 1, instance: 3))
    }

    @Test func aMinuteWithoutAnyIsNotWritten() {
        var tally = MinuteTally()
        #expect(tally.observe(token: 0, instance: 0, at: Self.start) == nil)
        _ = tally.observe(token: 1, instance: 0, at: Self.start)
        #expect(tally.observe(token: 1, instance: 0, at: Self.start.addingTimeInterval(120)) == nil)
    }
}
