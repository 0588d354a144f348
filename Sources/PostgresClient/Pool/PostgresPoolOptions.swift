/// The bounds of a pool.
package struct PostgresPoolOptions: Sendable {
    /// How many connections there are at most. Few are enough: each works on one statement at a time, and a server
    /// shares a few hundred between all its clients.
    package var maximumConnections: Int
    /// How long a task waits for a free connection.
    package var acquireTimeout: Duration
    /// How many connections stay open although nobody uses them; the others are closed after ``idleTimeout``.
    package var warmConnections: Int
    /// How long a connection that nobody uses stays open at most. A burst opens many, and the server's are few.
    package var idleTimeout: Duration
    /// How each connection behaves.
    package var connection: PostgresConnectionOptions

    package init(
        maximumConnections: Int = 4, acquireTimeout: Duration = .seconds(10), warmConnections: Int = 1,
        idleTimeout: Duration = .seconds(60),
        connection: PostgresConnectionOptions = PostgresConnectionOptions()
    ) {
        precondition(maximumConnections > 0, "cannot make a pool without connections")
        self.maximumConnections = maximumConnections
        self.acquireTimeout = acquireTimeout
        self.warmConnections = warmConnections
        self.idleTimeout = idleTimeout
        self.connection = connection
    }
}
