import AsyncHTTPClient
import FoundationEssentials
import HookgateTestSupport
import NIOCore
import NIOHTTP1
import PostgresClient
import Testing

@Suite(.timeLimit(.minutes(3)))
struct ServeCommandTests {
    private static let token = "hgw_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh86oZqdX"
    private static let message =
        #"{"event":"messages.upsert","instance":"clinic-abc123","data":{"key":{"remoteJid":"15550101001@s.whatsapp.net","#
        + #""id":"3EB0"},"message":{"conversation":"Tenho dor de dente"}},"apikey":"INSTANCE-KEY"}"#

    private static func withDataDirectory(_ body: (String) async throws -> Void) async throws {
        let path = "/tmp/hookgate-serve-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await body(path)
    }

    private static func post(_ body: String, to url: String) async throws -> (status: Int, answer: String) {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.body = .bytes(ByteBuffer(string: body))
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
        let answer = try await response.body.collect(upTo: 1 << 20)
        return (Int(response.status.code), String(buffer: answer))
    }

    private static func addIntegration(_ pool: PostgresPool) async throws {
        try await pool.query(
            """
            INSERT INTO healthcare.integrations (organization_id, clinic_id, type, provider, status, config, enabled, webhook_token)
            VALUES (gen_random_uuid(), gen_random_uuid(), 'whatsapp', 'evolution', 'active',
                '{"instance_name": "clinic-abc123"}', true, $1)
            """, [token])
    }

    @Test func bothRoutesEndInTheInboxAndTheProbeProvesIt() async throws {
        try await withSchema { database in
            try await Self.addIntegration(database.pool)
            try await Self.withDataDirectory { directory in
                let hookgate = HookgateBinary(databaseURL: database.url, dataDirectory: directory)
                var repetition = ""
                let exitCode = try await hookgate.serving { address in
                    let byToken = try await Self.post(
                        Self.message, to: "\(address)/webhooks/evolution/whatsapp/\(Self.token)")
                    #expect(byToken.status == 200 && byToken.answer.contains(#""status":"ok""#), "\(byToken)")
                    let retried = try await Self.post(
                        Self.message, to: "\(address)/webhooks/evolution/whatsapp/\(Self.token)")
                    #expect(retried.status == 200)
                    repetition = String(retried.answer.split(separator: "\"id\":\"")[1].prefix(36))
                    let byName = try await Self.post(
                        Self.message.replacing("3EB0", with: "3EB1"),
                        to: "\(address)/webhooks/evolution/clinic-abc123/messages-upsert")
                    #expect(byName.status == 200 && byName.answer.contains(#""status":"ok""#), "\(byName)")

                    let probe = try await hookgate.run("test", "-", "--url", address, input: Self.token + "\n")
                    #expect(probe.exitCode == 0, "\(probe.output)\(probe.complaint)")
                    #expect(!probe.output.contains(Self.token))
                    let wrong = try await hookgate.run(
                        "test", "hgw_" + String(repeating: "A", count: 49), "--url", address)
                    #expect(wrong.exitCode == 1)
                    #expect(wrong.output.contains("its checksum is wrong"))
                }
                #expect(exitCode == 0)
                // What was answered is shipped before the process ends, or would wait on disk: here it is shipped.
                let rows = try await database.pool.query(
                    "SELECT id::text AS id, route, state FROM hookgate.events ORDER BY received_at")
                let states = try rows.map { row in try row.decode("state", as: String.self) }
                #expect(states == ["pending", "pending", "probe"])
                let routes = try rows.map { row in try row.decode("route", as: String.self) }
                #expect(routes == ["token", "instance", "token"])

                let id: String = try rows[0].decode("id")
                let masked = try await hookgate.run("events", "show", id)
                #expect(masked.exitCode == 0)
                #expect(masked.output.contains("clinic-abc123"))
                #expect(!masked.output.contains("dente"))
                #expect(try await hookgate.run("events", "show", id, "--reveal").exitCode == 64)
                let revealed = try await hookgate.run("events", "show", id, "--reveal", "--reason", "a test")
                #expect(revealed.output.contains("Tenho dor de dente"))
                #expect(!revealed.output.contains("INSTANCE-KEY"))
                let repeated = try await hookgate.run("events", "show", repetition)
                #expect(repeated.exitCode == 1)
                #expect(repeated.complaint.contains("repeats \(id), which came before it"), "\(repeated.complaint)")
                let list = try await hookgate.run("events", "list", "--state", "probe", "--json")
                #expect(list.output.contains(#""event" : "hookgate.probe""#))
            }
        }
    }

    @Test func withoutADatabaseItKeepsAPrivateOneBetweenStarts() async throws {
        try await Self.withDataDirectory { directory in
            let hookgate = HookgateBinary(dataDirectory: directory)
            let first = try await hookgate.serving { _ in
                let url = try #require(PrivateCluster.runningURL(directory: directory + "/postgres"))
                let pool = PostgresPool(url: url)
                try await Self.settled(hookgate)
                try await Self.addIntegration(pool)
                await pool.close()
            }
            #expect(first == 0)
            #expect(PrivateCluster.runningURL(directory: directory + "/postgres") == nil)
            let second = try await hookgate.serving { address in
                let tokens = try await hookgate.run("tokens", "--reveal")
                #expect(tokens.output.contains(Self.token))
                let answer = try await Self.post(
                    Self.message, to: "\(address)/webhooks/evolution/whatsapp/\(Self.token)")
                #expect(answer.status == 200, "\(answer)")
                let other = try await hookgate.run("serve", "--listen", "127.0.0.1:0")
                #expect(other.exitCode == 1)
                #expect(other.complaint.contains("in use by another hookgate"))
            }
            #expect(second == 0)
        }
    }

    /// The gateway listens before its schema is there; applying it again waits for whoever is at it.
    private static func settled(_ hookgate: HookgateBinary) async throws {
        let schema = try await hookgate.run("schema", "apply")
        #expect(schema.exitCode == 0, "\(schema.complaint)")
    }
}
