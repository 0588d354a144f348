import NIOCore
import NIOHTTP1
import NIOPosix

/// The HTTP side: requests in, answers out, on 127.0.0.1.
struct SimulatorServer: Sendable {
    /// The real server's bound.
    private static let longestBody = 136 * 1024 * 1024

    typealias Connection = NIOAsyncChannel<NIOHTTPServerRequestFull, HTTPServerResponsePart>

    private let listener: NIOAsyncChannel<any Channel, Never>
    let port: Int

    static func bind(port: Int) async throws -> SimulatorServer {
        let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            // Nothing is read until somebody serves the connection.
            .childChannelOption(.autoRead, value: false)
            .bind(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: false)
                    try pipeline.addHandler(NIOHTTPServerRequestAggregator(maxContentLength: longestBody))
                    return channel
                }
            }
        guard let port = listener.channel.localAddress?.port else { throw ChannelError.unknownLocalAddress }
        return SimulatorServer(listener: listener, port: port)
    }

    /// Serves until the task is cancelled.
    func run(_ respond: @escaping @Sendable (SimulatedRequest) async -> SimulatedResponse) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            try await listener.executeThenClose { connections in
                for try await channel in connections {
                    group.addTask {
                        // A connection that breaks is its client's affair.
                        try? await Self.serve(Self.connection(channel), respond)
                    }
                }
            }
        }
    }

    /// Made only for what is served: a connection that was accepted and is dropped unserved, as when the server ends,
    /// would end the process.
    private static func connection(_ channel: any Channel) async throws -> Connection {
        try await channel.eventLoop.submit {
            let connection = try Connection(wrappingChannelSynchronously: channel)
            try channel.syncOptions?.setOption(.autoRead, value: true)
            return connection
        }.get()
    }

    private static func serve(
        _ connection: Connection, _ respond: @Sendable (SimulatedRequest) async -> SimulatedResponse
    ) async throws {
        try await connection.executeThenClose { requests, answers in
            for try await request in requests {
                let response = await respond(SimulatedRequest(request))
                guard try await write(response, to: answers), request.head.isKeepAlive else { return }
            }
        }
    }

    /// Whether the connection goes on.
    private static func write(
        _ response: SimulatedResponse, to answers: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>
    ) async throws -> Bool {
        switch response {
        case .json(let status, let body):
            try await write(status, "application/json; charset=utf-8", body.encoded, to: answers)
            return true
        case .page(let status, let page):
            try await write(status, "text/html", Array(page.utf8), to: answers)
            return true
        case .redirect(let status, let location):
            var head = head(status, "text/html", 0)
            head.headers.add(name: "location", value: location)
            try await answers.write(.head(head))
            try await answers.write(.end(nil))
            return true
        case .truncated(let body):
            let bytes = body.encoded
            try await answers.write(.head(head(200, "application/json; charset=utf-8", bytes.count + 1)))
            try await answers.write(.body(.byteBuffer(ByteBuffer(bytes: bytes.prefix(bytes.count / 2)))))
            return false
        case .reset:
            return false
        case .silence(let duration):
            // Saying nothing for that long is the failure that was asked for.
            try await Task.sleep(for: duration)
            return false
        }
    }

    private static func write(
        _ status: Int, _ type: String, _ body: [UInt8],
        to answers: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>
    ) async throws {
        try await answers.write(.head(head(status, type, body.count)))
        try await answers.write(.body(.byteBuffer(ByteBuffer(bytes: body))))
        try await answers.write(.end(nil))
    }

    private static func head(_ status: Int, _ type: String, _ length: Int) -> HTTPResponseHead {
        HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: status),
            headers: ["content-type": type, "content-length": "\(length)"])
    }
}

extension SimulatedRequest {
    fileprivate init(_ request: NIOHTTPServerRequestFull) {
        self.init(
            method: request.head.method.rawValue, target: request.head.uri, headers: request.head.headers,
            body: request.body.map { Array($0.readableBytesView) } ?? [])
    }
}
