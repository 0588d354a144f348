import FoundationEssentials
import HookgateCore
import Testing

/// What an instance's traffic amounts to.
struct FleetRowTests {
    private static let now = Date(timeIntervalSince1970: 1_764_000_000)

    private static func ago(_ minutes: Double) -> Date { now.addingTimeInterval(-minutes * 60) }

    private static func traffic(_ minutes: Double, live: Double? = nil) -> RouteTraffic {
        RouteTraffic(
            firstSeen: ago(100_000), lastSeen: ago(minutes), lastLive: ago(live ?? minutes), events: 9, retries: 0)
    }

    private static func state(
        token: RouteTraffic? = nil, legacy: RouteTraffic? = nil, switched: Double? = nil, title: String? = "A"
    ) -> MonitoredState {
        var routes: [Route: RouteTraffic] = [:]
        routes[.token] = token
        routes[.instance] = legacy
        return FleetRow(
            name: InstanceName("a"), title: title, isEnabled: true, routes: routes,
            switchedAt: switched.map(ago), marks: []
        ).state(at: now, listeningSince: ago(100_000))
    }

    @Test func stragglersAreToldFromRetriesInFlight() {
        #expect(Self.state(legacy: Self.traffic(5), switched: 60) == .straggler)
        #expect(Self.state(token: Self.traffic(1), legacy: Self.traffic(5), switched: 60) == .straggler)
        #expect(Self.state(legacy: Self.traffic(5), switched: 30) == .inFlight)
        // A retry of what had come before the switch, however late, is no straggler.
        #expect(Self.state(token: Self.traffic(1), legacy: Self.traffic(5, live: 90), switched: 60) == .token)
        // What was mended a day ago is no news.
        #expect(Self.state(token: Self.traffic(1), legacy: Self.traffic(1_500), switched: 9_000) == .token)
    }

    @Test func eachStageOfASwitchHasItsWord() {
        #expect(Self.state() == .unseen)
        #expect(Self.state(legacy: Self.traffic(1)) == .legacy)
        #expect(Self.state(token: Self.traffic(5), legacy: Self.traffic(1)) == .legacy)
        #expect(Self.state(token: Self.traffic(1), legacy: Self.traffic(5)) == .token)
        #expect(Self.state(legacy: Self.traffic(90), switched: 60) == .configured)
        #expect(Self.state(token: Self.traffic(5), legacy: Self.traffic(90), switched: 60) == .token)
        #expect(Self.state(legacy: Self.traffic(1), title: nil) == .unclaimed)
        #expect(Self.state(legacy: Self.traffic(1_500), title: nil) == .legacy)
    }

    @Test func whatNeedsAPersonComesFirst() {
        #expect(MonitoredState.allCases.sorted() == MonitoredState.allCases)
        #expect(MonitoredState.allCases.filter(\.needsAttention) == [.straggler, .silent, .unclaimed])
    }
}

/// Whether a silence is one that an instance's past does not know.
struct ExpectedTrafficTests {
    private static let hour: TimeInterval = 3_600
    /// A Monday, at midnight.
    private static let monday = Date(timeIntervalSince1970: 1_763_942_400)

    /// Something from 8 to 18 o'clock on weekdays of so many weeks before.
    private static func officeHours(weeks: Int) -> [Date] {
        (1...weeks * 7).filter { ![1, 2].contains($0 % 7) }.flatMap { days in
            [8.0, 18.0].map { monday.addingTimeInterval(-Double(days) * 86_400 + $0 * hour) }
        }
    }

    private static func isMissing(
        _ marks: [Date], perDay: Double = 100, lastLive: Date,
        listeningSince: Date? = monday.addingTimeInterval(-50 * 86_400), at now: Date
    ) -> Bool {
        ExpectedTraffic(marks: marks, perDay: perDay).isMissing(
            since: lastLive, listeningSince: listeningSince, at: now)
    }

    @Test func aWeekendIsNoSilenceAndAMondayWithoutAnythingIs() {
        let marks = Self.officeHours(weeks: 4)
        let friday = Self.monday.addingTimeInterval(-3 * 86_400 + 18 * Self.hour)
        #expect(!Self.isMissing(marks, lastLive: friday, at: Self.monday.addingTimeInterval(-12 * Self.hour)))
        #expect(!Self.isMissing(marks, lastLive: friday, at: Self.monday.addingTimeInterval(7 * Self.hour)))
        #expect(!Self.isMissing(marks, lastLive: friday, at: Self.monday.addingTimeInterval(9 * Self.hour)))
        #expect(Self.isMissing(marks, lastLive: friday, at: Self.monday.addingTimeInterval(13 * Self.hour)))
    }

    @Test func aDayThatEndsEarlierThanUsualIsNoSilence() {
        let marks = Self.officeHours(weeks: 4)
        let early = Self.monday.addingTimeInterval(-3 * 86_400 + 15 * Self.hour)
        for hours in 3..<60 {
            #expect(!Self.isMissing(marks, lastLive: early, at: early.addingTimeInterval(Double(hours) * Self.hour)))
        }
        let morning = Self.monday.addingTimeInterval(-3 * 86_400 + 9 * Self.hour)
        #expect(Self.isMissing(marks, lastLive: morning, at: morning.addingTimeInterval(13 * Self.hour)))
        #expect(
            !Self.isMissing(marks, perDay: 3, lastLive: morning, at: morning.addingTimeInterval(13 * Self.hour)))
    }

    @Test func withoutAPastNothingIsExpected() {
        let friday = Self.monday.addingTimeInterval(-3 * 86_400 + 18 * Self.hour)
        let later = Self.monday.addingTimeInterval(40 * Self.hour)
        #expect(!Self.isMissing([], lastLive: friday, at: later))
        #expect(!Self.isMissing(Self.officeHours(weeks: 2), lastLive: friday, at: later))
        #expect(Self.isMissing(Self.officeHours(weeks: 4), lastLive: friday, at: later))
    }

    @Test func sevenBusyDaysAreAPast() {
        let marks = (1...8).flatMap { days in
            [6.0, 23.0].map { Self.monday.addingTimeInterval(-Double(days) * 86_400 + $0 * Self.hour) }
        }
        let last = Self.monday.addingTimeInterval(-Self.hour)
        #expect(!Self.isMissing(marks, lastLive: last, at: Self.monday.addingTimeInterval(Self.hour)))
        #expect(Self.isMissing(marks, lastLive: last, at: Self.monday.addingTimeInterval(10 * Self.hour)))
    }

    @Test func silenceCountsFromWhenSomebodyListens() {
        let marks = Self.officeHours(weeks: 4)
        let friday = Self.monday.addingTimeInterval(-3 * 86_400 + 18 * Self.hour)
        let evening = Self.monday.addingTimeInterval(30 * Self.hour)
        #expect(!Self.isMissing(marks, lastLive: friday, listeningSince: nil, at: evening))
        // Back since one hour: of the day before nobody knows.
        let back = evening.addingTimeInterval(-Self.hour)
        #expect(!Self.isMissing(marks, lastLive: friday, listeningSince: back, at: evening))
    }
}
