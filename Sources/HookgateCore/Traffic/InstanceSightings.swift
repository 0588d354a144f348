/// What the gateways have seen of one instance, as `check` and `explain` tell it.
package struct InstanceSightings: Sendable, Equatable {
    /// When the last event came, by route.
    package var lastSeen: [Route: Timestamp]
    /// The same without retries of what had come already.
    package var lastLive: [Route: Timestamp]
    /// How its requests on the legacy route resolve the old way; nil when none was compared.
    package var oldWay: OldWayTally?

    package init(
        lastSeen: [Route: Timestamp] = [:], lastLive: [Route: Timestamp] = [:], oldWay: OldWayTally? = nil
    ) {
        self.lastSeen = lastSeen
        self.lastLive = lastLive
        self.oldWay = oldWay
    }

    /// When traffic was last seen on a route, in words.
    package func words(_ route: Route) -> String {
        guard let seen = lastSeen[route] else { return "never" }
        return lastLive[route] == seen
            ? seen.text : "\(seen.text) (a retry; the last new event: \(lastLive[route]?.text ?? "none"))"
    }
}
