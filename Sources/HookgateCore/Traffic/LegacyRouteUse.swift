package import FoundationEssentials

/// What traffic on the old URL means once its instance was switched over.
package enum LegacyRouteUse: Sendable, Equatable {
    /// Nothing came since.
    case unused
    /// All that came may have been under way when the URL changed.
    case inFlight(last: Date)
    /// Somebody still calls the old URL.
    case straggler(last: Date)

    /// For so long a sender retries an event on the URL that it was first sent to.
    package static let longestRetry: TimeInterval = 45 * 60

    /// Decides. Pure. A retry of what had come already proves nothing of the present; nor does an event whose first
    /// try may have been lost before the switch, which nothing but time tells from a new one.
    package init(_ traffic: RouteTraffic?, switchedAt: Date) {
        guard let traffic, traffic.lastSeen > switchedAt else {
            self = .unused
            return
        }
        if let live = traffic.lastLive, live > switchedAt.addingTimeInterval(Self.longestRetry) {
            self = .straggler(last: live)
        } else {
            self = .inFlight(last: traffic.lastSeen)
        }
    }
}
