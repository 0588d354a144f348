/// What went wrong between us and PostgreSQL. Its description is safe to print: it never holds SQL, parameters, the
/// server's DETAIL or a password.
package struct PostgresError: Error, Equatable, CustomStringConvertible {
    /// The cases a caller can tell apart.
    package enum Kind: Sendable, Equatable {
        /// No connection could be made.
        case connectionFailed
        /// An open connection broke; whether the statement took effect is unknown.
        case connectionLost
        /// No connection of the pool became free in time, or a lock was not granted in time.
        case timedOut
        /// The statement ran longer than the connection allows.
        case statementTimedOut
        /// The server refused the statement.
        case server(sqlState: String)
        /// A parameter (counted from 1) cannot be sent.
        case encoding(parameter: Int)
        /// A column cannot be read as the type asked for (rows counted from 0).
        case decoding(column: String, row: Int)
        /// The task was cancelled.
        case cancelled
        /// The connection or pool was closed before.
        case closed
        /// The caller used a connection in a way it does not allow.
        case misuse
    }

    package let kind: Kind
    package let description: String

    /// The name of the violated constraint, when the server gave one.
    package let constraint: String?

    /// The server's primary message as it came. It may hold data: show it to nobody who may not see the data.
    package let serverMessage: String?

    private let refusal: String?

    init(
        _ kind: Kind, _ description: String, sqlState: String? = nil, constraint: String? = nil,
        serverMessage: String? = nil
    ) {
        self.kind = kind
        self.description = description
        self.refusal = sqlState
        self.constraint = constraint
        self.serverMessage = serverMessage
    }

    /// The five characters of the server's answer, if the server answered.
    package var sqlState: String? {
        if case .server(let sqlState) = kind { sqlState } else { refusal }
    }

    static func decoding(column: String, row: Int, _ reason: String) -> PostgresError {
        PostgresError(
            .decoding(column: column, row: row), "Column \"\(column)\" of row \(row) cannot be read: \(reason)."
        )
    }

    static let cancelled = PostgresError(.cancelled, "The task was cancelled while PostgreSQL was at work.")
    static let connectionClosed = PostgresError(.closed, "The PostgreSQL connection was closed before this statement.")
}
