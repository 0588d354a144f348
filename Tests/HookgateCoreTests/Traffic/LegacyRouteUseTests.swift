import FoundationEssentials
import HookgateCore
import Testing

/// Retries that were under way at a switch are no stragglers.
struct LegacyRouteUseTests {
    private static let switched = Date(timeIntervalSince1970: 1_760_918_400)

    private static func use(lastSeen minutes: Double, lastLive: Double?) -> LegacyRouteUse {
        let traffic = RouteTraffic(
            firstSeen: switched.addingTimeInterval(-86_400), lastSeen: switched.addingTimeInterval(minutes * 60),
            lastLive: lastLive.map { switched.addingTimeInterval($0 * 60) }, events: 9, retries: 3)
        return LegacyRouteUse(traffic, switchedAt: switched)
    }

    private static func minute(_ minutes: Double) -> Date { switched.addingTimeInterval(minutes * 60) }

    @Test func nothingSinceTheSwitchIsUnused() {
        #expect(LegacyRouteUse(nil, switchedAt: Self.switched) == .unused)
        #expect(Self.use(lastSeen: 0, lastLive: 0) == .unused)
        #expect(Self.use(lastSeen: -5, lastLive: -5) == .unused)
    }

    @Test func whatComesWithinThreeQuartersOfAnHourMayHaveBeenUnderWay() {
        #expect(Self.use(lastSeen: 44, lastLive: 44) == .inFlight(last: Self.minute(44)))
        #expect(Self.use(lastSeen: 45, lastLive: 45) == .inFlight(last: Self.minute(45)))
    }

    @Test func whatComesLaterIsAStragglerUnlessItIsARetry() {
        #expect(Self.use(lastSeen: 46, lastLive: 46) == .straggler(last: Self.minute(46)))
        #expect(Self.use(lastSeen: 500, lastLive: 46) == .straggler(last: Self.minute(46)))
        #expect(Self.use(lastSeen: 60, lastLive: 20) == .inFlight(last: Self.minute(60)))
        #expect(Self.use(lastSeen: 60, lastLive: nil) == .inFlight(last: Self.minute(60)))
    }
}
