import Logging
import NIOCore
import NIOPosix

@testable import Gateway

/// A client that sends bytes and reads responses, over a real socket.
struct RawConnection: ~Copyable {
    private let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>
    private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var received: [UInt8] = []

    fileprivate init(
        _ channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>,
        _ inbound: NIOAsyncChannelInboundStream<ByteBuffer>,
        _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) {
        self.channel = channel
        self.inbound = inbound.makeAsyncIterator()
        self.outbound = outbound
    }

    func send(_ text: String) async throws {
        try await self.outbound.write(ByteBuffer(string: text))
    }

    func send(_ bytes: [UInt8]) async throws {
        try await self.outbound.write(ByteBuffer(bytes: bytes))
    }

    /// Closes our half; the server's may still answer.
    func finishSending() {
        self.outbound.finish()
    }

    /// The next response; nil when the server has closed the connection.
    mutating func response() async throws -> RawResponse? {
        while true {
            if let response = RawResponse.take(from: &self.received) { return response }
            guard let bytes = try await self.inbound.next(isolation: #isolation) else { return nil }
            self.received += Array(bytes.readableBytesView)
        }
    }

    /// All that comes until the server closes the connection.
    mutating func remainder() async throws -> String {
        while let bytes = try await self.inbound.next(isolation: #isolation) {
            self.received += Array(bytes.readableBytesView)
        }
        return String(decoding: self.received, as: UTF8.self)
    }

    mutating func exchange(_ request: String) async throws -> RawResponse? {
        try await self.send(request)
        return try await self.response()
    }
}

/// Runs the gateway on a free port of the loopback, and ends it gracefully after the body.
func withServer<Result: Sendable>(
    _ gateway: TestGateway, _ body: (_ port: Int, _ server: WebhookServer) async throws -> Result
) async throws -> Result {
    var configuration = WebhookServer.Configuration(port: 0)
    configuration.loops = 1
    let server = WebhookServer(configuration, service: gateway.service, logger: Logger(label: "test"))
    let (ports, reportPort) = AsyncStream<Int>.makeStream(bufferingPolicy: .bufferingNewest(1))
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
            defer { reportPort.finish() }
            try await server.run { reportPort.yield($0.port) }
        }
        var ports = ports.makeAsyncIterator()
        guard let port = await ports.next() else {
            try await group.waitForAll()
            throw NotListening()
        }
        do {
            let result = try await body(port, server)
            server.shutdown()
            try await group.waitForAll()
            return result
        } catch {
            server.shutdown()
            try? await group.waitForAll()
            throw error
        }
    }
}

struct NotListening: Error {}

func withConnection<Result: Sendable>(
    _ port: Int, _ body: (inout RawConnection) async throws -> Result
) async throws -> Result {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .channelOption(.allowRemoteHalfClosure, value: true)
        .connect(host: "127.0.0.1", port: port) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                    wrappingChannelSynchronously: channel,
                    configuration: .init(isOutboundHalfClosureEnabled: true))
            }
        }
    return try await channel.executeThenClose { inbound, outbound in
        var connection = RawConnection(channel, inbound, outbound)
        return try await body(&connection)
    }
}
