import AsyncHTTPClient
import EvolutionSimulator
import NIOCore
import NIOHTTP1

/// Calls a server as anybody would: without a client of ours in between.
struct Caller {
    let base: String

    struct Answer {
        let status: Int
        let body: WireJSON
    }

    func call(
        _ method: String, _ path: String, key: String? = "GLOBAL", type: String = "application/json",
        body: [UInt8]? = nil
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: base + path)
        request.method = HTTPMethod(rawValue: method)
        if let key { request.headers.add(name: "apikey", value: key) }
        if let body {
            request.headers.add(name: "content-type", value: type)
            request.body = .bytes(ByteBuffer(bytes: body))
        }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
        let bytes = Array(try await response.body.collect(upTo: 1 << 20).readableBytesView)
        return Answer(status: Int(response.status.code), body: try WireJSONReader.read(bytes))
    }

    func call(_ method: String, _ path: String, key: String? = "GLOBAL", json: String) async throws -> Answer {
        try await call(method, path, key: key, body: Array(json.utf8))
    }
}

extension WireJSON {
    /// Whether the two say the same: members in any order, and whatever the recording left open.
    func matches(_ recorded: WireJSON) -> Bool {
        switch (self, recorded) {
        case (.text, .text("<cuid>")), (.text, .text("<iso8601>")): true
        case (.object(let own), .object(let other)):
            own.count == other.count && other.allSatisfy { self[$0.name]?.matches($0.value) == true }
        case (.list(let own), .list(let other)):
            own.count == other.count && zip(own, other).allSatisfy { $0.matches($1) }
        default: self == recorded
        }
    }
}
