import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Testing

@testable import Gateway

/// Every malformed and hostile body of the fixtures, posted to the path and with the headers that its manifest names.
@Suite(.timeLimit(.minutes(1)))
struct HostileRequestTests {
    private struct Manifest: Decodable {
        let fixtures: [Fixture]
    }

    private struct Fixture: Decodable {
        struct Request: Decodable {
            let path: String
            let headers: [String: String]?
        }

        let file: String
        let request: Request
    }

    /// The answers that depend on more than whether the body is one JSON object.
    private static let special: [String: (status: Int, word: String?)] = [
        "gzip-bomb-10mb.bin": (415, nil), "path-traversal-url.json": (404, nil), "unknown-token.json": (404, nil),
        "instance-mismatch.json": (200, "quarantined"), "nul-in-instance.json": (200, "quarantined"),
    ]

    @Test func everyBodyGetsTheAnswerThatIsPromised() async throws {
        let manifest = try JSONDecoder().decode(
            Manifest.self, from: Data(Fixtures.bytes("evolution/bad/manifest.json")))
        #expect(manifest.fixtures.count == 63)
        let gateway = TestGateway([.integration(Sample.entry(name: InstanceName("clinica-aurora")))])
        try await withServer(gateway) { port, _ in
            for fixture in manifest.fixtures {
                let body = try Fixtures.bytes("evolution/bad/\(fixture.file)")
                let isObject = (try? BodyScanner.scan(body)) != nil
                let expected = Self.special[fixture.file] ?? (isObject ? (200, "ok") : (400, nil))
                let before = gateway.spool.events.count
                let response = try #require(try await Self.post(body, fixture.request, port), "\(fixture.file)")
                #expect(response.status == expected.status, "\(fixture.file)")
                let stored = gateway.spool.events.dropFirst(before).map(\.body)
                #expect(stored == (expected.word == nil ? [] : [body]), "\(fixture.file)")
                #expect(response.body.hasPrefix(#"{"status":"\#(expected.word ?? "")"#) == (expected.word != nil))
            }
        }
    }

    private static func post(_ body: [UInt8], _ request: Fixture.Request, _ port: Int) async throws -> RawResponse? {
        let headers = (request.headers ?? [:]).map { "\($0.key): \($0.value)\r\n" }.joined()
        return try await withConnection(port) { connection in
            try await connection.send(
                "POST \(request.path) HTTP/1.1\r\nHost: h\r\n\(headers)Content-Length: \(body.count)\r\n\r\n")
            try await connection.send(body)
            return try await connection.response()
        }
    }
}
