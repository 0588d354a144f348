package import FoundationEssentials

/// What is known of one instance's traffic and of its switch-over: what its state is decided from.
package struct FleetRow: Sendable, Equatable {
    /// For so long a call on the old URL makes a straggler, and one for nobody's name something to look at. Then it has
    /// been mended, or the sender is gone.
    package static let memory: TimeInterval = 86_400

    package let name: InstanceName
    /// What people call it; nil where no integration has the name.
    package let title: String?
    /// Whether its integration may receive traffic.
    package let isEnabled: Bool
    package let routes: [Route: RouteTraffic]
    /// When its token URL was set, while it is.
    package let switchedAt: Date?
    /// Times at which something came, of the last weeks: the first and the last of each day.
    package let marks: [Date]

    package init(
        name: InstanceName, title: String?, isEnabled: Bool, routes: [Route: RouteTraffic], switchedAt: Date?,
        marks: [Date]
    ) {
        self.name = name
        self.title = title
        self.isEnabled = isEnabled
        self.routes = routes
        self.switchedAt = switchedAt
        self.marks = marks
    }

    /// When something new came last, on whichever route.
    package var lastLive: Date? { routes.values.compactMap(\.lastLive).max() }

    /// New events a day, over all that is known.
    package var perDay: Double {
        guard let first = routes.values.map(\.firstSeen).min(), let last = routes.values.map(\.lastSeen).max() else {
            return 0
        }
        let events = routes.values.reduce(0) { $0 + $1.events - $1.retries }
        return Double(events) / max(1, last.timeIntervalSince(first) / 86_400)
    }

    /// Decides. Pure.
    /// - Parameter listeningSince: since when a gateway has listened without a gap; nil where none does now.
    package func state(at now: Date, listeningSince: Date?) -> MonitoredState {
        guard title != nil else {
            let isRecent = lastLive.map { now.timeIntervalSince($0) < Self.memory } ?? false
            return isRecent ? .unclaimed : .legacy
        }
        let legacy = routes[.instance]
        if let switchedAt, case .straggler(let last) = LegacyRouteUse(legacy, switchedAt: switchedAt),
            now.timeIntervalSince(last) < Self.memory
        {
            return .straggler
        }
        if isEnabled, let lastLive,
            ExpectedTraffic(marks: marks, perDay: perDay).isMissing(
                since: lastLive, listeningSince: listeningSince, at: now)
        {
            return .silent
        }
        return route(at: now)
    }

    private func route(at now: Date) -> MonitoredState {
        let legacy = routes[.instance]?.lastLive
        let token = routes[.token]?.lastSeen
        guard let switchedAt else {
            switch (legacy, token) {
            case (nil, nil): return routes.isEmpty ? .unseen : .legacy
            case (let legacy?, let token?): return legacy > token ? .legacy : .token
            case (_, nil): return .legacy
            case (nil, _): return .token
            }
        }
        let mayBeInFlight = now < switchedAt.addingTimeInterval(LegacyRouteUse.longestRetry)
        if mayBeInFlight, case .inFlight = LegacyRouteUse(routes[.instance], switchedAt: switchedAt) {
            return .inFlight
        }
        return token.map { $0 >= switchedAt } == true ? .token : .configured
    }
}

/// Reads what the state of the fleet is decided from. Filled by the store.
package protocol FleetTraffic: Sendable {
    /// Hands over every instance that an integration or a counted webhook names.
    /// - Parameter marksSince: how far back times of traffic are wanted.
    func forEachRow(marksSince: Date, _ body: (FleetRow) throws -> Void) async throws

    /// How many new events have come for these instances since, by route.
    func counts(of names: [InstanceName], since start: Date) async throws -> [InstanceName: [Route: Int]]
}
