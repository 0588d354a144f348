import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1
import Testing

/// A program that uses the API of a running console.
struct ConsoleCaller {
    static let adminToken = "a-token-of-the-tests-alone"

    /// Where a piece of work is, with what the test wants of it.
    struct Work<Report: Decodable>: Decodable {
        let state: String
        let error: String?
        let report: Report?
    }

    let address: String
    var key = Self.adminToken

    func get(_ path: String) async throws -> (status: Int, body: ByteBuffer) {
        try await self.send(HTTPClientRequest(url: self.address + path))
    }

    func post(_ path: String, _ json: String = "{}") async throws -> (status: Int, body: ByteBuffer) {
        var request = HTTPClientRequest(url: self.address + path)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.body = .bytes(ByteBuffer(string: json))
        return try await self.send(request)
    }

    func read<Body: Decodable>(_ type: Body.Type, _ path: String) async throws -> Body {
        let answer = try await self.get(path)
        #expect(answer.status == 200, "\(path): \(String(buffer: answer.body))")
        return try Self.decode(type, answer.body)
    }

    /// Asks until the work is over.
    func ended<Report: Decodable>(_ report: Report.Type, _ path: String) async throws -> Work<Report> {
        while true {
            let work = try await self.read(Work<Report>.self, path)
            if work.state != "running" { return work }
            try Task.checkCancellation()
        }
    }

    static func decode<Body: Decodable>(_ type: Body.Type, _ body: ByteBuffer) throws -> Body {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(type, from: Data(body.readableBytesView))
    }

    private func send(_ request: HTTPClientRequest) async throws -> (status: Int, body: ByteBuffer) {
        var request = request
        request.headers.add(name: "authorization", value: "Bearer \(self.key)")
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        return (Int(response.status.code), try await response.body.collect(upTo: 8 << 20))
    }
}
