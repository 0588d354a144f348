import Synchronization

/// A Redis server that may come and go: commands while there is a connection, an error at once while there is none.
///
/// Nobody ever waits for a connection. A command that is not answered in time ends the connection it was sent on, and
/// the next one counts only when it has answered: so a server that hangs costs one timeout, and then nothing until
/// it is well again.
///
/// ```swift
/// let client = RedisClient(address)
/// async let connection: Void = client.run()            // until cancelled
/// let reply = try await client.send(RedisCommand("GET", key))
/// ```
package final class RedisClient: Sendable {
    /// Whether there is a connection, and why not.
    package enum Status: Sendable, Equatable {
        case connecting
        case connected
        case lost(RedisError)
    }

    private struct State {
        var connection: RedisConnection?
        var status = Status.connecting
    }

    private let address: RedisAddress
    private let options: RedisOptions
    private let state = Mutex(State())
    private let onChange: @Sendable (Status) -> Void

    /// - Parameter onChange: told each time the status becomes another, on no particular thread.
    package init(
        _ address: RedisAddress, options: RedisOptions = RedisOptions(),
        onChange: @escaping @Sendable (Status) -> Void = { _ in }
    ) {
        self.address = address
        self.options = options
        self.onChange = onChange
    }

    package var status: Status { self.state.withLock { $0.status } }

    /// Keeps a connection until the task is cancelled.
    package func run() async {
        var pause = self.options.firstPause
        let clock = ContinuousClock()
        while !Task.isCancelled {
            let begun = clock.now
            let reason = await self.connectAndWatch()
            guard !Task.isCancelled else { break }
            self.change(to: .lost(reason), nil)
            // A server that answers and breaks off at once must not be asked again and again at once.
            if clock.now - begun > self.options.longestPause { pause = self.options.firstPause }
            guard (try? await Task.sleep(for: pause * Double.random(in: 0.5...1))) != nil else { break }
            pause = min(pause * 2, self.options.longestPause)
        }
        self.change(to: .lost(.unavailable("Redis is not asked any more: the process ends")), nil)
    }

    /// One command's reply. An error that the server answers with is thrown.
    package func send(_ command: RedisCommand) async throws(RedisError) -> RESPValue {
        let reply = try await self.send([command])[0]
        if case .error(let line) = reply { throw RedisError(errorLine: line) }
        return reply
    }

    /// Sends commands together; their replies in order, errors among them.
    package func send(_ commands: [RedisCommand]) async throws(RedisError) -> [RESPValue] {
        let (connection, status) = self.state.withLock { ($0.connection, $0.status) }
        guard let connection else {
            if case .lost(let reason) = status { throw .unavailable(reason.description) }
            throw .unavailable("there is no connection to Redis yet")
        }
        return try await connection.send(commands, timeout: self.options.commandTimeout)
    }

    private func connectAndWatch() async -> RedisError {
        do throws(RedisError) {
            let connection = try await RedisConnection.open(self.address, self.options)
            defer { connection.close() }
            self.change(to: .connected, connection)
            return await self.watch(connection)
        } catch {
            return error
        }
    }

    /// Asks an idle connection now and then, so that its death is known before somebody needs it. Returns its end.
    private func watch(_ connection: RedisConnection) async -> RedisError {
        await withTaskGroup(of: RedisError.self) { group in
            group.addTask { await connection.waitUntilEnded() }
            group.addTask { await self.ping(connection) }
            let reason = await group.next() ?? .connectionLost
            // Ends the one that waits for the connection's end.
            connection.close()
            group.cancelAll()
            return reason
        }
    }

    /// Returns what is wrong with the connection, or when the task is cancelled.
    private func ping(_ connection: RedisConnection) async -> RedisError {
        while (try? await Task.sleep(for: self.options.pingInterval)) != nil {
            do throws(RedisError) {
                let reply = try await connection.send([RedisCommand("PING")], timeout: self.options.commandTimeout)
                guard reply == [.simple("PONG")] else { return .violation(.unexpected) }
            } catch .saturated {
                // Busy is alive.
            } catch {
                return error
            }
        }
        return .connectionLost
    }

    private func change(to status: Status, _ connection: RedisConnection?) {
        let isNew = self.state.withLock { state in
            defer { state = State(connection: connection, status: status) }
            return state.status != status
        }
        if isNew { self.onChange(status) }
    }
}
