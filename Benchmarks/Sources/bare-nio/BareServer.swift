import NIOCore
import NIOHTTP1
import NIOPosix

/// The yardstick: what SwiftNIO's HTTP/1.1 costs with nothing behind it. Reads each body to its end and refuses it,
/// without a look-up, a log, a metric or a bound.
///
///     bare-nio PORT
@main
enum BareServer {
    static func main() async throws {
        guard CommandLine.arguments.count == 2, let port = Int(CommandLine.arguments[1]) else {
            fatalError("usage: bare-nio PORT")
        }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    // As NIO sets it up by itself: pipelined requests in order, an answer to what cannot be parsed.
                    try pipeline.configureHTTPServerPipeline()
                    try pipeline.addHandler(RefusingHandler())
                }
            }
            .bind(host: "127.0.0.1", port: port)
            .get()
        try await channel.closeFuture.get()
    }
}

private final class RefusingHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private var bytes = 0

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch self.unwrapInboundIn(data) {
        case .head: self.bytes = 0
        case .body(let part): self.bytes += part.readableBytes
        case .end: self.answer(context)
        }
    }

    private func answer(_ context: ChannelHandlerContext) {
        let text = #"{"status":403,"bytes":\#(self.bytes)}"#
        let headers: HTTPHeaders = ["content-type": "application/json", "content-length": "\(text.utf8.count)"]
        let head = HTTPResponseHead(version: .http1_1, status: .forbidden, headers: headers)
        context.write(self.wrapOutboundOut(.head(head)), promise: nil)
        context.write(
            self.wrapOutboundOut(.body(.byteBuffer(context.channel.allocator.buffer(string: text)))), promise: nil)
        context.write(self.wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.flush()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
