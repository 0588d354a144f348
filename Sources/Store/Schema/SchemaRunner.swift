import PostgresClient

/// Runs one file on one connection, giving way to traffic: no lock is waited for longer than a moment, and the file
/// is tried again until it gets through.
struct SchemaRunner {
    let connection: PostgresConnection
    let options: SchemaApplier.Options
    let progress: @Sendable (SchemaProgress) -> Void

    /// Somebody else held a lock, or we were the one to give way.
    private static let lockStates = ["55P03", "40P01"]
    /// Raised by a file that says where to go instead.
    private static let refusedByItself = "HG001"
    private static let uniqueViolation = "23505"

    /// Runs a file and has it recorded: in the file's own transaction where it has one, else right after it.
    /// - Parameter record: gets whether every statement was run.
    func run(
        _ file: SchemaFile, record: (PostgresConnection, _ isComplete: Bool) async throws -> Void
    ) async throws -> Bool {
        let script = try Self.script(of: file)
        self.progress(.began(file: file.name))
        // A file that commits by itself may have done half its work: it is not for us to begin it again.
        let attempts = script.mode == .ownTransactions ? 1 : max(1, self.options.lockAttempts)
        for attempt in 1...attempts {
            do {
                let isComplete = try await self.runOnce(file, script, record: record)
                self.progress(.finished(file: file.name))
                return isComplete
            } catch SchemaError.failed(_, _, let error) where Self.lockStates.contains(error.sqlState ?? "") {
                guard attempt < attempts else { break }
                self.progress(.waitingForLock(file: file.name, attempt: attempt, of: attempts))
                try await Task.sleep(for: self.options.lockPause)
            }
        }
        throw SchemaError.blocked(file: file.name, attempts: attempts)
    }

    static func script(of file: SchemaFile) throws(SchemaError) -> SQLScript {
        do throws(SQLDirectiveError) {
            return try SQLScript(file.text)
        } catch {
            throw .unknownDirective(file: file.name, comment: error.comment)
        }
    }

    private func runOnce(
        _ file: SchemaFile, _ script: SQLScript, record: (PostgresConnection, Bool) async throws -> Void
    ) async throws -> Bool {
        if script.mode == .oneTransaction {
            try await self.connection.transaction { connection in
                try await self.step(file, nil) { () async throws(PostgresError) in
                    try await connection.execute(
                        script: "SET LOCAL lock_timeout = \(Self.text(self.options.lockTimeout))")
                    try await connection.execute(script: file.text)
                }
                try await record(connection, true)
            }
            return true
        }
        var isComplete = true
        for statement in script.statements {
            if try await !self.run(statement, of: file) { isComplete = false }
        }
        try await self.recordAfterwards(file, isComplete: isComplete, record)
        return isComplete
    }

    /// False when the statement waits.
    private func run(_ statement: SQLScript.Statement, of file: SchemaFile) async throws -> Bool {
        if let condition = statement.onlyIf, try await !self.holds(condition, statement, file) { return true }
        if let condition = statement.waitFor, try await !self.holds(condition, statement, file) { return false }
        // What is set for a session would reach other clients through a pooler; the files that we bring set it for
        // their transactions themselves.
        if await !self.connection.isPooled {
            let patience = self.options.lockTimeout * (statement.isConcurrent ? 10 : 1)
            try await self.step(file, statement.line) { () async throws(PostgresError) in
                try await self.connection.execute(script: "SET lock_timeout = \(Self.text(patience))")
            }
        }
        do {
            try await self.step(file, statement.line) { () async throws(PostgresError) in
                try await self.connection.execute(script: statement.text)
            }
        } catch SchemaError.failed(_, _, let error) where error.sqlState == Self.uniqueViolation {
            // What the condition excludes came while the index was built.
            guard statement.waitFor != nil else {
                throw SchemaError.failed(file: file.name, line: statement.line, error: error)
            }
            return false
        }
        return true
    }

    private func holds(_ condition: String, _ statement: SQLScript.Statement, _ file: SchemaFile) async throws -> Bool {
        try await self.step(file, statement.line) { () async throws(PostgresError) in
            let rows = try await self.connection.query("SELECT (\(condition)) AS holds")
            return try rows.first?.decode("holds", as: Bool?.self) ?? false
        }
    }

    private func recordAfterwards(
        _ file: SchemaFile, isComplete: Bool, _ record: (PostgresConnection, Bool) async throws -> Void
    ) async throws {
        do {
            try await self.connection.transaction { try await record($0, isComplete) }
        } catch let error as PostgresError where error.kind == .misuse {
            throw SchemaError.leftTransactionOpen(file: file.name)
        }
    }

    private func step<T>(
        _ file: SchemaFile, _ line: Int?, _ body: () async throws(PostgresError) -> T
    ) async throws -> T {
        do throws(PostgresError) {
            return try await body()
        } catch {
            if error.kind == .cancelled { throw SchemaError.cancelled }
            if error.sqlState == Self.refusedByItself { throw SchemaError.refusedByItself(file: file.name) }
            throw SchemaError.failed(file: file.name, line: line, error: error)
        }
    }

    private static func text(_ duration: Duration) -> String {
        let milliseconds = duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
        // Zero would mean "for ever".
        return "'\(max(1, milliseconds))ms'"
    }
}
