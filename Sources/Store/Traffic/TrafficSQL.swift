/// Expressions over `hookgate.route_traffic` that more than one reader needs.
enum TrafficSQL {
    /// When the last event came that was no retry in flight. Rows of releases that told none apart count as live as a
    /// whole: that errs on the side of a sender who still calls.
    static let lastLive = "CASE WHEN retries < count THEN coalesce(last_live, last_seen) END"
}
