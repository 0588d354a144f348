import AsyncHTTPClient
import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import NIOCore
import NIOHTTP1
import PostgresClient

/// A database with one integration whose token is known, and a data directory for the gateways on it.
struct OneIntegration {
    static let token = WebhookToken(randomBytes: Array(0...31))
    static let instance = "clinic-abc123"

    let database: TestDatabase
    private let directory: String

    static func with(_ body: (OneIntegration) async throws -> Void) async throws {
        let directory = "/tmp/hookgate-one-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try await withSchema { database in
            try await database.pool.query(
                """
                INSERT INTO healthcare.integrations (organization_id, clinic_id, type, provider, status, config, enabled, webhook_token)
                VALUES (gen_random_uuid(), gen_random_uuid(), 'whatsapp', 'evolution', 'active',
                    jsonb_build_object('instance_name', $2::text), true, $1)
                """, [token.secretText, instance])
            try await body(OneIntegration(database: database, directory: directory))
        }
    }

    func hookgate(_ settings: [String: String] = [:]) -> HookgateBinary {
        HookgateBinary(databaseURL: database.url, dataDirectory: directory, settings: settings)
    }

    /// A message of one chat of the instance.
    static func message(_ id: String, text: String = "") -> String {
        let key = #"{"remoteJid":"5511@s.whatsapp.net","id":"\#(id)"}"#
        return
            #"{"event":"messages.upsert","instance":"\#(instance)","data":{"key":\#(key),"message":{"conversation":"\#(text)"}}}"#
    }

    /// Posts to the token URL.
    static func post(
        _ body: String = message("A1"), token: String = token.secretText, headers: [(String, String)] = [],
        to address: String
    ) async throws -> (status: Int, answer: String) {
        var request = HTTPClientRequest(url: "\(address)/webhooks/evolution/whatsapp/\(token)")
        request.method = .POST
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        request.body = .bytes(ByteBuffer(string: body))
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
        return (Int(response.status.code), String(buffer: try await response.body.collect(upTo: 1 << 20)))
    }

    /// The body of a page, whatever its status.
    static func get(_ url: String) async throws -> String {
        let response = try await HTTPClient.shared.execute(HTTPClientRequest(url: url), timeout: .seconds(20))
        return String(buffer: try await response.body.collect(upTo: 1 << 20))
    }

    /// Asks again until it is so, for ten seconds at most: a change is promised within two, and nothing tells when.
    static func time(until isSo: () async throws -> Bool) async throws -> Duration {
        let begun = ContinuousClock.now
        while ContinuousClock.now - begun < .seconds(10) {
            if try await isSo() { break }
        }
        return ContinuousClock.now - begun
    }
}

/// Runs `body` with such a database and the binary on it.
func withOneIntegration(
    settings: [String: String] = [:], _ body: (TestDatabase, HookgateBinary) async throws -> Void
) async throws {
    try await OneIntegration.with { try await body($0.database, $0.hookgate(settings)) }
}
