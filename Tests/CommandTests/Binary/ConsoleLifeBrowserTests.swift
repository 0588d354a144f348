import EvolutionSimulator
import FoundationEssentials
import HookgateTestSupport
import PostgresClient
import Testing

/// Integrations made, paired, switched over and deleted by clicks in a real browser, against a simulated Evolution server.
@Suite(.timeLimit(.minutes(4)))
struct ConsoleLifeBrowserTests {
    private static let key = "GLOBAL-SECRET-KEY"
    private static let clinics = [
        "desk": "c0000000-0000-4000-8000-000000000001", "phone": "c0000000-0000-4000-8000-000000000002",
    ]
    private static let instances = ["desk": "clinic-a", "phone": "clinic-b"]

    private struct Question: Encodable {
        let address: String
        let key: String
        let simulator: String
        let gateway: String
        let clinics: [String: String]
        let instances: [String: String]
    }

    @Test func integrationsLiveByClicksAlone() async throws {
        let printed = try await Self.withConsole { address, gateway, simulator in
            let question = Question(
                address: address, key: ConsoleCaller.adminToken, simulator: simulator.baseURL, gateway: gateway,
                clinics: Self.clinics, instances: Self.instances)
            return try await PythonTools.run(
                "live_in_console.py", input: String(decoding: try JSONEncoder().encode(question), as: UTF8.self))
        }
        let lines = printed.split(separator: "\n").map(String.init)
        let faults = lines.filter { $0.hasPrefix("fault: ") }
        #expect(faults.isEmpty, "\(faults.joined(separator: "\n"))")
        #expect(lines.last == "0 faults", "\(printed.suffix(2_000))")
        // Made and switched over at two widths, and once by keyboard.
        #expect(lines.count { $0.hasPrefix("ok: ") } == 5)
    }

    /// A gateway that takes the webhooks, and a second one that serves the console and knows the address of the first.
    private static func withConsole(
        _ body: (_ console: String, _ gateway: String, EvolutionSimulator) async throws -> String
    ) async throws -> String {
        try await withSchema { database in
            var options = SimulatorOptions()
            options.globalKey = key
            let simulator = EvolutionSimulator(profile: try #require(ServerProfile("2.3.7")), options: options)
            try await simulator.start()
            let directory = "/tmp/hookgate-life-\(UUID().uuidString)"
            defer { try? FileManager.default.removeItem(atPath: directory) }
            try await Self.fill(database.pool, simulator)
            let gateway = HookgateBinary(databaseURL: database.url, dataDirectory: directory + "/gateway")
            var printed = ""
            _ = try await gateway.serving { address in
                let console = HookgateBinary(
                    databaseURL: database.url, dataDirectory: directory + "/console",
                    settings: [
                        "EVOLUTION_API_URL": simulator.baseURL, "EVOLUTION_API_KEY": key,
                        "HOOKGATE_PUBLIC_URL": address, "HOOKGATE_ADMIN_TOKEN": ConsoleCaller.adminToken,
                    ])
                _ = try await console.serving { own in printed = try await body(own, address, simulator) }
            }
            await simulator.stop()
            return printed
        }
    }

    private static func fill(_ pool: PostgresPool, _ simulator: EvolutionSimulator) async throws {
        try await pool.query(
            "CREATE TABLE healthcare.clinics (id uuid PRIMARY KEY, organization_id uuid, name text)")
        for (width, clinic) in clinics {
            try await pool.query(
                "INSERT INTO healthcare.clinics VALUES ($1::uuid, gen_random_uuid(), $2)", [clinic, "Clinic \(width)"])
        }
        for name in instances.values {
            simulator.add(name, webhook: "http://127.0.0.1:9/webhooks/evolution/\(name)", owner: "15550101002")
            try await pool.query(
                """
                INSERT INTO healthcare.integrations
                    (organization_id, clinic_id, type, provider, status, config, enabled)
                VALUES (gen_random_uuid(), gen_random_uuid(), 'whatsapp', 'evolution', 'active',
                    jsonb_build_object('instance_name', $1::text), true)
                """, [name])
        }
    }
}
