import FoundationEssentials
import HookgateTestSupport
import PostgresClient
import Testing

@Suite(.timeLimit(.minutes(3)))
struct TokensCommandTests {
    private static let token = "hgw_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh86oZqdX"

    private static func withOneIntegration(_ body: (TestDatabase, HookgateBinary) async throws -> Void) async throws {
        try await withSchema { database in
            try await database.pool.query(
                """
                INSERT INTO healthcare.integrations (organization_id, clinic_id, type, provider, status, config, enabled, webhook_token)
                VALUES (gen_random_uuid(), gen_random_uuid(), 'whatsapp', 'evolution', 'active',
                    '{"instance_name": "clinic-abc123"}', true, $1)
                """, [token])
            try await body(database, HookgateBinary(databaseURL: database.url))
        }
    }

    @Test func tokensAreMaskedUnlessRevealed() async throws {
        try await Self.withOneIntegration { _, hookgate in
            let masked = try await hookgate.run("tokens")
            #expect(!masked.output.contains(Self.token))
            #expect(masked.output.contains("hgw_AAEC…"))
            let maskedJSON = try await hookgate.run("tokens", "--json")
            #expect(!maskedJSON.output.contains(Self.token))
            let revealed = try await hookgate.run("tokens", "--reveal", "--public-url", "https://hooks.example.com")
            #expect(
                revealed.output.contains("https://hooks.example.com/webhooks/evolution/whatsapp/\(Self.token)"))
        }
    }

    @Test func theExportHoldsEveryTokenAndIsReadableByItsOwnerAlone() async throws {
        try await Self.withOneIntegration { _, hookgate in
            let folder = FileManager.default.temporaryDirectory.path + "/hookgate-export-\(UUID().uuidString)"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let path = folder + "/tokens.json"
            let export = try await hookgate.run("tokens", "--export", path)
            #expect(export.exitCode == 0, "\(export.complaint)")
            let text = String(decoding: try #require(FileManager.default.contents(atPath: path)), as: UTF8.self)
            #expect(text.contains("\"webhook_token\" : \"\(Self.token)\""))
            #expect(text.contains("\"count\" : 1"))
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
    }

    @Test func aTokenWithAWrongChecksumIsNamedAndEndsWithThree() async throws {
        try await Self.withOneIntegration { database, hookgate in
            try await database.pool.query("UPDATE healthcare.integrations SET webhook_token = $1", [Self.token + "x"])
            let tokens = try await hookgate.run("tokens")
            #expect(tokens.exitCode == 3)
            #expect(tokens.output.contains("its checksum is wrong"))
        }
    }

    @Test func theListCanBeNarrowedToOneClinic() async throws {
        try await Self.withOneIntegration { _, hookgate in
            let other = try await hookgate.run("tokens", "--clinic-id", UUID().uuidString)
            #expect(other.output.contains("This clinic has no WhatsApp integration"))
            #expect(try await hookgate.run("tokens", "--clinic-id", "seven").exitCode == 64)
        }
    }
}
