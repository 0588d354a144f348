import AsyncHTTPClient
import Crypto
import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import NIOCore
import NIOHTTP1
import PostgresClient
import Testing

/// The binary under many long bodies at once: its memory, and what the inbox has afterwards.
///
/// The promise is 50 bodies of 64 MiB in 256 MB; `HOOKGATE_LONG_BODIES=50x64` sends those. Without it fewer and shorter
/// ones are sent that would still be far too much to hold.
@Suite(.timeLimit(.minutes(20)))
struct LongBodyServeTests {
    private static let token = WebhookToken(randomBytes: Array(0...31))
    private static let memoryBound = 256 << 20
    private static let (count, mebibytes) = size()

    private static func size() -> (Int, Int) {
        let words = (ProcessInfo.processInfo.environment["HOOKGATE_LONG_BODIES"] ?? "12x30").split(separator: "x")
        return (Int(words[0]) ?? 12, Int(words[1]) ?? 30)
    }

    /// Made while it is sent, so that the sender does not need the memory that the receiver must not need.
    private struct Body: AsyncSequence, AsyncIteratorProtocol, Sendable {
        private static let chunk = ByteBuffer(repeating: UInt8(ascii: "Q"), count: 1 << 16)
        private static let tail = ByteBuffer(string: #""}}}"#)

        private var head: ByteBuffer?
        private var chunks: Int
        private var tail: ByteBuffer? = Self.tail
        let byteCount: Int

        init(number: Int, mebibytes: Int) {
            let head = ByteBuffer(
                string:
                    #"{"event":"messages.upsert","instance":"clinic-abc123","date_time":"2025-10-20T10:00:00.000Z","#
                    + #""data":{"key":{"id":"M\#(number)"},"message":{"base64":""#)
            self.head = head
            self.chunks = mebibytes * 16
            self.byteCount = head.readableBytes + (mebibytes << 20) + Self.tail.readableBytes
        }

        func makeAsyncIterator() -> Body { self }

        mutating func next() -> ByteBuffer? {
            if let head = head.take() { return head }
            guard chunks > 0 else { return tail.take() }
            chunks -= 1
            return Self.chunk
        }

        var sha256: [UInt8] {
            var hash = SHA256()
            var body = self
            while let part = body.next() { hash.update(data: Array(part.readableBytesView)) }
            return Array(hash.finalize())
        }
    }

    /// The shared client would send eight at a time.
    private static func withClient(_ work: (HTTPClient) async throws -> Void) async throws {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = count
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        do {
            try await work(client)
            try await client.shutdown()
        } catch {
            try await client.shutdown()
            throw error
        }
    }

    private static func post(
        _ body: Body, to address: String, by client: HTTPClient = .shared
    ) async throws -> (status: Int, retryAfter: String?) {
        var request = HTTPClientRequest(url: "\(address)/webhooks/evolution/whatsapp/\(token.secretText)")
        request.method = .POST
        request.body = .stream(body, length: .known(Int64(body.byteCount)))
        let response = try await client.execute(request, timeout: .minutes(10))
        _ = try await response.body.collect(upTo: 1 << 20)
        return (Int(response.status.code), response.headers.first(name: "retry-after"))
    }

    /// The most memory that the process had, in bytes.
    private static func peak(of directory: String) throws -> Int {
        let pid = try String(contentsOfFile: directory + "/hookgate.lock", encoding: .utf8).prefix { $0.isNumber }
        let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
        return try #require(Int(line.split(whereSeparator: { !$0.isNumber })[0])) << 10
    }

    @Test func manyLongBodiesAtOnceNeedLittleMemoryAndAllArrive() async throws {
        let directory = "/tmp/hookgate-long-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try await withSchema { database in
            try await database.pool.query(
                """
                INSERT INTO healthcare.integrations (organization_id, clinic_id, type, provider, status, config, enabled, webhook_token)
                VALUES (gen_random_uuid(), gen_random_uuid(), 'whatsapp', 'evolution', 'active',
                    '{"instance_name": "clinic-abc123"}', true, $1)
                """, [Self.token.secretText])
            let hookgate = HookgateBinary(databaseURL: database.url, dataDirectory: directory)
            var acknowledged: [Int] = []
            _ = try await hookgate.serving { address in
                try await Self.withClient { client in
                    try await withThrowingTaskGroup(of: (Int, Int, String?).self) { group in
                        for number in 0..<Self.count {
                            group.addTask {
                                let body = Body(number: number, mebibytes: Self.mebibytes)
                                let answer = try await Self.post(body, to: address, by: client)
                                return (number, answer.status, answer.retryAfter)
                            }
                        }
                        for try await (number, status, retryAfter) in group {
                            #expect(status == 200 || (status == 503 && retryAfter != nil), "\(status)")
                            if status == 200 { acknowledged.append(number) }
                        }
                    }
                }
                let shipped = try await Self.waitUntilShipped(acknowledged.count, database)
                #expect(shipped == acknowledged.count)
                let peak = try Self.peak(of: directory)
                print("\(Self.count) bodies of \(Self.mebibytes) MiB: at most \(peak >> 20) MiB resident")
                #expect(peak < Self.memoryBound)
            }
            #expect(acknowledged.count >= Self.count / 2)
            let rows = try await database.pool.query("SELECT message_id, body_sha256 FROM hookgate.events")
            var digests: [String: [UInt8]] = [:]
            for row in rows { digests[try row.decode("message_id")] = try row.decode("body_sha256") }
            for number in acknowledged {
                #expect(digests["M\(number)"] == Body(number: number, mebibytes: Self.mebibytes).sha256, "\(number)")
            }
        }
    }

    private static func waitUntilShipped(_ count: Int, _ database: TestDatabase) async throws -> Int {
        let begun = ContinuousClock.now
        var shipped = 0
        while shipped < count, ContinuousClock.now - begun < .seconds(300) {
            shipped = try await database.pool.query("SELECT count(*)::int AS n FROM hookgate.events")[0].decode("n")
            await Task.yield()
        }
        return shipped
    }

    @Test func aBodyOverTheSettingIs413AndOneUnderItIsNot() async throws {
        let directory = "/tmp/hookgate-long-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try await withSchema { database in
            let hookgate = HookgateBinary(databaseURL: database.url, dataDirectory: directory)
            _ = try await hookgate.serving(["--max-body", "2MiB"]) { address in
                let over = try await Self.post(Body(number: 1, mebibytes: 3), to: address)
                #expect(over.status == 413)
                let under = try await Self.post(Body(number: 1, mebibytes: 1), to: address)
                #expect(under.status == 404)
            }
        }
    }
}
