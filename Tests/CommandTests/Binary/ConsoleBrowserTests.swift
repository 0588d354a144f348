import FoundationEssentials
import HookgateTestSupport
import PostgresClient
import Testing

/// The console in a real browser, over fleets of no, three and ten thousand instances.
@Suite(.timeLimit(.minutes(5)))
struct ConsoleBrowserTests {
    private static let token = "hgw_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh86oZqdX"

    private struct Fleet: Encodable {
        let name: String
        let address: String
        let key: String
        let instances: [String]
    }

    private struct Question: Encodable {
        let fleets: [Fleet]
        let token: String
        let words: String
    }

    @Test func everyPageIsReadableReachableAndQuiet() async throws {
        let printed = try await Self.serving("none", 0, then: []) { none in
            try await Self.serving("few", 3, then: none) { few in
                try await Self.serving("many", 10_000, then: few) { fleets in
                    let question = Question(fleets: fleets, token: Self.token, words: "Tenho dor de dente")
                    return try await PythonTools.run(
                        "browse_console.py", input: String(decoding: try JSONEncoder().encode(question), as: UTF8.self))
                }
            }
        }
        let lines = printed.split(separator: "\n").map(String.init)
        let faults = lines.filter { $0.hasPrefix("fault: ") }
        #expect(faults.isEmpty, "\(faults.joined(separator: "\n"))")
        #expect(lines.last == "0 faults", "\(printed.suffix(2_000))")
        // Eight pages at least, at two widths, in three fleets.
        #expect(lines.count { $0.hasPrefix("ok: ") } >= 48)
    }

    private static func serving(
        _ name: String, _ count: Int, then others: [Fleet], _ body: ([Fleet]) async throws -> String
    ) async throws -> String {
        try await withSchema { database in
            if count > 0 { try await Self.fill(database.pool, count) }
            let directory = "/tmp/hookgate-browser-\(UUID().uuidString)"
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let hookgate = HookgateBinary(
                databaseURL: database.url, dataDirectory: directory,
                settings: ["HOOKGATE_ADMIN_TOKEN": ConsoleCaller.adminToken])
            var result = ""
            _ = try await hookgate.serving { address in
                let fleet = Fleet(
                    name: name, address: address, key: ConsoleCaller.adminToken,
                    instances: (1...max(1, count)).prefix(3).map { "clinic-\($0)" })
                result = try await body(others + [fleet])
            }
            return result
        }
    }

    /// Legacy rows for all, integrations for most, traffic and switch-overs for some.
    private static func fill(_ pool: PostgresPool, _ count: Int) async throws {
        try await LegacyFleet.make(count, in: pool)
        try await pool.query(
            """
            INSERT INTO healthcare.integrations
                (organization_id, clinic_id, type, provider, status, config, enabled, display_name, webhook_token)
            SELECT md5('organization ' || n)::uuid, md5('clinic ' || n)::uuid, 'whatsapp', 'evolution',
                (ARRAY['active', 'pending', 'disconnected', 'error'])[1 + n % 4],
                jsonb_build_object('instance_name', 'clinic-' || n), n % 9 <> 0, 'Clinic ' || n,
                CASE WHEN n = 1 THEN $2 END
            FROM generate_series(1, $1::int) n WHERE n % 10 <> 0 AND (n % 7 <> 0 OR n <= 3)
            """, [count, Self.token])
        try await pool.query(
            """
            INSERT INTO hookgate.route_traffic (instance_name, route, day, first_seen, last_seen, count, retries, last_live)
            SELECT 'clinic-' || n, route, current_date - ago, now() - interval '9 h', now() - n % 90 * interval '1 min',
                100, 2, now() - n % 90 * interval '1 min'
            FROM generate_series(1, $1::int) n, unnest(ARRAY['token', 'instance']) route, generate_series(0, 2) ago
            WHERE n % 3 > 0 OR route = 'token'
            """, [count])
        try await pool.execute(script: "ANALYZE")
    }
}
