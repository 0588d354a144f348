import NIOCore
import NIOPosix

/// A connection over a real socket that sends a byte when it is told to.
struct SlowSender: Sendable {
    private let channel: any Channel
    private let answer: EventLoopFuture<Int>

    /// Connects so many, and closes them after the body.
    static func with(_ count: Int, port: Int, _ body: ([SlowSender]) async throws -> Void) async throws {
        var senders: [SlowSender] = []
        for _ in 0..<count { senders.append(try await SlowSender(port: port)) }
        do { try await body(senders) } catch {
            for sender in senders { try? await sender.channel.close() }
            throw error
        }
        for sender in senders { try? await sender.channel.close() }
    }

    private init(port: Int) async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let promise = loop.makePromise(of: Int.self)
        do {
            self.channel = try await ClientBootstrap(group: loop)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(StatusReader(promise))
                    }
                }
                .connect(host: "127.0.0.1", port: port).get()
        } catch {
            // What was never connected does not end, and a promise that nobody keeps ends the process.
            promise.fail(error)
            throw error
        }
        self.answer = promise.futureResult
    }

    func write(_ byte: UInt8) async throws {
        try await self.channel.writeAndFlush(ByteBuffer(bytes: [byte]))
    }

    /// Of the first response; 0 when the connection ends without one.
    var status: Int {
        get async throws { try await self.answer.get() }
    }
}

private final class StatusReader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let promise: EventLoopPromise<Int>
    private var line = ""

    init(_ promise: EventLoopPromise<Int>) {
        self.promise = promise
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.line += String(buffer: Self.unwrapInboundIn(data))
        let words = self.line.split(separator: " ")
        if words.count > 2 { self.promise.succeed(Int(words[1]) ?? 0) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.promise.succeed(0)
    }
}
