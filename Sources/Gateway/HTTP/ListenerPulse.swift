import NIOCore
import NIOPosix

/// Asks our own listener for its health, as a sender would reach it: connect, send, be answered.
///
/// A socket that is bound says little: its loop may be stuck, files may have run out, connections be at their bound.
enum ListenerPulse {
    private static let request =
        "GET /health HTTP/1.1\r\nHost: localhost\r\nUser-Agent: hookgate-pulse\r\nConnection: close\r\n\r\n"

    /// Whether the answer was 200, within the time.
    static func isAnswered(at address: SocketAddress, within time: TimeAmount) async -> Bool {
        // Not on the loops that are looked at: the time limit must run while they do not.
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let answer = loop.makePromise(of: Bool.self)
        let timeout = loop.scheduleTask(in: time) { answer.succeed(false) }
        ClientBootstrap(group: loop)
            .connectTimeout(time)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(PulseHandler(answer))
                }
            }
            .connect(to: address)
            .whenComplete { connected in
                switch connected {
                case .success(let channel):
                    answer.futureResult.whenComplete { _ in channel.close(promise: nil) }
                    channel.writeAndFlush(ByteBuffer(string: Self.request), promise: nil)
                case .failure:
                    answer.succeed(false)
                }
            }
        let isAnswered = try? await answer.futureResult.get()
        timeout.cancel()
        return isAnswered ?? false
    }
}

private final class PulseHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let answer: EventLoopPromise<Bool>
    private var received = ByteBuffer()

    init(_ answer: EventLoopPromise<Bool>) {
        self.answer = answer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = Self.unwrapInboundIn(data)
        self.received.writeBuffer(&bytes)
        guard let line = self.received.getString(at: 0, length: min(12, self.received.readableBytes)),
            line.utf8.count == 12
        else { return }
        self.answer.succeed(line == "HTTP/1.1 200")
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.answer.succeed(false)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.answer.succeed(false)
        context.close(promise: nil)
    }
}
