/// A lock that all processes on one database share. It lives in an idle transaction on a connection of its own, so it
/// works through a transaction pooler, and the server frees it when its holder dies.
package struct AdvisoryLock {
    /// How often the holder makes sure that its connection, and with it the lock, still stands.
    private static let heartbeat: Duration = .seconds(2)

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
            try await connection.begin(.readCommitted)
            try await acquire(key, on: connection, wait: wait)
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

    private static func acquire(_ key: Int64, on connection: PostgresConnection, wait: Duration) async throws {
        // The transaction idles for as long as `body` takes, whatever the server's or the role's defaults are.
        try await connection.execute(
            script: "SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL statement_timeout = 0"
        )
        let milliseconds = wait.components.seconds * 1000 + wait.components.attoseconds / 1_000_000_000_000_000
        guard milliseconds > 0 else {
            // lock_timeout 0 would mean to wait forever.
            let rows = try await connection.query("SELECT pg_try_advisory_xact_lock($1::bigint) AS granted", [key])
            guard try rows.first?.decode("granted") == true else { throw heldByAnother(wait) }
            return
        }
        try await connection.query(
            "SELECT set_config('lock_timeout', $1, true)", [String(min(milliseconds, 2_147_483_647))])
        do throws(PostgresError) {
            try await connection.query("SELECT pg_advisory_xact_lock($1::bigint)", [key])
        } catch {
            throw error.sqlState == "55P03" ? heldByAnother(wait) : error
        }
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
