/// How one connection behaves.
package struct PostgresConnectionOptions: Sendable {
    /// How long connecting may take for each host; at least two seconds, as libpq counts.
    package var connectTimeout: Duration
    /// How long one statement may run before it is cancelled; nil means as long as it needs.
    package var statementTimeout: Duration?

    package init(connectTimeout: Duration = .seconds(10), statementTimeout: Duration? = nil) {
        self.connectTimeout = connectTimeout
        self.statementTimeout = statementTimeout
    }
}
