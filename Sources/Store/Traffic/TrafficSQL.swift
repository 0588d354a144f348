import HookgateCore

/// Expressions over `hookgate.route_traffic` that more than one reader needs.
enum TrafficSQL {
    /// For so long after an event its sender may still repeat it.
    static let longestRetry = "interval '\(Int(LegacyRouteUse.longestRetry)) seconds'"

    /// When the last event came that was no retry in flight. Rows of releases that told none apart count as live as a
    /// whole: that errs on the side of a sender who still calls.
    static let lastLive = "CASE WHEN retries < count THEN coalesce(last_live, last_seen) END"

    /// When an instance was seen last on a route: read from its latest day and not from all days, since how long the
    /// traffic is kept shall not make lists slow.
    /// - Parameters:
    ///   - name: the expression of the instance's name.
    ///   - isLive: leaves retries in flight out.
    static func latest(_ route: Route, of name: String, isLive: Bool = false) -> String {
        """
        (SELECT \(isLive ? lastLive : "last_seen") FROM hookgate.route_traffic
        WHERE instance_name = \(name) AND route = '\(route.rawValue)'\(isLive ? " AND retries < count" : "")
        ORDER BY day DESC LIMIT 1)
        """
    }
}
