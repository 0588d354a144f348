/// Answers the requests that are no webhooks: console and API. Filled by the console, asked by the gateway's listeners.
package protocol ConsoleResponder: Sendable {
    func respond(to request: ConsoleRequest) async -> ConsoleResponse
}

/// One HTTP request, read to its end. Its body is bounded by the listener.
package struct ConsoleRequest: Sendable {
    package let method: String
    /// As it stands in the request line, in origin form.
    package let target: String
    package let headers: [(name: String, value: String)]
    package let body: [UInt8]
    /// Who is connected: an address without its port; nil where the system does not say.
    package let peer: String?

    package init(
        method: String, target: String, headers: [(name: String, value: String)] = [], body: [UInt8] = [],
        peer: String? = nil
    ) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        self.peer = peer
    }
}

/// What is answered: a body at once, or one that comes piece by piece until its task ends or the reader goes.
package struct ConsoleResponse: Sendable {
    package enum Body: Sendable {
        case bytes([UInt8])
        case stream(@Sendable (ConsoleStream) async -> Void)
    }

    package var status: Int
    package var contentType: String
    /// Beside content type, length and date, which the listener writes.
    package var headers: [(name: String, value: String)]
    package var body: Body

    package init(status: Int, contentType: String, headers: [(name: String, value: String)] = [], body: Body) {
        self.status = status
        self.contentType = contentType
        self.headers = headers
        self.body = body
    }
}

/// Where a streamed body goes, piece by piece.
package struct ConsoleStream: Sendable {
    /// The reader is gone, or the process ends: nothing more is wanted.
    package struct Ended: Error {
        package init() {}
    }

    private let send: @Sendable ([UInt8]) async throws -> Void

    package init(_ send: @escaping @Sendable ([UInt8]) async throws -> Void) {
        self.send = send
    }

    /// Returns when the piece is on its way, so that a slow reader holds back its writer and fills no memory.
    package func write(_ piece: [UInt8]) async throws {
        try await send(piece)
    }
}
