import AsyncHTTPClient
import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import NIOCore
import NIOHTTP1
import Testing

/// Deliveries to standard output, which a pipe reads.
@Suite(.timeLimit(.minutes(2)))
struct PipeDeliveryTests {
    private static func withLog(_ body: (String) async throws -> Void) async throws {
        let log = "/tmp/hookgate-pipe-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: log) }
        try await body(log)
    }

    /// The start says where it listens and shows an admin's key: both to people, and none of it among the events.
    @Test func aPipeGetsEventsAndNothingElse() async throws {
        try await OneIntegration.with { stage in
            try await Self.withLog { log in
                let hookgate = stage.hookgate(["HOOKGATE_DELIVER_URL": "stdout:"])
                let bodies = ["A1", "A2", "A3"].map { OneIntegration.message($0) }
                var lines: [String] = []
                try await hookgate.piping(log: log) { address in
                    for body in bodies {
                        let answer = try await OneIntegration.post(body, to: address)
                        #expect(answer.status == 200)
                    }
                } reading: { _, line in
                    lines.append(line)
                    return lines.count < bodies.count
                }
                #expect(lines == bodies)
                let said = try String(contentsOfFile: log, encoding: .utf8)
                #expect(said.contains("The console's first key"))
            }
        }
    }

    @Test func mediaLeaveTheBodyAndAreFetchedFromTheAddressThatStandsThere() async throws {
        try await OneIntegration.with { stage in
            try await Self.withLog { log in
                let hookgate = stage.hookgate([
                    "HOOKGATE_DELIVER_URL": "stdout:", "HOOKGATE_DELIVER_FORMAT": "envelope",
                    "HOOKGATE_DELIVER_MEDIA": "reference",
                ])
                let file = (0..<3_000).map { UInt8(truncatingIfNeeded: $0 * 7) }
                try await hookgate.piping(log: log) { address in
                    let answer = try await OneIntegration.post(Self.document(file), to: address)
                    #expect(answer.status == 200)
                } reading: { address, line in
                    #expect(!line.contains(Data(file).base64EncodedString()))
                    let root = try JSONDocument(Array(line.utf8)).root
                    let url = try #require(root["messages"]?.elements?.first?["media"]?["url"]?.string)
                    #expect(root["raw"]?["data"]?["message"]?["mediaUrl"]?.string == url)
                    let path = try #require(url.firstRange(of: "/api/v1/events/"))
                    let link = address + url[path.lowerBound...]
                    let fetched = try await Self.fetch(link)
                    #expect(fetched.status == 200 && fetched.type == "application/pdf")
                    #expect(fetched.body == file)
                    let forged = link.dropLast() + (link.hasSuffix("0") ? "1" : "0")
                    let refused = try await Self.fetch(String(forged))
                    #expect(refused.status == 403)
                    return false
                }
            }
        }
    }

    /// A message with a file in it, as Evolution sends it with base64 switched on.
    private static func document(_ file: [UInt8]) -> String {
        let message =
            #"{"documentMessage":{"mimetype":"application/pdf","fileName":"plan.pdf"},"#
            + #""base64":"\#(Data(file).base64EncodedString())"}"#
        return OneIntegration.message("M1").replacing(
            #""message":{"conversation":""}"#, with: #""messageType":"documentMessage","message":\#(message)"#)
    }

    private static func fetch(_ url: String) async throws -> (status: Int, type: String?, body: [UInt8]) {
        let response = try await HTTPClient.shared.execute(HTTPClientRequest(url: url), timeout: .seconds(20))
        let body = try await response.body.collect(upTo: 1 << 20)
        return (Int(response.status.code), response.headers.first(name: "content-type"), Array(body.readableBytesView))
    }
}
