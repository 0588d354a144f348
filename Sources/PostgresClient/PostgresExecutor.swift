/// Whatever can run statements: one connection, or a pool of them.
package protocol PostgresExecutor: Sendable {
    /// Runs one statement; values always travel as parameters (`$1`, …), never inside the text.
    @discardableResult
    func query(_ sql: String, _ parameters: [any PostgresEncodable]) async throws(PostgresError) -> PostgresRows

    /// Runs a script of one or more statements without parameters, in one implicit transaction unless it has its own.
    func execute(script: String) async throws(PostgresError)
}

extension PostgresExecutor {
    /// Runs one statement that has no parameters.
    @discardableResult
    package func query(_ sql: String) async throws(PostgresError) -> PostgresRows {
        try await query(sql, [])
    }
}
