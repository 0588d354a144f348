import NIOCore
import NIOEmbedded
import NIOHTTP1

@testable import Gateway

/// One connection, on a channel whose time the test moves.
final class Wire {
    let gateway: TestGateway
    let channel = EmbeddedChannel()
    private var received: [UInt8] = []

    init(_ gateway: TestGateway, admission: ConnectionRegistry.Admission = .admitted) throws {
        self.gateway = gateway
        try self.channel.pipeline.syncOperations.addWebhookHandlers(gateway.service, admission: admission)
        try self.channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    /// Bytes that arrive in one read.
    func arrive(_ text: String) throws {
        try self.channel.writeInbound(ByteBuffer(string: text))
    }

    func pass(_ time: TimeAmount) {
        self.channel.embeddedEventLoop.advanceTime(by: time)
    }

    func response(isHead: Bool = false) throws -> RawResponse? {
        while let bytes = try self.channel.readOutbound(as: ByteBuffer.self) {
            self.received += Array(bytes.readableBytesView)
        }
        return RawResponse.take(from: &self.received, isHead: isHead)
    }

    var isOpen: Bool { self.channel.isActive }
}
