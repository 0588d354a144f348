import FoundationEssentials
import HookgateCore
import Testing

@testable import Gateway

/// When an event counts as accepted, whatever the machine's clock does.
struct EventStampTests {
    private static let start = Date(timeIntervalSince1970: 1_760_918_400)

    private static func instants(_ offsets: TimeInterval...) -> [Date] { offsets.map { start.addingTimeInterval($0) } }

    private static func stamps(_ clock: [Date]) -> [Date] {
        let ids = EventIDGenerator()
        return clock.map { ids.stamp(at: $0).acceptedAt }
    }

    @Test func aClockThatGoesOnIsFollowed() {
        let clock = Self.instants(0, 0.5, 0.5, 7)
        #expect(Self.stamps(clock) == clock)
    }

    @Test(arguments: [0.001, 2, 300]) func whatIsAcceptedAfterAClockWasSetRightComesAfterWhatWasBefore(
        step: TimeInterval
    ) {
        let clock = Self.instants(0, -step, -step + 0.0001, 0.1)
        let stamps = Self.stamps(clock)
        #expect(zip(stamps, stamps.dropFirst()).allSatisfy { $0 < $1 })
        #expect(stamps.last == clock.last, "the clock is followed again once it is past what it had said")
    }

    @Test func aClockThatWasFarAheadIsBelievedAgainOnceItIsRight() {
        let clock = Self.instants(86_400, 0, 1)
        #expect(Self.stamps(clock) == clock)
    }

    @Test func anIdSortsWithItsInstant() {
        let ids = EventIDGenerator()
        let first = ids.stamp(at: Self.start)
        let second = ids.stamp(at: Self.start.addingTimeInterval(-60))
        #expect(second.acceptedAt > first.acceptedAt)
        #expect(second.id.receivedAt == first.id.receivedAt, "to the millisecond that stands in an id")
    }
}
