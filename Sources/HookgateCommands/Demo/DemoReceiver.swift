import FoundationEssentials
import HookgateCore
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// The demo's backend: a small web server that believes nothing but what is signed for it, as a company's own should.
final class DemoReceiver: Sendable {
    /// One delivery, as it came.
    struct Delivery: Sendable {
        let headers: [String: String]
        let body: [UInt8]

        /// The event's id: the same at each attempt.
        var id: String? { headers[StandardWebhooksSignature.idHeader] }
        var kind: String? { headers["x-hookgate-kind"] }
    }

    private struct State {
        /// Those whose signature held, in the order in which they came.
        var taken: [Delivery] = []
        var refused = 0
    }

    private static let largestBody = 1 << 20

    private let key: VerificationKey
    private let time = TimeSource.system
    private let state = Mutex(State())

    private init(verifying secret: SigningSecret) {
        self.key = VerificationKey(secret)
    }

    var taken: [Delivery] { state.withLock { $0.taken } }
    var refused: Int { state.withLock { $0.refused } }

    /// Listens on a free port of this machine while `body` works.
    static func listening<T>(
        verifying secret: SigningSecret, _ body: (_ url: String, DemoReceiver) async throws -> T
    ) async throws -> T {
        let receiver = DemoReceiver(verifying: secret)
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.configureHTTPServerPipeline()
                    try pipeline.addHandler(NIOHTTPServerRequestAggregator(maxContentLength: largestBody))
                    try pipeline.addHandler(Handler(receiver))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let result: Result<T, any Error>
        do {
            result = .success(try await body("http://127.0.0.1:\(channel.localAddress?.port ?? 0)", receiver))
        } catch {
            result = .failure(error)
        }
        try? await channel.close()
        return try result.get()
    }

    /// Takes a delivery whose signature holds and was made just now.
    fileprivate func judge(_ delivery: Delivery) -> HTTPResponseStatus {
        let verdict = StandardWebhooksSignature.verify(
            id: delivery.id, timestamp: delivery.headers[StandardWebhooksSignature.timestampHeader],
            signature: delivery.headers[StandardWebhooksSignature.signatureHeader], body: delivery.body, at: time.now,
            keys: [key])
        return state.withLock { state in
            guard verdict == .valid else {
                state.refused += 1
                return .unauthorized
            }
            state.taken.append(delivery)
            return .ok
        }
    }
}

private final class Handler: ChannelInboundHandler {
    typealias InboundIn = NIOHTTPServerRequestFull
    typealias OutboundOut = HTTPServerResponsePart

    private let receiver: DemoReceiver

    init(_ receiver: DemoReceiver) {
        self.receiver = receiver
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let request = Self.unwrapInboundIn(data)
        var headers: [String: String] = [:]
        for (name, value) in request.head.headers { headers[name.lowercased()] = value }
        let body = request.body.map { Array($0.readableBytesView) } ?? []
        let status = receiver.judge(DemoReceiver.Delivery(headers: headers, body: body))
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: ["content-length": "0"])
        context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
