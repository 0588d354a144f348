import EvolutionAPI
import FoundationEssentials
import HookgateCore
import NIOCore
import NIOPosix
import NIOSSL
import Senders
import Synchronization

/// A destination on this machine that behaves as it is told.
final class Receiver: Sendable {
    enum Behaviour: Sendable {
        case answer(String)
        /// Reads the request and says nothing.
        case hang
        /// One byte of the answer's head now and then, for ever.
        case trickle
        /// Breaks the connection off with the request half answered.
        case reset
        /// An answer of ten gigabytes.
        case flood
    }

    struct Request: Sendable, Equatable {
        let target: String
        let headers: [String: String]
        let body: [UInt8]
    }

    fileprivate struct State {
        var requests: [Request] = []
        var connections = 0
        var bytesWritten = 0
    }

    let port: Int
    private let channel: any Channel
    private let state: StateBox

    final class StateBox: Sendable {
        fileprivate let state = Mutex(State())
    }

    var requests: [Request] { state.state.withLock { $0.requests } }
    var connections: Int { state.state.withLock { $0.connections } }
    var bytesWritten: Int { state.state.withLock { $0.bytesWritten } }

    private init(_ behaviour: Behaviour, tls: NIOSSLContext?) async throws {
        let state = StateBox()
        self.state = state
        self.channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.backlog, value: 64)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
                    try channel.pipeline.syncOperations.addHandler(Handler(behaviour, state))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        self.port = channel.localAddress?.port ?? 0
    }

    /// Runs `body` with a receiver.
    static func with<T>(
        _ behaviour: Behaviour, tls: NIOSSLContext? = nil, _ body: (Receiver) async throws -> T
    ) async throws -> T {
        let receiver = try await Receiver(behaviour, tls: tls)
        let result: Result<T, any Error>
        do { result = .success(try await body(receiver)) } catch { result = .failure(error) }
        try await receiver.channel.close()
        return try result.get()
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let behaviour: Behaviour
        private let state: StateBox
        private var received: [UInt8] = []
        private var isFlooding = false

        init(_ behaviour: Behaviour, _ state: StateBox) {
            self.behaviour = behaviour
            self.state = state
            state.state.withLock { $0.connections += 1 }
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received += Array(unwrapInboundIn(data).readableBytesView)
            while let request = takeRequest() {
                state.state.withLock { $0.requests.append(request) }
                behave(context)
            }
        }

        func channelWritabilityChanged(context: ChannelHandlerContext) { flood(context) }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

        private func behave(_ context: ChannelHandlerContext) {
            switch behaviour {
            case .answer(let text): write(text, context)
            case .hang: break
            case .trickle:
                write("HTTP/1.1 200 OK\r\nx-slow: ", context)
                let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
                context.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(20)) { task in
                    let (handler, context) = bound.value
                    guard context.channel.isActive else { return task.cancel() }
                    handler.write("a", context)
                }
            case .reset:
                write("HTTP/1.1 200 O", context)
                context.close(promise: nil)
            case .flood:
                write("HTTP/1.1 200 OK\r\ncontent-length: 10737418240\r\n\r\n", context)
                isFlooding = true
                flood(context)
            }
        }

        private func flood(_ context: ChannelHandlerContext) {
            while isFlooding, context.channel.isActive, context.channel.isWritable {
                write(String(repeating: "x", count: 65_536), context)
            }
        }

        private func write(_ text: String, _ context: ChannelHandlerContext) {
            state.state.withLock { $0.bytesWritten += text.utf8.count }
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
        }

        private func takeRequest() -> Request? {
            guard let end = received.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
            let lines = String(decoding: received[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
            var headers: [String: String] = [:]
            for line in lines.dropFirst() {
                let parts = line.split(separator: ":", maxSplits: 1)
                headers[parts[0].lowercased()] = String(parts[1].drop { $0 == " " })
            }
            let length = headers["content-length"].flatMap { Int($0) } ?? 0
            guard received.count >= end.upperBound + length else { return nil }
            let body = Array(received[end.upperBound..<end.upperBound + length])
            received.removeFirst(end.upperBound + length)
            return Request(target: String(lines[0].split(separator: " ")[1]), headers: headers, body: body)
        }
    }
}

/// Secrets that a test names.
struct NamedSecrets: SigningSecretSource {
    var known: [String: SigningSecrets] = [:]

    func secrets(named reference: String) -> SigningSecrets? { known[reference] }
}

/// Runs `body` with a sender, which is at work meanwhile and closed afterwards.
func withDestinationSender<T: Sendable>(
    secrets: NamedSecrets = NamedSecrets(), options: WebhookSenderOptions = WebhookSenderOptions(),
    streams: RedisStreamSender = RedisStreamSender(operatorsAddress: nil),
    output: StandardOutputSender = StandardOutputSender(), _ body: (DestinationSender) async throws -> T
) async throws -> T {
    let sender = DestinationSender(
        composer: DeliveryComposer(normaliser: EvolutionNormaliser()) { nil },
        webhooks: try WebhookSender(secrets: secrets, options: options), streams: streams, output: output)
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await sender.run() }
        let value = try await body(sender)
        group.cancelAll()
        return value
    }
}
