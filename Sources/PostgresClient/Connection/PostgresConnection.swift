import Synchronization

/// One connection, on a thread of its own while it works. One task uses it at a time: statements of two tasks would
/// land in each other's transactions. The pool hands each connection to one task only.
package actor PostgresConnection: PostgresExecutor {
    /// A ROLLBACK is quick or the connection is dead.
    private static let rollbackLimit: Duration = .seconds(5)

    private let executor = ConnectionExecutor()
    private let options: PostgresConnectionOptions
    private let wakePipe: WakePipe
    private var handle: LibpqHandle?
    private var wasCancelled = false

    /// Whether a pooler such as PgBouncer stands between: then no state of the session may be relied on.
    package private(set) var isPooled = false

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Connects to any libpq URL or `key=value` string; TLS is as the URL says.
    package static func open(
        _ url: String, options: PostgresConnectionOptions = PostgresConnectionOptions()
    ) async throws(PostgresError) -> PostgresConnection {
        guard let wakePipe = WakePipe() else {
            throw PostgresError(.connectionFailed, "No file descriptor is left for a PostgreSQL connection.")
        }
        let connection = PostgresConnection(options: options, wakePipe: wakePipe)
        try await connection.connect(ConnectionURL(text: url))
        return connection
    }

    private init(options: PostgresConnectionOptions, wakePipe: WakePipe) {
        self.options = options
        self.wakePipe = wakePipe
    }

    private func connect(_ url: ConnectionURL) throws(PostgresError) {
        guard !Task.isCancelled else { throw .cancelled }
        let handle = try url.open(options)
        self.handle = handle
        do throws(PostgresError) {
            // PgBouncer makes up its own key data, so the backend itself has to say who it is.
            // A pooler accepts clients also while it cannot reach the server, so the wait has the limit of connecting.
            let limit = LibpqExchange.Limit.giveUpAfter(options.connectTimeout)
            let question = PostgresStatement.parameters("SELECT pg_backend_pid() AS pid", [])
            let rows = try exchange(question, interruption: nil, limit: limit).rows()
            isPooled = try rows[0].decode("pid", as: Int.self) != handle.announcedProcessID
            // Poolers track DateStyle for each client, so it may be set where a role's default is another.
            if handle.parameterStatus("DateStyle")?.hasPrefix("ISO") != true {
                _ = try exchange(.script("SET datestyle TO 'ISO'"), interruption: nil, limit: limit)
            }
        } catch {
            self.handle = nil
            throw PostgresError(
                .connectionFailed, "Cannot connect to PostgreSQL: \(error.description)", sqlState: error.sqlState
            )
        }
    }

    @discardableResult
    package func query(
        _ sql: String, _ parameters: [any PostgresEncodable]
    ) async throws(PostgresError) -> PostgresRows {
        try await runInterruptibly(.parameters(sql, parameters.map(\.postgresParameter)))
    }

    package func execute(script: String) async throws(PostgresError) {
        _ = try await runInterruptibly(.script(script))
    }

    package func copy(_ copy: PostgresCopy) async throws(PostgresError) {
        _ = try await runInterruptibly(.script(copy.statement), feeding: copy)
    }

    /// Ends the connection. Statements after it fail with `closed`.
    package func close() {
        handle = nil
    }

    // MARK: Transactions

    /// BEGIN, `body`, COMMIT. ROLLBACK when `body` throws or the task was cancelled before the COMMIT.
    ///
    /// `body` runs where the caller runs, so it may use the caller's state.
    @discardableResult
    package nonisolated func transaction<T>(
        _ mode: PostgresTransactionMode = .readCommitted, _ body: (PostgresConnection) async throws -> T
    ) async throws -> T {
        try await begin(mode)
        do {
            let value = try await body(self)
            try await commit()
            return value
        } catch {
            await rollback()
            throw error
        }
    }

    func begin(_ mode: PostgresTransactionMode) async throws(PostgresError) {
        if let handle, handle.isConnected, !handle.isIdle {
            throw PostgresError(.misuse, "A transaction is already open on this connection.")
        }
        _ = try await runInterruptibly(.script(mode.begin))
    }

    // Once sent, a COMMIT is waited for: an interrupted one would leave open what happened.
    private func commit() throws(PostgresError) {
        guard !Task.isCancelled else { throw .cancelled }
        let tag = try exchange(.script("COMMIT"), interruption: nil, limit: limit).commandTag
        guard tag == "COMMIT" else {
            throw PostgresError(
                .server(sqlState: "25P02"),
                "The transaction was rolled back because a statement in it had failed, although that error was caught."
            )
        }
    }

    func rollback() {
        guard let handle, handle.isConnected, !handle.isIdle else { return }
        do throws(PostgresError) {
            _ = try exchange(.script("ROLLBACK"), interruption: nil, limit: .giveUpAfter(Self.rollbackLimit))
        } catch {
            // Closing ends the transaction as surely as ROLLBACK does.
            self.handle = nil
        }
    }

    // MARK: For the pool

    /// Whether the connection still stands; notices a server that ended it while it was idle.
    func isAlive() -> Bool {
        guard let handle, handle.takeInPending() else {
            self.handle = nil
            return false
        }
        return true
    }

    /// Leaves no transaction open; false when the connection should not be used again.
    func prepareForReuse() -> Bool {
        rollback()
        // A cancel request may still be on its way through a pooler, and must not meet the next task's statement.
        guard let handle, handle.isConnected, handle.isIdle, !wasCancelled else {
            self.handle = nil
            return false
        }
        return true
    }

    // MARK: Waiting

    /// Waits for notifications. As long as none comes the server is asked for a sign of life every `heartbeat`; a
    /// connection that is silent for as long again counts as lost.
    func nextNotifications(heartbeat: Duration) async throws(PostgresError) -> [PostgresNotification] {
        let interruption = Interruption(waking: wakePipe)
        let outcome: Result<[PostgresNotification], PostgresError> = await withTaskCancellationHandler {
            do throws(PostgresError) {
                return .success(try waitForNotifications(heartbeat: heartbeat, interruption: interruption))
            } catch {
                return .failure(error)
            }
        } onCancel: {
            interruption.request()
        }
        return try outcome.get()
    }

    private func waitForNotifications(
        heartbeat: Duration, interruption: Interruption
    ) throws(PostgresError) -> [PostgresNotification] {
        while true {
            guard let handle else { throw .connectionClosed }
            guard handle.takeInPending() else { throw lost(handle) }
            var notifications: [PostgresNotification] = []
            while let notification = handle.nextNotification() { notifications.append(notification) }
            if !notifications.isEmpty { return notifications }
            if interruption.isRequested { throw .cancelled }
            let deadline = ContinuousClock.now.advanced(by: heartbeat)
            if !handle.waitForInput(wakePipe: wakePipe, until: deadline) {
                // SHOW takes no snapshot: inside a transaction, one would hold up whoever waits for old ones to go.
                _ = try exchange(.script("SHOW server_version"), interruption: nil, limit: .giveUpAfter(heartbeat))
            }
        }
    }

    // MARK: Running

    private func runInterruptibly(
        _ statement: PostgresStatement, feeding copy: PostgresCopy? = nil
    ) async throws(PostgresError) -> PostgresRows {
        let interruption = Interruption(waking: wakePipe)
        let outcome: Result<PostgresRows, PostgresError> = await withTaskCancellationHandler {
            do throws(PostgresError) {
                return .success(
                    try exchange(statement, interruption: interruption, limit: limit, feeding: copy).rows())
            } catch {
                return .failure(error)
            }
        } onCancel: {
            interruption.request()
        }
        return try outcome.get()
    }

    private var limit: LibpqExchange.Limit {
        options.statementTimeout.map { .cancelAfter($0) } ?? .none
    }

    private func exchange(
        _ statement: PostgresStatement, interruption: Interruption?, limit: LibpqExchange.Limit,
        feeding copy: PostgresCopy? = nil
    ) throws(PostgresError) -> LibpqResult {
        try statement.check()
        guard let handle else { throw .connectionClosed }
        if interruption?.isRequested == true { throw .cancelled }
        guard handle.send(statement) else { throw lost(handle) }
        var exchange = LibpqExchange(
            handle: handle, wakePipe: wakePipe, interruption: interruption, limit: limit
        )
        let outcome = exchange.finish(feeding: copy)
        if exchange.wasCancelled { wasCancelled = true }
        switch consume outcome {
        case .result(let result): return result
        case .refused(let refusal):
            let error = refusal.error(connectionIsLost: !handle.isConnected)
            if !handle.isConnected { self.handle = nil }
            throw exchange.reason(insteadOf: error)
        case .broken(let error):
            self.handle = nil
            throw exchange.reason(insteadOf: error)
        }
    }

    private func lost(_ handle: LibpqHandle) -> PostgresError {
        self.handle = nil
        return PostgresError(
            .connectionLost, "The connection to PostgreSQL was lost: \(ConnectionURL.oneLine(handle.message))")
    }
}

/// How a transaction sees the data.
package enum PostgresTransactionMode: Sendable {
    case readCommitted
    case repeatableRead
    case serializable
    /// Reads one unchanging picture of the database and writes nothing.
    case snapshot

    fileprivate var begin: String {
        switch self {
        case .readCommitted: "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
        case .repeatableRead: "BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE"
        case .serializable: "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE"
        case .snapshot: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        }
    }
}
