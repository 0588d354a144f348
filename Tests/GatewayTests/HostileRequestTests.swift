import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import NIOCore
import NIOEmbedded
import Testing

@testable import Gateway

/// Every malformed and hostile body of the fixtures, posted to the path and with the headers that its manifest names.
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

    @Test func everyBodyGetsTheAnswerThatIsPromised() throws {
        let manifest = try JSONDecoder().decode(
            Manifest.self, from: Data(Fixtures.bytes("evolution/bad/manifest.json")))
        #expect(manifest.fixtures.count == 63)
        for fixture in manifest.fixtures {
            let body = try Fixtures.bytes("evolution/bad/\(fixture.file)")
            let isObject = (try? BodyScanner.scan(body)) != nil
            let expected = Self.special[fixture.file] ?? (isObject ? (200, "ok") : (400, nil))
            let gateway = TestGateway([.integration(Sample.entry(name: InstanceName("clinica-aurora")))])
            let response = try #require(try Self.post(body, fixture.request, to: gateway), "\(fixture.file)")
            #expect(response.status == expected.status, "\(fixture.file)")
            if let word = expected.word {
                #expect(response.body.hasPrefix(#"{"status":"\#(word)""#), "\(fixture.file)")
                #expect(gateway.spool.events.map(\.body) == [body], "\(fixture.file)")
            } else {
                #expect(gateway.spool.events.isEmpty, "\(fixture.file)")
            }
        }
    }

    private static func post(_ body: [UInt8], _ request: Fixture.Request, to gateway: TestGateway) throws
        -> RawResponse?
    {
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addWebhookHandlers(gateway.service, admission: .admitted)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        let headers = (request.headers ?? [:]).map { "\($0.key): \($0.value)\r\n" }.joined()
        var bytes = ByteBuffer(
            string: "POST \(request.path) HTTP/1.1\r\nHost: h\r\n\(headers)Content-Length: \(body.count)\r\n\r\n")
        bytes.writeBytes(body)
        try channel.writeInbound(bytes)
        var received: [UInt8] = []
        while let answer = try channel.readOutbound(as: ByteBuffer.self) { received += Array(answer.readableBytesView) }
        return RawResponse.take(from: &received)
    }
}
