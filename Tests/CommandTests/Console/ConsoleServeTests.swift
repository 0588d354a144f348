import AsyncHTTPClient
import EvolutionSimulator
import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import NIOCore
import NIOHTTP1
import PostgresClient
import Testing

/// The console of the built `hookgate`, over HTTP.
@Suite(.timeLimit(.minutes(5)))
struct ConsoleServeTests {
    private static let token = "a-token-of-the-configuration"

    private static func withDataDirectory(_ body: (String) async throws -> Void) async throws {
        let path = "/tmp/hookgate-console-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await body(path)
    }

    private static func serving(
        _ settings: [String: String] = ["HOOKGATE_ADMIN_TOKEN": token],
        _ body: (_ address: String, _ hookgate: HookgateBinary, _ database: TestDatabase) async throws -> Void
    ) async throws {
        try await withSchema { database in
            try await withDataDirectory { directory in
                let hookgate = HookgateBinary(
                    databaseURL: database.url, dataDirectory: directory, settings: settings)
                let exitCode = try await hookgate.serving { address in try await body(address, hookgate, database) }
                #expect(exitCode == 0)
            }
        }
    }

    private static func get(_ url: String, key: String? = nil, cookie: String? = nil) async throws -> HTTPClientResponse
    {
        var request = HTTPClientRequest(url: url)
        if let key { request.headers.add(name: "authorization", value: "Bearer \(key)") }
        if let cookie { request.headers.add(name: "cookie", value: cookie) }
        return try await HTTPClient.shared.execute(request, timeout: .seconds(20))
    }

    private static func text(_ response: HTTPClientResponse) async throws -> String {
        String(buffer: try await response.body.collect(upTo: 4 << 20))
    }

    @Test func onePortServesWebhooksAndConsole() async throws {
        try await Self.serving { address, _, _ in
            #expect(try await Self.get("\(address)/health").status == .ok)
            let denied = try await Self.get("\(address)/api/v1/fleet")
            #expect(denied.status == .unauthorized)
            #expect(denied.headers.first(name: "content-type") == "application/problem+json")
            let fleet = try await Self.get("\(address)/api/v1/fleet", key: Self.token)
            #expect(fleet.status == .ok)
            #expect(try await Self.text(fleet).contains(#""integrations":{}"#))
            #expect(try await Self.get("\(address)/login").status == .ok)
            #expect(try await Self.get("\(address)/metrics").status == .ok)
        }
    }

    @Test func aListenerOfItsOwnTakesConsoleAndMetricsAway() async throws {
        let settings = ["HOOKGATE_ADMIN_TOKEN": Self.token, "HOOKGATE_CONSOLE_LISTEN": "127.0.0.1:0"]
        try await withSchema { database in
            try await Self.withDataDirectory { directory in
                let hookgate = HookgateBinary(databaseURL: database.url, dataDirectory: directory, settings: settings)
                var addresses: [String: String] = [:]
                let exitCode = try await hookgate.watching(["serve", "--listen", "127.0.0.1:0"]) { line in
                    if let start = line.firstRange(of: " listens on ") {
                        addresses[String(line[..<start.lowerBound])] = String(line[start.upperBound...])
                    }
                    guard let webhooks = addresses["hookgate"], let console = addresses["the console"] else {
                        return true
                    }
                    #expect(try await Self.get("\(webhooks)/login").status == .notFound)
                    #expect(try await Self.get("\(webhooks)/metrics").status == .notFound)
                    #expect(try await Self.get("\(webhooks)/health").status == .ok)
                    #expect(try await Self.get("\(console)/login").status == .ok)
                    #expect(try await Self.get("\(console)/webhooks/evolution/x").status == .notFound)
                    let metrics = try await Self.text(try await Self.get("\(console)/metrics"))
                    #expect(metrics.contains("hookgate_spool_writable 1"))
                    return false
                }
                #expect(exitCode == 0)
            }
        }
    }

    @Test func theFleetIsSentAgainWhenItLooksDifferent() async throws {
        try await Self.serving { address, hookgate, database in
            let key = try await hookgate.run("keys", "link", "--role", "viewer", "--base", address)
            #expect(key.exitCode == 0, "\(key.complaint)")
            let secret = String(try #require(key.output.split(separator: "/").last).prefix { !$0.isWhitespace })
            let cookie = try await ConsoleVisitor.signIn(address, secret).cookie
            let stream = try await Self.get("\(address)/live/fleet", cookie: cookie)
            #expect(stream.headers.first(name: "content-type") == "text/event-stream; charset=utf-8")
            var received = ""
            var isAdded = false
            for try await piece in stream.body {
                received += String(buffer: piece)
                if !isAdded, received.contains("event: fleet") {
                    isAdded = true
                    try await database.pool.query(
                        """
                        INSERT INTO healthcare.integrations (type, provider, status, config)
                        VALUES ('whatsapp', 'evolution', 'brand-new', '{"instance_name": "one"}')
                        """)
                }
                if received.contains("brand-new") { break }
            }
            #expect(received.contains("brand-new"))
        }
    }

    @Test func theAPIDoesWhatItsDescriptionSays() async throws {
        // A server that answers, so that what it is asked for is done.
        let options = SimulatorOptions()
        let simulator = EvolutionSimulator(
            profile: try #require(ServerProfile("2.3.7")), options: options, clock: QuickClock(factor: 2_000))
        try await simulator.start()
        let settings = [
            "HOOKGATE_ADMIN_TOKEN": Self.token, "EVOLUTION_API_URL": simulator.baseURL,
            "EVOLUTION_API_KEY": options.globalKey,
        ]
        do {
            try await Self.serving(settings) { address, hookgate, database in
                let stored = StoredEvents(database)
                for state in EventState.allCases { try await stored.add(state) }
                let made = try await hookgate.run("keys", "create", "driver", "--role", "admin")
                let key = try #require(made.output.split(separator: "\n").first(where: { $0.hasPrefix("hgk_") }))
                let input = #"{"url": "\#(address)", "key": "\#(key)"}"#
                let wrong = try await PythonTools.run("drive_api.py", input: input)
                #expect(wrong.isEmpty, "\(wrong)")
            }
        } catch {
            Issue.record(error)
        }
        await simulator.stop()
    }

    @Test func keysAreMadeListedAndRevoked() async throws {
        try await withSchema { database in
            let hookgate = HookgateBinary(databaseURL: database.url)
            let preview = try await hookgate.run("keys", "create", "desk", "--role", "viewer", "--dry-run")
            #expect(preview.exitCode == 0 && preview.output == "Would make 'desk', viewer.\n")
            let made = try await hookgate.run("keys", "create", "desk", "--role", "viewer")
            #expect(made.exitCode == 0 && made.output.contains("hgk_"))
            #expect(try await hookgate.run("keys", "create", "desk", "--role", "admin").exitCode == 3)
            #expect(try await hookgate.run("keys", "create", "x", "--role", "king").exitCode == 64)
            let list = try await hookgate.run("keys", "list")
            #expect(list.output.contains("desk: viewer, sees everything, never used") && !list.output.contains("hgk_"))
            #expect(try await hookgate.run("keys", "revoke", "desk").exitCode == 3)
            #expect(try await hookgate.run("keys", "revoke", "desk", "--yes").exitCode == 0)
            #expect(try await hookgate.run("keys", "revoke", "desk", "--yes").exitCode == 1)

            let verified = try await hookgate.run("audit", "verify")
            #expect(verified.exitCode == 0 && verified.output.contains("All 2 entries are as they were written."))
            #expect(try await hookgate.run("audit", "list", "--action", "keys.revoke").output.contains("keys.revoke"))
            try await database.pool.query("UPDATE hookgate.audit_log SET actor = 'somebody else' WHERE id = 1")
            #expect(try await hookgate.run("audit", "verify").exitCode == 3)
        }
    }
}
