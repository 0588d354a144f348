/// What the server said about a failed statement, and which of it may be shown.
struct ServerRefusal {
    let sqlState: String
    let message: String
    let position: String?
    let schema: String?
    let table: String?
    let column: String?
    let constraint: String?

    func error(connectionIsLost: Bool) -> PostgresError {
        PostgresError(
            connectionIsLost ? .connectionLost : .server(sqlState: sqlState),
            connectionIsLost ? "PostgreSQL ended the connection: \(summary)." : "PostgreSQL refused: \(summary).",
            sqlState: sqlState,
            constraint: constraint,
            serverMessage: message
        )
    }

    private var summary: String {
        var parts = "\(saysNoData ? message : Self.title(of: sqlState)) (SQLSTATE \(sqlState)"
        let relation = [schema, table].compactMap(\.self).joined(separator: ".")
        if !relation.isEmpty { parts += ", table \(relation)" }
        if let column { parts += ", column \(column)" }
        if let constraint { parts += ", constraint \(constraint)" }
        if let position { parts += ", at character \(position) of the statement" }
        return parts + ")"
    }

    /// Messages of these classes name objects and limits. Others quote values (22P02 `invalid input syntax … "abc"`),
    /// a piece of the statement (42601), or are a function's own words (P0001), so their class is named instead.
    /// HG is what our own SQL raises, in words that name objects.
    private var saysNoData: Bool {
        if sqlState == "42601" || sqlState == "42602" { return false }
        let shown: Set<String> = [
            "08", "0A", "23", "25", "28", "3D", "3F", "40", "42", "53", "54", "55", "57", "58", "HG",
        ]
        return shown.contains(String(sqlState.prefix(2)))
    }

    private static func title(of sqlState: String) -> String {
        switch sqlState {
        case "22001": "a text is too long for its column"
        case "22003": "a number is out of range"
        case "22007", "22008": "a date or time is not valid"
        case "22012": "division by zero"
        case "22021": "a text is not valid in the database's encoding"
        case "22P02": "a value has the wrong form for its type"
        case "22P05": "a character cannot be represented in the database's encoding"
        case "42601": "the statement has a syntax error"
        case "42602": "a name is not valid"
        case "P0001": "a function or trigger raised an error"
        case let state where state.hasPrefix("22"): "a value is not valid"
        case let state where state.hasPrefix("XX"): "internal error of the server, see the server's log"
        default: "the statement failed, see the server's log"
        }
    }
}
