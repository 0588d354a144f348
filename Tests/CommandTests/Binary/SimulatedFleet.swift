import EvolutionSimulator
import FoundationEssentials
import HookgateTestSupport
import PostgresClient
import Testing

/// Integrations in a database, and a simulated Evolution server with their instances, all on old URLs.
struct SimulatedFleet {
    static let key = "GLOBAL-SECRET-KEY"

    let database: TestDatabase
    let simulator: EvolutionSimulator
    let hookgate: HookgateBinary

    static func run(_ names: [String], _ body: (SimulatedFleet) async throws -> Void) async throws {
        try await withSchema { database in
            var options = SimulatorOptions()
            options.globalKey = key
            // Bearer tokens are dated.
            options.origin = Date()
            let simulator = EvolutionSimulator(profile: try #require(ServerProfile("2.3.7")), options: options)
            try await simulator.start()
            let directory = "/tmp/hookgate-webhooks-\(UUID().uuidString)"
            defer { try? FileManager.default.removeItem(atPath: directory) }
            for name in names {
                simulator.add(name, webhook: "http://127.0.0.1:9/webhooks/evolution/\(name)", owner: "15550101001")
                try await database.pool.query(
                    """
                    INSERT INTO healthcare.integrations
                        (organization_id, clinic_id, type, provider, status, config, enabled)
                    VALUES (gen_random_uuid(), gen_random_uuid(), 'whatsapp', 'evolution', 'active',
                        jsonb_build_object('instance_name', $1::text), true)
                    """, [name])
            }
            let hookgate = HookgateBinary(
                databaseURL: database.url, dataDirectory: directory,
                settings: ["EVOLUTION_API_URL": simulator.baseURL, "EVOLUTION_API_KEY": key])
            do {
                try await body(SimulatedFleet(database: database, simulator: simulator, hookgate: hookgate))
            } catch {
                Issue.record(error)
            }
            await simulator.stop()
        }
    }

    /// Runs `hookgate serve`, and switches the instances over to it.
    func switched(
        _ arguments: [String] = [], _ body: (_ address: String) async throws -> Void
    ) async throws {
        _ = try await hookgate.serving { address in
            let ending = try await hookgate.run(
                ["webhooks", "switch", "--rehearsal", "--public-url", address, "--wait-for-event", "0s"] + arguments)
            #expect(ending.exitCode == 3 && ending.output.contains("configured"), "\(ending)")
            try await body(address)
        }
    }
}
