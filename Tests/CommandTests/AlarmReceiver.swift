import HookgateTestSupport
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// An HTTP receiver of a test's own: keeps what it is sent, and answers as it is told.
final class AlarmReceiver: Sendable {
    struct Request: Sendable {
        var headers: [String: String] = [:]
        var body: [UInt8] = []
    }

    private let requests = Mutex<[Request]>([])
    private let status: HTTPResponseStatus

    private init(status: HTTPResponseStatus) {
        self.status = status
    }

    var received: [Request] { requests.withLock { $0 } }

    fileprivate func take(_ request: Request) -> HTTPResponseStatus {
        requests.withLock { $0.append(request) }
        return status
    }

    /// Listens while `body` works.
    static func listening(
        answering status: HTTPResponseStatus, _ body: (_ url: String, AlarmReceiver) async throws -> Void
    ) async throws {
        let receiver = AlarmReceiver(status: status)
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(ReceivingHandler(receiver))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        do {
            try await body("http://127.0.0.1:\(channel.localAddress?.port ?? 0)/alarms", receiver)
        } catch {
            try? await channel.close()
            throw error
        }
        try await channel.close()
    }
}

private final class ReceivingHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let receiver: AlarmReceiver
    private var request = AlarmReceiver.Request()

    init(_ receiver: AlarmReceiver) {
        self.receiver = receiver
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch Self.unwrapInboundIn(data) {
        case .head(let head):
            request = AlarmReceiver.Request()
            for (name, value) in head.headers { request.headers[name.lowercased()] = value }
        case .body(let bytes):
            request.body += Array(bytes.readableBytesView)
        case .end:
            let status = receiver.take(request)
            let head = HTTPResponseHead(version: .http1_1, status: status, headers: ["content-length": "0"])
            context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
            context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
