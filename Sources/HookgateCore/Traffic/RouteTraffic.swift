package import FoundationEssentials

/// What came for one instance on one route, over all days that are kept.
package struct RouteTraffic: Sendable, Equatable {
    package let firstSeen: Date
    package let lastSeen: Date
    /// When the last event came that was no retry in flight; nil when there were only such.
    package let lastLive: Date?
    package let events: Int
    /// Of these, the retries in flight.
    package let retries: Int

    package init(firstSeen: Date, lastSeen: Date, lastLive: Date?, events: Int, retries: Int) {
        self.firstSeen = firstSeen
        self.lastSeen = lastSeen
        self.lastLive = lastLive
        self.events = events
        self.retries = retries
    }
}

/// What is known of one instance's traffic: what was stored, by route, and what was refused although its sender is known.
package struct InstanceTraffic: Sendable, Equatable {
    package var routes: [Route: RouteTraffic] = [:]
    package var refusals: [RefusalSummary] = []

    package init(routes: [Route: RouteTraffic] = [:], refusals: [RefusalSummary] = []) {
        self.routes = routes
        self.refusals = refusals
    }
}

/// The totals of one day and route.
package struct TrafficDay: Sendable, Equatable {
    /// As `2025-11-03`, in UTC.
    package let day: String
    package let route: Route
    package let instances: Int
    package let events: Int
    package let retries: Int

    package init(day: String, route: Route, instances: Int, events: Int, retries: Int) {
        self.day = day
        self.route = route
        self.instances = instances
        self.events = events
        self.retries = retries
    }
}

/// Reads what the gateways counted. Filled by the store.
package protocol TrafficHistory: Sendable {
    /// The traffic of these instances; one without any is missing.
    func traffic(of names: [InstanceName]) async throws -> [InstanceName: InstanceTraffic]

    /// Totals by day and route, newest first, of the days in which a window lies.
    func days(from start: Date, until end: Date) async throws -> [TrafficDay]

    /// What was refused on these days, strangers and known senders apart.
    func refusals(from start: Date, until end: Date) async throws -> [RefusalSummary]
}
