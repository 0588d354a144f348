package import FoundationEssentials

/// How the fleet's webhooks come, instance by instance: for `hookgate monitor`, the console, and alarms.
package protocol FleetMonitorUseCases: Sendable {
    /// One look at the whole fleet.
    func look(_ request: FleetRequest) async throws -> FleetView
}

/// What is to be shown of a fleet.
package struct FleetRequest: Sendable, Equatable {
    package static let mostRows = 1_000

    /// Only instances of these states; all when it is empty.
    package var states: Set<MonitoredState> = []
    /// Only these instances; all when it is empty.
    package var names: Set<InstanceName> = []
    /// As many are listed, those that need a person first; all are counted.
    package var rows = 40

    package init() {}

    /// Whether an instance is to be listed.
    package func wants(_ name: InstanceName, in state: MonitoredState) -> Bool {
        (states.isEmpty || states.contains(state)) && (names.isEmpty || names.contains(name))
    }
}

/// What one look at the fleet found.
package struct FleetView: Sendable, Equatable {
    package let at: Date
    /// Since when a gateway has listened without a gap; nil where none listens now. Silence before it proves nothing.
    package let listeningSince: Date?
    /// Of the whole fleet.
    package let counts: [MonitoredState: Int]
    /// Those that need a person first, then by name.
    package let instances: [MonitoredInstance]
    /// Instances that were asked for and are not among ``instances``.
    package let leftOut: Int
    /// Today's refused requests of senders whom nobody knows: scanners, mistyped URLs.
    package let strangers: [RefusalSummary]

    package init(
        at instant: Date, listeningSince: Date?, counts: [MonitoredState: Int], instances: [MonitoredInstance],
        leftOut: Int, strangers: [RefusalSummary]
    ) {
        self.at = instant
        self.listeningSince = listeningSince
        self.counts = counts
        self.instances = instances
        self.leftOut = leftOut
        self.strangers = strangers
    }

    /// Whether a person should look at any instance of the fleet.
    package var needsAttention: Bool { counts.contains { $0.key.needsAttention && $0.value > 0 } }
}

/// One instance as the monitor shows it.
package struct MonitoredInstance: Sendable, Equatable {
    package let name: InstanceName
    /// What people call it; nil where no integration has the name.
    package let title: String?
    package let state: MonitoredState
    /// A route on which nothing was ever seen is missing.
    package let routes: [Route: MonitoredRoute]
    /// Of its requests that were refused, on the days that are kept.
    package let refusals: [RefusalSummary]

    package init(
        name: InstanceName, title: String?, state: MonitoredState, routes: [Route: MonitoredRoute],
        refusals: [RefusalSummary]
    ) {
        self.name = name
        self.title = title
        self.state = state
        self.routes = routes
        self.refusals = refusals
    }
}

/// One instance's traffic on one route.
package struct MonitoredRoute: Sendable, Equatable {
    /// Over so long the rate is taken.
    package static let rateWindow: TimeInterval = 5 * 60

    package let lastSeen: Date
    /// When the last event came that was no retry in flight.
    package let lastLive: Date?
    /// New events a minute, of the last ``rateWindow``.
    package let perMinute: Double

    package init(lastSeen: Date, lastLive: Date?, perMinute: Double) {
        self.lastSeen = lastSeen
        self.lastLive = lastLive
        self.perMinute = perMinute
    }
}

/// How an instance's webhooks come. In the order in which a person should look at them.
package enum MonitoredState: String, Sendable, CaseIterable {
    /// It was switched over, and somebody still calls its old URL.
    case straggler
    /// By its own history something should have come by now.
    case silent
    /// Webhooks come for a name that no integration has.
    case unclaimed
    /// It was switched over, and what came on its old URL since may have been under way then.
    case inFlight = "in_flight"
    /// It was switched over, and no event has come yet.
    case configured
    /// It posts to its old URL.
    case legacy
    /// It posts to its token URL.
    case token
    /// Nothing of it was ever seen.
    case unseen

    /// Whether a person should look at it now.
    package var needsAttention: Bool { self <= .unclaimed }

    /// For people.
    package var meaning: String {
        switch self {
        case .straggler: "switched over, and its old URL is still called"
        case .silent: "silent, though its own history says that something should have come"
        case .unclaimed: "webhooks come, and no integration has the name"
        case .inFlight: "switched over; retries may still come on the old URL"
        case .configured: "switched over; no event yet"
        case .legacy: "on the old URL"
        case .token: "on the token URL"
        case .unseen: "nothing seen yet"
        }
    }
}

extension MonitoredState: Comparable {
    private var place: Int { Self.allCases.firstIndex(of: self) ?? Self.allCases.endIndex }

    package static func < (left: MonitoredState, right: MonitoredState) -> Bool { left.place < right.place }
}
