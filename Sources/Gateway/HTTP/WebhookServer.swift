import HookgateCore
package import Logging
package import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Listens for webhooks until it is told to stop.
///
/// ```swift
/// let server = WebhookServer(configuration, service: service, logger: logger)
/// try await server.run { address in print("listening on \(address)") }     // returns after shutdown()
/// ```
package final class WebhookServer: Sendable {
    /// Where and how to listen.
    package struct Configuration: Sendable {
        package var host = "127.0.0.1"
        /// 0 takes any free port; ``ListeningAddress`` says which.
        package var port = 8080
        /// Event loops. On two cores a second loop serves no more and doubles p99; spool and stores need cores too.
        package var loops = max(1, min(4, System.coreCount / 2))
        package var backlog: Int32 = 1_024

        package init(host: String = "127.0.0.1", port: Int = 8080) {
            self.host = host
            self.port = port
        }
    }

    /// What the server really listens on.
    package struct ListeningAddress: Sendable, Equatable, CustomStringConvertible {
        package let host: String
        package let port: Int
        package var description: String {
            self.host.contains(":") ? "[\(self.host)]:\(self.port)" : "\(self.host):\(self.port)"
        }
    }

    private enum State {
        case ready
        case listening(any Channel)
        case stopping
    }

    private let configuration: Configuration
    private let service: WebhookService
    private let logger: Logger
    private let state = Mutex(State.ready)

    package init(_ configuration: Configuration, service: WebhookService, logger: Logger) {
        self.configuration = configuration
        self.service = service
        self.logger = logger
    }

    /// Listens and serves until ``shutdown()`` is called or the task is cancelled, then ends connections gracefully.
    package func run(onListening: @Sendable (ListeningAddress) -> Void = { _ in }) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: self.configuration.loops)
        do {
            let listener = try await self.bind(on: group)
            let address = ListeningAddress(
                host: listener.localAddress?.ipAddress ?? self.configuration.host,
                port: listener.localAddress?.port ?? self.configuration.port)
            if self.begin(listener) { onListening(address) } else { listener.close(promise: nil) }
            try? await withTaskCancellationHandler {
                try await listener.closeFuture.get()
            } onCancel: {
                self.shutdown()
            }
            await self.endConnections(on: listener.eventLoop)
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
        try await group.shutdownGracefully()
    }

    /// Stops accepting, lets every request in flight be answered, then lets ``run(onListening:)`` return.
    package func shutdown() {
        let listener = self.state.withLock { state -> (any Channel)? in
            defer { state = .stopping }
            if case .listening(let channel) = state { return channel }
            return nil
        }
        listener?.close(promise: nil)
    }

    /// Whether a connection to our own address is accepted and answered now.
    package func answersItself(within time: TimeAmount = .seconds(2)) async -> Bool {
        let address = self.state.withLock { state -> SocketAddress? in
            if case .listening(let channel) = state { channel.localAddress } else { nil }
        }
        guard let address else { return false }
        return await ListenerPulse.isAnswered(at: address, within: time)
    }

    /// False when the server was told to stop before it listened.
    private func begin(_ listener: any Channel) -> Bool {
        self.state.withLock { state in
            guard case .ready = state else { return false }
            state = .listening(listener)
            return true
        }
    }

    private func endConnections(on loop: any EventLoop) async {
        let connections = self.service.connections
        connections.beginShutdown()
        let logger = self.logger
        let cut = loop.scheduleTask(in: self.service.limits.shutdownTime) {
            logger.warning(
                "connections are cut: the time to shut down is over", metadata: ["open": "\(connections.count)"])
            connections.closeAll()
        }
        try? await connections.whenEmpty(on: loop).get()
        cut.cancel()
    }

    /// At TCP's own level: at that of sockets the same number means debugging, which only root may ask for, and every
    /// connection of another user would be closed at once.
    static let noDelay = ChannelOptions.tcpOption(.tcp_nodelay)

    private func bind(on group: MultiThreadedEventLoopGroup) async throws -> any Channel {
        let service = self.service
        return try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: self.configuration.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            // Out of open files, accepting rests for a moment instead of failing in a tight loop.
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptBackoffHandler())
                }
            }
            .childChannelOption(Self.noDelay, value: 1)
            // A sender that closes its half after the request still gets the answer.
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try Self.initialize(channel, service) }
            }
            .bind(host: self.configuration.host, port: self.configuration.port)
            .get()
    }

    private static func initialize(_ channel: any Channel, _ service: WebhookService) throws {
        let admission = service.connections.admit(channel)
        guard admission != .turnedAway else {
            service.metrics.connectionsRefused.add()
            channel.close(promise: nil)
            return
        }
        channel.closeFuture.whenComplete { _ in service.connections.remove(channel) }
        (admission == .admitted ? service.metrics.connectionsAccepted : service.metrics.connectionsRefused).add()
        try channel.pipeline.syncOperations.addWebhookHandlers(service, admission: admission)
    }
}

extension ChannelPipeline.SynchronousOperations {
    /// The handlers of a connection: NIOHTTP1's request decoder with our bounds, then ours.
    func addWebhookHandlers(_ service: WebhookService, admission: ConnectionRegistry.Admission) throws {
        var bounds = NIOHTTPDecoderLimitConfiguration()
        bounds.maxHeaderFieldSize = service.limits.headerBytes
        bounds.maxHeaderListSize = service.limits.headerBytes
        bounds.maxHeaderFieldCount = service.limits.headerCount
        try self.addHandler(
            ByteToMessageHandler(
                HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: bounds)))
        try self.addHandler(WebhookHandler(service, admission: admission))
    }
}
