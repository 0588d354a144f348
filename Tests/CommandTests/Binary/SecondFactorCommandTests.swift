import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Testing

/// `hookgate integrations second-factor` as a person runs it, beside a gateway that is running.
@Suite(.timeLimit(.minutes(3)))
struct SecondFactorCommandTests {
    private struct Shown: Decodable {
        struct Header: Decodable {
            let name: String
            let value: String
        }
        let outcome: String
        let mode: String
        let headerName: String?
        let headerFingerprint: String?
        let jwtKey: Bool
        let evolutionHeaders: [Header]?
    }

    private static func decode(_ ending: HookgateBinary.Ending) throws -> Shown {
        #expect(ending.exitCode == 0, "\(ending.complaint)")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Shown.self, from: Data(ending.output.utf8))
    }

    private static func post(_ headers: [(String, String)], to address: String) async throws -> String {
        let (status, answer) = try await OneIntegration.post(headers: headers, to: address)
        #expect(status == 200)
        return answer
    }

    private static func answers(
        _ word: String, _ headers: [(String, String)] = [], at address: String
    ) async throws -> Duration {
        try await OneIntegration.time { try await post(headers, to: address).contains(word) }
    }

    @Test func wrongUseIsNamedWithItsRemedy() async throws {
        try await withOneIntegration { _, hookgate in
            let verb = ["integrations", "second-factor", "clinic-abc123"]
            for arguments in [
                ["--mode", "loud"], ["--header", "--header-name=Authorization", "--reveal"],
                ["--header", "--header-name=X Y", "--reveal"],
                ["--jwt", "--grace=91d", "--reveal"], ["--jwt"], ["--header"],
            ] {
                #expect(try await hookgate.run(verb + arguments).exitCode == 64, "\(arguments)")
            }
            let enforce = try await hookgate.run(verb + ["--mode", "enforce", "--yes"])
            #expect(enforce.exitCode == 3)
            #expect(enforce.complaint.contains("--header or --jwt"))
            let unknown = try await hookgate.run("integrations", "second-factor", "clinic-abc124")
            #expect(unknown.exitCode == 1)
            #expect(unknown.complaint.contains("Did you mean 'clinic-abc123'?"))
            let declined = try await hookgate.run(verb + ["--header", "--reveal"])
            #expect(declined.exitCode == 3)
            let dry = try await hookgate.run(verb + ["--header", "--jwt", "--mode", "observe", "--dry-run"])
            #expect(dry.exitCode == 0 && dry.output.contains("nothing was changed"), "\(dry.complaint)")
            let shown = try await hookgate.run(verb)
            #expect(shown.exitCode == 0)
            #expect(shown.output.contains("mode:     observe (second-factor-mode)"))
            #expect(shown.output.contains("secrets:  none"))
        }
    }

    /// The whole way: made and told once, observed, enforced, followed by a running gateway, changed by hand, cleared.
    @Test func runningGatewayFollowsEachChange() async throws {
        try await withOneIntegration { database, hookgate in
            let verb = ["integrations", "second-factor", "clinic-abc123", "--yes", "--json"]
            _ = try await hookgate.serving { address in
                #expect(try await Self.answers(#""status":"ok""#, at: address) < .seconds(10))
                let made = try Self.decode(
                    try await hookgate.run(verb + ["--header", "--mode", "enforce", "--reveal"]))
                #expect(made.outcome == "done" && made.mode == "enforce" && made.headerName == "X-Hookgate-Secret")
                let secret = try #require(made.evolutionHeaders?.first)
                #expect(secret.value.utf8.count == 43)
                #expect(try await Self.answers("second_factor_missing", at: address) < .seconds(2))
                let header = [(secret.name, secret.value)]
                #expect(try await Self.post(header, to: address).contains(#""status":"ok""#))
                #expect(try await Self.post([(secret.name, "wrong")], to: address).contains("second_factor_missing"))

                let shown = try await hookgate.run("integrations", "second-factor", "clinic-abc123", "--json")
                #expect(!shown.output.contains(secret.value))
                #expect(try Self.decode(shown).headerFingerprint == made.headerFingerprint)
                let explained = try await hookgate.run("explain", "clinic-abc123")
                #expect(explained.output.contains("enforce: the header X-Hookgate-Secret"), "\(explained.output)")
                #expect(!explained.output.contains(secret.value))

                // By hand, in SQL.
                try await database.pool.query("UPDATE hookgate.second_factors SET mode = 'off'")
                #expect(try await Self.answers(#""status":"ok""#, at: address) < .seconds(2))
                let cleared = try Self.decode(try await hookgate.run(verb + ["--clear"]))
                #expect(cleared.headerName == nil && !cleared.jwtKey && cleared.mode == "observe")
            }
            let kept = try await database.text("SELECT string_agg(a::text, ' ') FROM hookgate.audit_log a") ?? ""
            #expect(kept.contains("second_factor.set") && kept.contains("second_factor.clear"))
        }
    }
}
