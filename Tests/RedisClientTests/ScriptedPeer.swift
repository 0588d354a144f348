import NIOCore
import NIOPosix

/// A server that answers each piece of bytes it gets with what the test tells it to.
struct ScriptedPeer {
    let port: Int

    var url: String { "redis://127.0.0.1:\(self.port)" }

    /// - Parameter answer: gets what came, as text; nil closes.
    static func run<T>(
        answering answer: @escaping @Sendable (String) -> String?, _ body: (ScriptedPeer) async throws -> T
    ) async throws -> T {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let server = try await ServerBootstrap(group: loop)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(answer: answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        do {
            let value = try await body(ScriptedPeer(port: server.localAddress?.port ?? 0))
            try await group.shutdownGracefully()
            return value
        } catch {
            try await group.shutdownGracefully()
            throw error
        }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let answer: @Sendable (String) -> String?

        init(answer: @escaping @Sendable (String) -> String?) {
            self.answer = answer
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard let text = self.answer(String(buffer: self.unwrapInboundIn(data))) else {
                return context.close(promise: nil)
            }
            context.writeAndFlush(NIOAny(ByteBuffer(string: text)), promise: nil)
        }
    }
}
