/// The bounds of a pool.
package struct PostgresPoolOptions: Sendable {
    /// How many connections there are at most. Few are enough: each works on one statement at a time, and a server
    /// shares a few hundred between all its clients.
    package var maximumConnections: Int
    /// How long a task waits for a free connection.
    package var acquireTimeout: Duration
    /// How each connection behaves.
    package var connection: PostgresConnectionOptions

    package init(
        maximumConnections: Int = 4, acquireTimeout: Duration = .seconds(10),
        connection: PostgresConnectionOptions = PostgresConnectionOptions()
    ) {
        precondition(maximumConnections > 0, "cannot make a pool without connections")
        self.maximumConnections = maximumConnections
        self.acquireTimeout = acquireTimeout
        self.connection = connection
    }
}
