import Synchronization

/// A bounded set of connections to one database, opened when needed, replaced when broken, and closed when nobody uses
/// them for a while. Tasks get their turn in the order they asked.
package final class PostgresPool: PostgresExecutor {
    private typealias Turn = Result<PostgresPoolGrant<PostgresConnection>, PostgresError>
    private typealias Waiter = CheckedContinuation<Turn, Never>
    private typealias State = PostgresPoolState<PostgresConnection, Waiter>

    private let url: String
    private let options: PostgresPoolOptions
    private let clock: any Clock<Duration>
    private let state: Mutex<State>
    /// Looks for connections that nobody uses, as long as there may be some.
    private let rounds = Mutex<Task<Void, Never>?>(nil)

    /// Makes the pool; the first connection is opened by the first statement.
    package init(
        url: String, options: PostgresPoolOptions = PostgresPoolOptions(),
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.url = url
        self.options = options
        self.clock = clock
        self.state = Mutex(
            PostgresPoolState(
                maximumConnections: options.maximumConnections, warmConnections: options.warmConnections))
    }

    @discardableResult
    package func query(
        _ sql: String, _ parameters: [any PostgresEncodable]
    ) async throws(PostgresError) -> PostgresRows {
        let connection = try await acquire()
        do throws(PostgresError) {
            let rows = try await connection.query(sql, parameters)
            await giveBack(connection)
            return rows
        } catch {
            await giveBack(connection)
            throw error
        }
    }

    package func execute(script: String) async throws(PostgresError) {
        let connection = try await acquire()
        do throws(PostgresError) {
            try await connection.execute(script: script)
            await giveBack(connection)
        } catch {
            await giveBack(connection)
            throw error
        }
    }

    /// Lends a connection to `body`; it must not be used after `body` has ended.
    @discardableResult
    package func withConnection<T>(_ body: (PostgresConnection) async throws -> T) async throws -> T {
        let connection = try await acquire()
        do {
            let value = try await body(connection)
            await giveBack(connection)
            return value
        } catch {
            await giveBack(connection)
            throw error
        }
    }

    /// BEGIN, `body`, COMMIT on one connection; ROLLBACK when `body` throws or the task is cancelled.
    @discardableResult
    package func transaction<T>(
        _ mode: PostgresTransactionMode = .readCommitted, _ body: (PostgresConnection) async throws -> T
    ) async throws -> T {
        try await withConnection { connection in
            try await connection.transaction(mode, body)
        }
    }

    /// Refuses new work, ends the waiting tasks with `closed`, and returns when every connection is closed. Whoever
    /// holds one keeps it until done.
    package func close() async {
        let (connections, waiters) = state.withLock { $0.close() }
        rounds.withLock { $0 }?.cancel()
        for waiter in waiters { waiter.resume(returning: .failure(Self.closed)) }
        for connection in connections { await discard(connection) }
        _ = await withCheckedContinuation { (waiter: Waiter) in
            if state.withLock({ $0.drain(waiter: waiter) }) { waiter.resume(returning: .failure(Self.closed)) }
        }
    }

    // MARK: Acquiring

    private func acquire() async throws(PostgresError) -> PostgresConnection {
        switch try await waitForTurn().get() {
        case .use(let connection):
            if await connection.isAlive() { return connection }
            return try await open()
        case .open:
            return try await open()
        }
    }

    private func open() async throws(PostgresError) -> PostgresConnection {
        do throws(PostgresError) {
            return try await PostgresConnection.open(url, options: options.connection)
        } catch {
            perform(state.withLock { $0.discard() })
            throw error
        }
    }

    private func waitForTurn() async -> Turn {
        if Task.isCancelled { return .failure(.cancelled) }
        if let answer = state.withLock({ $0.acquire() }) { return Self.turn(answer) }
        let id = state.withLock { $0.makeID() }
        let timer = Task { [options] in
            // A sleep that was cancelled means that the turn came in time.
            guard (try? await Task.sleep(for: options.acquireTimeout)) != nil else { return }
            giveUp(id: id, because: timeout)
        }
        defer { timer.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { (waiter: Waiter) in
                if let answer = state.withLock({ $0.acquire(id: id, waiter: waiter) }) {
                    waiter.resume(returning: Self.turn(answer))
                } else if Task.isCancelled {
                    // Cancelled before it stood in the queue: the handler below found nothing to take out.
                    giveUp(id: id, because: .cancelled)
                }
            }
        } onCancel: {
            giveUp(id: id, because: .cancelled)
        }
    }

    private static func turn(_ answer: State.Answer) -> Turn {
        switch answer {
        case .granted(let grant): .success(grant)
        case .closed: .failure(closed)
        }
    }

    private func giveUp(id: Int, because error: PostgresError) {
        state.withLock { $0.giveUp(id: id) }?.resume(returning: .failure(error))
    }

    private func giveBack(_ connection: PostgresConnection) async {
        guard await connection.prepareForReuse() else { return perform(state.withLock { $0.discard() }) }
        let next = state.withLock { $0.giveBack(connection) }
        if case .close(let connection) = next { await discard(connection) } else { perform(next) }
    }

    private func discard(_ connection: PostgresConnection) async {
        await connection.close()
        perform(state.withLock { $0.discard() })
    }

    private func perform(_ next: State.Return) {
        switch next {
        case .keep, .close: break
        case .keepAndWatch: watch()
        case .handOver(let grant, let waiter): waiter.resume(returning: .success(grant))
        case .drained(let waiters): for waiter in waiters { waiter.resume(returning: .failure(Self.closed)) }
        }
    }

    // MARK: Closing what nobody uses

    /// Begins rounds. They end with the pool: when it is closed, and when nobody holds it any more.
    private func watch() {
        rounds.withLock { task in
            // Closed meanwhile: then nobody would end them.
            guard !state.withLock({ $0.isClosed }) else { return }
            task = Task { [weak self, clock, options] in
                // What one round finds idle and the next one too has not been used for at least half the time.
                while (try? await clock.sleep(for: options.idleTimeout / 2)) != nil {
                    guard await self?.round() == true else { return }
                }
            }
        }
    }

    /// False when nothing is left for another one.
    private func round() async -> Bool {
        let round = state.withLock { $0.round() }
        for connection in round.unused { await discard(connection) }
        return round.goesOn
    }

    private var timeout: PostgresError {
        PostgresError(
            .timedOut,
            "All \(options.maximumConnections) PostgreSQL connections were in use for \(options.acquireTimeout)."
        )
    }

    private static let closed = PostgresError(.closed, "The PostgreSQL pool was closed.")
}
