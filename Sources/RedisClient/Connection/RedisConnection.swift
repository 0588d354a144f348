import NIOCore
import NIOPosix
import NIOSSL

/// One connection that has shown that Redis is at its other end: encrypted, logged in and in its database.
struct RedisConnection: Sendable {
    private let channel: any Channel
    private let handler: NIOLoopBound<RedisReplyHandler>
    private let ended: EventLoopFuture<RedisError>

    /// Connects and says who we are. Ends within twice the connect timeout.
    static func open(_ address: RedisAddress, _ options: RedisOptions) async throws(RedisError) -> RedisConnection {
        let connection: RedisConnection
        do {
            connection = try await self.connect(address, options)
        } catch {
            throw .unavailable(self.reason(error))
        }
        do throws(RedisError) {
            try await connection.introduce(address, timeout: options.connectTimeout)
        } catch {
            connection.close()
            throw error
        }
        return connection
    }

    /// Sends commands together and gives their replies back in order.
    func send(_ commands: [RedisCommand], timeout: Duration) async throws(RedisError) -> [RESPValue] {
        let loop = self.channel.eventLoop
        let promises = commands.map { _ in loop.makePromise(of: RESPValue.self) }
        loop.execute { self.handler.value.send(commands, promises, timeout: TimeAmount(timeout)) }
        do {
            return try await EventLoopFuture.whenAllSucceed(promises.map(\.futureResult), on: loop).get()
        } catch let error as RedisError {
            throw error
        } catch {
            throw .connectionLost
        }
    }

    /// Returns when the connection has ended, and why.
    func waitUntilEnded() async -> RedisError {
        (try? await self.ended.get()) ?? .connectionLost
    }

    func close() {
        self.channel.close(promise: nil)
    }

    /// A peer that accepts connections and says nothing, or something else than Redis would, is found out here.
    private func introduce(_ address: RedisAddress, timeout: Duration) async throws(RedisError) {
        var commands: [RedisCommand] = []
        if let credentials = address.credentials {
            commands.append(RedisCommand(["AUTH"] + [credentials.user].compactMap(\.self) + [credentials.password]))
        }
        if address.database != 0 { commands.append(RedisCommand("SELECT", "\(address.database)")) }
        commands.append(RedisCommand("PING"))
        let replies = try await self.send(commands, timeout: timeout)
        for reply in replies {
            if case .error(let line) = reply { throw RedisError(errorLine: line) }
        }
        guard replies.last == .simple("PONG") else { throw .violation(.unexpected) }
    }

    private static func connect(_ address: RedisAddress, _ options: RedisOptions) async throws -> RedisConnection {
        let encryption = address.usesTLS ? try self.encryption(address) : nil
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(TimeAmount(options.connectTimeout))
        let prepare: @Sendable (any Channel) -> EventLoopFuture<RedisConnection> = { channel in
            channel.eventLoop.makeCompletedFuture {
                if let encryption { try channel.pipeline.syncOperations.addHandler(encryption.handler()) }
                let ended = channel.eventLoop.makePromise(of: RedisError.self)
                let handler = RedisReplyHandler(limit: options.commandsInFlight, ended: ended)
                try channel.pipeline.syncOperations.addHandler(handler)
                return RedisConnection(
                    channel: channel, handler: NIOLoopBound(handler, eventLoop: channel.eventLoop),
                    ended: ended.futureResult)
            }
        }
        return switch address.endpoint {
        case .host(let name, let port):
            try await bootstrap.connect(host: name, port: port, channelInitializer: prepare)
        case .socket(let path):
            try await bootstrap.connect(unixDomainSocketPath: path, channelInitializer: prepare)
        }
    }

    private struct Encryption: Sendable {
        let context: NIOSSLContext
        let serverName: String?

        func handler() throws -> NIOSSLClientHandler {
            try NIOSSLClientHandler(context: self.context, serverHostname: self.serverName)
        }
    }

    private static func encryption(_ address: RedisAddress) throws -> Encryption {
        var configuration = TLSConfiguration.makeClientConfiguration()
        if let file = address.authoritiesFile { configuration.trustRoots = .file(file) }
        guard case .host(let name, _) = address.endpoint else { preconditionFailure("TLS needs a host") }
        // The extension that carries the name must not hold an address; the certificate is checked against it anyway.
        let isAddress = (try? SocketAddress(ipAddress: name, port: 0)) != nil
        return Encryption(
            context: try NIOSSLContext(configuration: configuration), serverName: isAddress ? nil : name)
    }

    /// Why there is no connection, for people.
    static func reason(_ error: any Error) -> String {
        switch error {
        case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError:
            "TLS with Redis failed (\(error)); is its certificate one that this machine trusts? (?cacert=FILE)"
        case let error as IOError: "Redis cannot be reached: \(error)"
        case let error as NIOConnectionError:
            "Redis cannot be reached: nothing answers at \(error.host):\(error.port), or the name is not known"
        case is ChannelError: "Redis cannot be reached in time"
        default: "Redis cannot be reached"
        }
    }
}
