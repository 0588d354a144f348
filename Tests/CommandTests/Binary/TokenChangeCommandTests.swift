import AsyncHTTPClient
import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import NIOCore
import NIOHTTP1
import PostgresClient
import Testing

/// `hookgate tokens rotate` and `revoke` as a person runs them, beside a gateway that is running.
@Suite(.timeLimit(.minutes(3)))
struct TokenChangeCommandTests {
    private static let token = WebhookToken(randomBytes: Array(0...31))
    private static let body = #"{"event":"messages.upsert","instance":"clinic-abc123","data":{"key":{"id":"A1"}}}"#

    private static func withOneIntegration(
        settings: [String: String] = [:], _ body: (TestDatabase, HookgateBinary) async throws -> Void
    ) async throws {
        let directory = "/tmp/hookgate-tokens-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try await withSchema { database in
            try await database.pool.query(
                """
                INSERT INTO healthcare.integrations (organization_id, clinic_id, type, provider, status, config, enabled, webhook_token)
                VALUES (gen_random_uuid(), gen_random_uuid(), 'whatsapp', 'evolution', 'active',
                    '{"instance_name": "clinic-abc123"}', true, $1)
                """, [token.secretText])
            try await body(
                database, HookgateBinary(databaseURL: database.url, dataDirectory: directory, settings: settings))
        }
    }

    private static func current(_ database: TestDatabase) async throws -> String {
        try await database.pool.query("SELECT webhook_token FROM healthcare.integrations")[0].decode("webhook_token")
    }

    private static func post(_ token: String, to address: String) async throws -> (status: Int, answer: String) {
        var request = HTTPClientRequest(url: "\(address)/webhooks/evolution/whatsapp/\(token)")
        request.method = .POST
        request.body = .bytes(ByteBuffer(string: body))
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
        return (Int(response.status.code), String(buffer: try await response.body.collect(upTo: 1 << 20)))
    }

    /// Posts until the answer is the wanted one: a change is promised within two seconds, and nothing tells when.
    private static func answers(_ token: String, with status: Int, at address: String) async throws -> Duration {
        let begun = ContinuousClock.now
        while ContinuousClock.now - begun < .seconds(10) {
            if try await self.post(token, to: address).status == status { break }
        }
        return ContinuousClock.now - begun
    }

    @Test func endOfInputDeclinesAndADryRunChangesNothing() async throws {
        try await Self.withOneIntegration { database, hookgate in
            let declined = try await hookgate.run("tokens", "rotate", "clinic-abc123")
            #expect(declined.exitCode == 3)
            #expect(declined.output.contains("nothing was changed"))
            let no = try await hookgate.run("tokens", "revoke", "clinic-abc123", input: "no\n")
            #expect(no.exitCode == 3)
            let dry = try await hookgate.run("tokens", "revoke", "clinic-abc123", "--dry-run")
            #expect(dry.exitCode == 0)
            #expect(dry.output.contains("ends now:   fingerprint \(Self.token.digest.fingerprint)"))
            #expect(try await Self.current(database) == Self.token.secretText)
        }
    }

    @Test func wrongUseIsNamedWithItsRemedy() async throws {
        try await Self.withOneIntegration { _, hookgate in
            for grace in ["soon", "-1h", "91d", "1", "h", "9999999999999999999d"] {
                let wrong = try await hookgate.run("tokens", "rotate", "clinic-abc123", "--grace=\(grace)", "--yes")
                #expect(wrong.exitCode == 64, "\(grace)")
            }
            let unknown = try await hookgate.run("tokens", "rotate", "clinic-abc124", "--yes")
            #expect(unknown.exitCode == 1)
            #expect(unknown.complaint.contains("Did you mean 'clinic-abc123'?"))
            #expect(try await hookgate.run("tokens", "rotate").exitCode == 64)
        }
    }

    @Test func outputIsMaskedUnlessRevealedAndJSONSaysWhatWasDone() async throws {
        try await Self.withOneIntegration(settings: ["HOOKGATE_PUBLIC_URL": "https://hooks.example.com"]) {
            database, hookgate in
            let asked = try await hookgate.run("tokens", "rotate", "clinic-abc123", input: "yes\n")
            #expect(asked.exitCode == 0, "\(asked.complaint)")
            let second = try await Self.current(database)
            for text in [asked.output, asked.complaint] {
                #expect(!text.contains(second) && !text.contains(Self.token.secretText))
            }
            #expect(asked.output.contains("https://hooks.example.com/webhooks/evolution/whatsapp/hgw_"))
            #expect(asked.output.contains("The old URL works until"))
            let revealed = try await hookgate.run(
                "tokens", "revoke", "clinic-abc123", "--yes", "--json", "--reveal")
            #expect(revealed.exitCode == 0, "\(revealed.complaint)")
            let third = try await Self.current(database)
            #expect(revealed.output.contains(#""webhook_token" : "\#(third)""#))
            #expect(revealed.output.contains(#""outcome" : "done""#))
            // The one that was current, and the one in grace.
            for digest in [TokenDigest(of: second), Self.token.digest] {
                #expect(revealed.output.contains("\"\(digest.fingerprint)\""))
            }
        }
    }

    @Test func runningGatewayFollowsARotationAndARevocation() async throws {
        try await Self.withOneIntegration { database, hookgate in
            _ = try await hookgate.serving { address in
                #expect(try await Self.answers(Self.token.secretText, with: 200, at: address) < .seconds(10))
                let rotation = try await hookgate.run("tokens", "rotate", "clinic-abc123", "--grace", "1h", "--yes")
                #expect(rotation.exitCode == 0, "\(rotation.complaint)")
                let second = try await Self.current(database)
                // A new token is looked up at once; the old one passes in its grace.
                for token in [second, Self.token.secretText] {
                    let answer = try await Self.post(token, to: address)
                    #expect(answer.status == 200 && answer.answer.contains(#""status":"ok""#), "\(answer)")
                }
                let one = try await hookgate.run("tokens", "revoke", Self.token.digest.fingerprint, "--yes")
                #expect(one.exitCode == 0, "\(one.complaint)")
                #expect(try await Self.answers(Self.token.secretText, with: 403, at: address) < .seconds(2))
                #expect(try await Self.post(second, to: address).status == 200)
                // By hand, in SQL.
                try await database.pool.query("UPDATE healthcare.integrations SET webhook_token = NULL")
                #expect(try await Self.answers(second, with: 403, at: address) < .seconds(2))
            }
        }
    }

    @Test func oldTokenIsHeldOnceItsGraceIsOver() async throws {
        try await Self.withOneIntegration { database, hookgate in
            _ = try await hookgate.serving { address in
                let rotation = try await hookgate.run("tokens", "rotate", "clinic-abc123", "--grace", "1s", "--yes")
                #expect(rotation.exitCode == 0, "\(rotation.complaint)")
                let begun = ContinuousClock.now
                var last = ""
                while ContinuousClock.now - begun < .seconds(20), !last.contains("quarantined") {
                    let answer = try await Self.post(Self.token.secretText, to: address)
                    #expect(answer.status == 200)
                    last = answer.answer
                }
                #expect(last.contains("quarantined"))
            }
        }
    }
}
