import EvolutionSimulator
import FoundationEssentials
import HookgateTestSupport
import PostgresClient
import Testing

/// A served console over integrations whose instances are at a simulated Evolution server, all on old URLs.
enum SimulatedConsole {
    private static let key = "GLOBAL-SECRET-KEY"

    /// A gateway that takes the webhooks, and a second one that serves the console and knows the address of the first.
    static func with(
        _ names: [String], _ body: (TestDatabase, EvolutionSimulator, ConsoleCaller) async throws -> Void
    ) async throws {
        try await withReplicas(names) { database, simulator, replica in
            _ = try await replica("console").serving { own in
                try await body(database, simulator, ConsoleCaller(address: own))
            }
        }
    }

    /// A gateway that takes the webhooks, and as many that serve the console as the test starts, each by its name.
    static func withReplicas(
        _ names: [String],
        _ body: (TestDatabase, EvolutionSimulator, _ replica: (String) -> HookgateBinary) async throws -> Void
    ) async throws {
        try await withSchema { database in
            var options = SimulatorOptions()
            options.globalKey = key
            let simulator = EvolutionSimulator(profile: try #require(ServerProfile("2.3.7")), options: options)
            try await simulator.start()
            let directory = "/tmp/hookgate-console-\(UUID().uuidString)"
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
            let gateway = HookgateBinary(databaseURL: database.url, dataDirectory: directory + "/gateway")
            _ = try await gateway.serving { address in
                try await body(database, simulator) { name in
                    HookgateBinary(
                        databaseURL: database.url, dataDirectory: "\(directory)/\(name)",
                        settings: [
                            "EVOLUTION_API_URL": simulator.baseURL, "EVOLUTION_API_KEY": key,
                            "HOOKGATE_PUBLIC_URL": address, "HOOKGATE_ADMIN_TOKEN": ConsoleCaller.adminToken,
                        ])
                }
            }
            await simulator.stop()
        }
    }
}
