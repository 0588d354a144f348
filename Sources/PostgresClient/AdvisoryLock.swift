/// A lock that all processes on one database share. It lives in an idle transaction on a connection of its own, so it
/// works through a transaction pooler, and the server frees it when its holder dies.
package struct AdvisoryLock {
    /// How often the holder makes sure that its connection, and with it the lock, still stands.
    private static let heartbeat: Duration = .seconds(2)
    /// A statement that waits for a lock holds a snapshot, and an index that is built concurrently waits for every
    /// older snapshot to end: the holder's work would wait for those who wait for the holder. So they ask anew.
    private static let longestSnapshot: Duration = .milliseconds(250)

    /// Runs `body` while holding the lock `key`.
    ///
    /// Fails with `timedOut` when another holds it for longer than `wait`. Should the connection die, `body` is
    /// cancelled and the failure is `connectionLost`, for then somebody else may get the lock.
    @discardableResult
    package static func withLock<T: Sendable>(
        url: String, key: Int64, wait: Duration = .zero, _ body: @escaping @Sendable () async throws -> T
    ) async throws -> T {
        let connection = try await PostgresConnection.open(url)
        do {
            let deadline = ContinuousClock.now.advanced(by: wait)
            while try await !acquire(
                key, on: connection, wait: min(ContinuousClock.now.duration(to: deadline), longestSnapshot)
            ) {
                guard ContinuousClock.now < deadline else { throw heldByAnother(wait) }
                await connection.rollback()
            }
            let value = try await run(body, guardedBy: connection)
            await release(connection)
            return value
        } catch {
            await release(connection)
            throw error
        }
    }

    // Closing alone would free the lock a moment later than we return.
    private static func release(_ connection: PostgresConnection) async {
        await connection.rollback()
        await connection.close()
    }

    /// Begins the transaction that holds the lock; false when another holds the lock for as long as `wait`.
    private static func acquire(
        _ key: Int64, on connection: PostgresConnection, wait: Duration
    ) async throws(PostgresError) -> Bool {
        try await connection.begin(.readCommitted)
        // The transaction idles for as long as `body` takes, whatever the server's or the role's defaults are.
        try await connection.execute(
            script: "SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL statement_timeout = 0"
        )
        let milliseconds = wait.components.seconds * 1000 + wait.components.attoseconds / 1_000_000_000_000_000
        guard milliseconds > 0 else {
            // lock_timeout 0 would mean to wait forever.
            let rows = try await connection.query("SELECT pg_try_advisory_xact_lock($1::bigint) AS granted", [key])
            try await endSnapshot(connection)
            return try rows.first?.decode("granted") == true
        }
        try await connection.query("SELECT set_config('lock_timeout', $1, true)", [String(milliseconds)])
        do throws(PostgresError) {
            try await connection.query("SELECT pg_advisory_xact_lock($1::bigint)", [key])
            try await endSnapshot(connection)
            return true
        } catch {
            guard error.sqlState == "55P03" else { throw error }
            return false
        }
    }

    // A statement with parameters keeps its snapshot until the next statement, a script lets go of it.
    private static func endSnapshot(_ connection: PostgresConnection) async throws(PostgresError) {
        try await connection.execute(script: "SET LOCAL lock_timeout = 0")
    }

    private static func run<T: Sendable>(
        _ body: @escaping @Sendable () async throws -> T, guardedBy connection: PostgresConnection
    ) async throws -> T {
        try await withThrowingTaskGroup(of: T?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                while !Task.isCancelled {
                    do throws(PostgresError) {
                        _ = try await connection.nextNotifications(heartbeat: heartbeat)
                    } catch {
                        if error.kind == .cancelled { return nil }
                        throw error
                    }
                }
                return nil
            }
            defer { group.cancelAll() }
            while let finished = try await group.next() {
                if let value = finished { return value }
            }
            throw PostgresError.cancelled
        }
    }

    private static func heldByAnother(_ wait: Duration) -> PostgresError {
        PostgresError(
            .timedOut,
            "Another process is at work under the same lock"
                + (wait > .zero ? " and did not finish within \(wait)." : ".") + " Let it finish, then try again."
        )
    }
}
