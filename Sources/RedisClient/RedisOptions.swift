/// The bounds of a ``RedisClient``.
package struct RedisOptions: Sendable {
    /// For connecting, and again for the first commands on a new connection (TLS, password, database).
    package var connectTimeout = Duration.seconds(1)
    /// How long a command may take before its connection is given up.
    package var commandTimeout = Duration.milliseconds(100)
    package var commandsInFlight = 1_024
    /// How often an idle connection is asked whether it lives.
    package var pingInterval = Duration.seconds(2)
    package var firstPause = Duration.milliseconds(100)
    package var longestPause = Duration.seconds(5)

    package init() {}
}
