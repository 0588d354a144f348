import AsyncHTTPClient
import Dispatch
import FoundationEssentials
import Glibc
import HookgateCore
import HookgateTestSupport
import NIOCore
import NIOHTTP1
import PostgresClient
import Testing

/// Ten thousand connections that have had an answer and say nothing more, held by the built gateway.
@Suite(.timeLimit(.minutes(3)))
struct IdleConnectionTests {
    private static let count = 10_000
    private static let token = WebhookToken(randomBytes: Array(0...31))
    private static let body = #"{"event":"messages.upsert","instance":"clinic-abc123","data":{"key":{"id":"A1"}}}"#

    @Test func tenThousandIdleConnectionsAreHeldAndAWebhookStillPasses() async throws {
        guard Sockets.raiseLimit() >= Self.count + 1_000 else {
            Issue.record("the hard limit of open files must be 11000 for this test: ulimit -Hn")
            return
        }
        let directory = "/tmp/hookgate-idle-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try await withSchema { database in
            try await database.pool.query(
                """
                INSERT INTO healthcare.integrations (organization_id, clinic_id, type, provider, config, enabled, webhook_token)
                VALUES (gen_random_uuid(), gen_random_uuid(), 'whatsapp', 'evolution',
                    '{"instance_name": "clinic-abc123"}', true, $1)
                """, [Self.token.secretText])
            let hookgate = HookgateBinary(databaseURL: database.url, dataDirectory: directory)
            _ = try await hookgate.serving { address in
                let port = try #require(UInt16(address.split(separator: ":").last ?? ""))
                let before = try await Self.post(to: address)
                #expect(before == .ok)
                let resident = try Self.residentBytes(of: directory)
                let sockets = try await Sockets.open(Self.count, port: port)
                defer { sockets.close() }
                #expect(try await Self.connections(at: address) >= Self.count)
                #expect(try await Self.post(to: address) == .ok)
                // Of a debug build; the bound is what tells a leak of buffers from what a connection needs.
                let grown = try Self.residentBytes(of: directory) - resident
                #expect(grown < Self.count * 40 << 10, "\(grown / Self.count) bytes for a connection")
            }
        }
    }

    private static func post(to address: String) async throws -> HTTPResponseStatus {
        var request = HTTPClientRequest(url: "\(address)/webhooks/evolution/whatsapp/\(token.secretText)")
        request.method = .POST
        request.body = .bytes(ByteBuffer(string: body))
        return try await HTTPClient.shared.execute(request, timeout: .seconds(20)).status
    }

    private static func connections(at address: String) async throws -> Int {
        let response = try await HTTPClient.shared.execute(
            HTTPClientRequest(url: "\(address)/metrics"), timeout: .seconds(20))
        let text = String(buffer: try await response.body.collect(upTo: 1 << 20))
        let line = text.split(separator: "\n").first { $0.hasPrefix("hookgate_connections ") }
        return line.flatMap { Double($0.split(separator: " ")[1]) }.map { Int($0) } ?? 0
    }

    /// Of the process that has locked the data directory.
    private static func residentBytes(of directory: String) throws -> Int {
        let lock = try String(contentsOf: URL(filePath: directory + "/hookgate.lock"), encoding: .utf8)
        let pid = try #require(Int(lock.prefix { $0.isNumber }))
        let status = try String(contentsOf: URL(filePath: "/proc/\(pid)/status"), encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
        return try #require(Int(line.filter { $0.isNumber })) << 10
    }
}

/// Connections that made one request each. One that never said anything would be closed after seconds, rightly.
private final class Sockets: Sendable {
    private let descriptors: [Int32]

    private init(_ descriptors: [Int32]) {
        self.descriptors = descriptors
    }

    struct Failure: Error {
        let code: Int32
    }

    private static let request = Array("GET /health HTTP/1.1\r\nHost: h\r\n\r\n".utf8)

    /// - Returns: how many files this process may have open now.
    static func raiseLimit() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
        limit.rlim_cur = limit.rlim_max
        guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
        return Int(clamping: limit.rlim_max)
    }

    /// Connects one after the other, on a thread that may wait.
    static func open(_ count: Int, port: UInt16) async throws -> Sockets {
        try await withCheckedThrowingContinuation { done in
            DispatchQueue(label: "sockets").async {
                var descriptors: [Int32] = []
                do throws(Failure) {
                    for _ in 0..<count { descriptors.append(try self.connect(port)) }
                    done.resume(returning: Sockets(descriptors))
                } catch {
                    Sockets(descriptors).close()
                    done.resume(throwing: error)
                }
            }
        }
    }

    private static func connect(_ port: UInt16) throws(Failure) -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(code: errno) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        let room = 1_024
        var answer = [UInt8](repeating: 0, count: room)
        guard result == 0, send(descriptor, request, request.count, 0) == request.count,
            recv(descriptor, &answer, room, 0) > 0, answer.starts(with: "HTTP/1.1 200 ".utf8)
        else {
            let code = errno
            Glibc.close(descriptor)
            throw Failure(code: code)
        }
        return descriptor
    }

    func close() {
        for descriptor in self.descriptors { Glibc.close(descriptor) }
    }
}
