import NIOCore
import NIOEmbedded

@testable import Gateway

extension TestGateway {
    /// Sends one request on a connection of its own, and ends that.
    func send(_ request: String) throws {
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addWebhookHandlers(self.service, admission: .admitted)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        try channel.writeInbound(channel.allocator.buffer(string: request))
        channel.embeddedEventLoop.run()
        _ = try channel.finish(acceptAlreadyClosed: true)
    }
}
