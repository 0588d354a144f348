import NIOHTTP1

/// A request as the routes see it.
struct SimulatedRequest: Sendable {
    let method: String
    /// As it came, with a query.
    let target: String
    let headers: HTTPHeaders
    let body: [UInt8]

    var apiKey: String? { headers.first(name: "apikey") }

    var contentType: String? { headers.first(name: "content-type") }

    /// The path's segments, decoded; empty ones do not count.
    var segments: [String] {
        path.split(separator: "/").map { Self.decoded($0) }
    }

    func query(_ name: String) -> String? {
        guard let mark = target.firstIndex(of: "?") else { return nil }
        for pair in target[target.index(after: mark)...].split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1)
            if parts.count == 2, parts[0] == name { return Self.decoded(parts[1]) }
        }
        return nil
    }

    private var path: Substring { target.prefix { $0 != "?" } }

    private static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// What goes back over the connection.
enum SimulatedResponse: Sendable {
    case json(Int, WireJSON)
    /// A page of something in front of the server.
    case page(Int, String)
    case redirect(Int, to: String)
    /// The head says more than there is.
    case truncated(WireJSON)
    /// The connection ends without an answer, at once or after a while.
    case reset
    case silence(Duration)

    static func ok(_ body: WireJSON) -> SimulatedResponse { .json(200, body) }

    /// The server's envelope for everything that went wrong.
    static func failure(_ status: Int, _ error: String, _ message: WireJSON) -> SimulatedResponse {
        .json(
            status,
            .record(["status": .count(status), "error": .text(error), "response": .record(["message": message])]))
    }

    static func badRequest(_ messages: [String]) -> SimulatedResponse {
        failure(400, "Bad Request", .texts(messages))
    }

    /// A violation of a schema: a list in a list.
    static func violation(_ messages: [String]) -> SimulatedResponse {
        failure(400, "Bad Request", .list([.texts(messages)]))
    }

    static func crash(_ message: String) -> SimulatedResponse {
        failure(500, "Internal Server Error", .text(message))
    }

    static let unauthorized = failure(401, "Unauthorized", .text("Unauthorized"))

    static func unknown(_ instance: String) -> SimulatedResponse {
        failure(404, "Not Found", .texts(["The \"\(instance)\" instance does not exist"]))
    }

    static func unrouted(_ request: SimulatedRequest) -> SimulatedResponse {
        failure(404, "Not Found", .texts(["Cannot \(request.method) \(request.target)"]))
    }
}
