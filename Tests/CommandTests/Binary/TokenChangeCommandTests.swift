import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Testing

/// `hookgate tokens rotate` and `revoke` as a person runs them, beside a gateway that is running.
@Suite(.timeLimit(.minutes(3)))
struct TokenChangeCommandTests {
    private static func current(_ database: TestDatabase) async throws -> String {
        try await database.pool.query("SELECT webhook_token FROM healthcare.integrations")[0].decode("webhook_token")
    }

    private static func post(_ token: String, to address: String) async throws -> (status: Int, answer: String) {
        try await OneIntegration.post(token: token, to: address)
    }

    private static func answers(_ token: String, with status: Int, at address: String) async throws -> Duration {
        try await OneIntegration.time { try await post(token, to: address).status == status }
    }

    @Test func endOfInputDeclinesAndADryRunChangesNothing() async throws {
        try await withOneIntegration { database, hookgate in
            let declined = try await hookgate.run("tokens", "rotate", "clinic-abc123")
            #expect(declined.exitCode == 3)
            #expect(declined.output.contains("nothing was changed"))
            let no = try await hookgate.run("tokens", "revoke", "clinic-abc123", input: "no\n")
            #expect(no.exitCode == 3)
            let dry = try await hookgate.run("tokens", "revoke", "clinic-abc123", "--dry-run")
            #expect(dry.exitCode == 0)
            #expect(dry.output.contains("ends now:   fingerprint \(OneIntegration.token.digest.fingerprint)"))
            #expect(try await Self.current(database) == OneIntegration.token.secretText)
        }
    }

    @Test func wrongUseIsNamedWithItsRemedy() async throws {
        try await withOneIntegration { _, hookgate in
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
        try await withOneIntegration(settings: ["HOOKGATE_PUBLIC_URL": "https://hooks.example.com"]) {
            database, hookgate in
            let asked = try await hookgate.run("tokens", "rotate", "clinic-abc123", input: "yes\n")
            #expect(asked.exitCode == 0, "\(asked.complaint)")
            let second = try await Self.current(database)
            for text in [asked.output, asked.complaint] {
                #expect(!text.contains(second) && !text.contains(OneIntegration.token.secretText))
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
            for digest in [TokenDigest(of: second), OneIntegration.token.digest] {
                #expect(revealed.output.contains("\"\(digest.fingerprint)\""))
            }
        }
    }

    @Test func runningGatewayFollowsARotationAndARevocation() async throws {
        try await withOneIntegration { database, hookgate in
            _ = try await hookgate.serving { address in
                #expect(try await Self.answers(OneIntegration.token.secretText, with: 200, at: address) < .seconds(10))
                let rotation = try await hookgate.run("tokens", "rotate", "clinic-abc123", "--grace", "1h", "--yes")
                #expect(rotation.exitCode == 0, "\(rotation.complaint)")
                let second = try await Self.current(database)
                // A new token is looked up at once; the old one passes in its grace.
                for token in [second, OneIntegration.token.secretText] {
                    let answer = try await Self.post(token, to: address)
                    #expect(answer.status == 200 && answer.answer.contains(#""status":"ok""#), "\(answer)")
                }
                let one = try await hookgate.run("tokens", "revoke", OneIntegration.token.digest.fingerprint, "--yes")
                #expect(one.exitCode == 0, "\(one.complaint)")
                #expect(try await Self.answers(OneIntegration.token.secretText, with: 403, at: address) < .seconds(2))
                #expect(try await Self.post(second, to: address).status == 200)
                // By hand, in SQL.
                try await database.pool.query("UPDATE healthcare.integrations SET webhook_token = NULL")
                #expect(try await Self.answers(second, with: 403, at: address) < .seconds(2))
            }
        }
    }

    @Test func oldTokenIsHeldOnceItsGraceIsOver() async throws {
        try await withOneIntegration { database, hookgate in
            _ = try await hookgate.serving { address in
                let rotation = try await hookgate.run("tokens", "rotate", "clinic-abc123", "--grace", "1s", "--yes")
                #expect(rotation.exitCode == 0, "\(rotation.complaint)")
                let begun = ContinuousClock.now
                var last = ""
                while ContinuousClock.now - begun < .seconds(20), !last.contains("quarantined") {
                    let answer = try await Self.post(OneIntegration.token.secretText, to: address)
                    #expect(answer.status == 200)
                    last = answer.answer
                }
                #expect(last.contains("quarantined"))
            }
        }
    }
}
