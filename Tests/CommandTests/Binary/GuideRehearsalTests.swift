import EvolutionSimulator
import FoundationEssentials
import HookgateTestSupport
import PostgresClient
import Testing

/// The whole guide in one piece: fifty instances whose messages never stop, from the old tables to their end.
@Suite(.timeLimit(.minutes(5)))
struct GuideRehearsalTests {
    private static let names = (1...50).map { "clinic-\($0)" }
    private static let key = "GLOBAL-SECRET-KEY"

    private static let fleet = """
        CREATE SCHEMA IF NOT EXISTS healthcare;
        CREATE TABLE healthcare.clinics (
            id uuid PRIMARY KEY, organization_id uuid, name text, is_active boolean DEFAULT true);
        CREATE TABLE public.evolution_instances (
            id uuid PRIMARY KEY DEFAULT gen_random_uuid(), organization_id uuid, instance_name text, status text);
        WITH clinics AS (
            INSERT INTO healthcare.clinics (id, organization_id, name)
            SELECT gen_random_uuid(), gen_random_uuid(), 'Clinic ' || n FROM generate_series(1, 50) AS n
            RETURNING organization_id, name
        )
        INSERT INTO public.evolution_instances (organization_id, instance_name, status)
        SELECT organization_id, 'clinic-' || split_part(name, ' ', 2), 'connected' FROM clinics;
        """

    /// Fifteen days pass: in a throw-away database the past is moved back.
    private static func letDaysPass(_ database: TestDatabase) async throws {
        let file = Fixtures.directory.deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Sources/HookgateCommands/Demo/Resources/days-pass.sql")
        try await database.pool.execute(script: String(decoding: try Data(contentsOf: file), as: UTF8.self))
    }

    private static func rows(_ database: TestDatabase) async throws -> [String] {
        try await database.pool.query(
            "SELECT to_jsonb(r)::text AS image FROM public.evolution_instances AS r ORDER BY r.id"
        ).map { try $0.decode("image") }
    }

    private static func post(_ simulator: EvolutionSimulator) async throws {
        while true {
            for name in names { simulator.receiveMessage("Tenho consulta amanhã?", of: name) }
            // Traffic has a rhythm.
            try await Task.sleep(for: .milliseconds(500))
        }
    }

    @Test func fiftyInstancesGoTheWholeWayAndNoMessageIsLost() async throws {
        try await withSchema { database in
            try await database.pool.execute(script: Self.fleet)
            var options = SimulatorOptions()
            options.globalKey = Self.key
            options.origin = Date()
            let simulator = EvolutionSimulator(profile: try #require(ServerProfile("2.3.7")), options: options)
            try await simulator.start()
            let directory = "/tmp/hookgate-rehearsal-\(UUID().uuidString)"
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let settings = ["EVOLUTION_API_URL": simulator.baseURL, "EVOLUTION_API_KEY": Self.key]
            let gateway = HookgateBinary(databaseURL: database.url, dataDirectory: directory, settings: settings)
            let exitCode = try await gateway.serving { address in
                for name in Self.names {
                    simulator.add(
                        name, webhook: "\(address)/webhooks/evolution/\(name)", owner: "15550101001")
                }
                try await withThrowingTaskGroup(of: Void.self) { tasks in
                    tasks.addTask { try await Self.post(simulator) }
                    try await Self.follow(
                        database, simulator, settings.merging(["HOOKGATE_PUBLIC_URL": address]) { $1 })
                    tasks.cancelAll()
                    while await tasks.nextResult() != nil {}
                }
                // Bounded by the suite's time limit.
                while simulator.deliveries.contains(where: { $0.state == .pending }) {
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
            #expect(exitCode == 0)
            await simulator.stop()
            let delivered = simulator.deliveries.count { $0.state == .delivered }
            #expect(delivered == simulator.deliveries.count && delivered > 500)
            let stored: Int = try await database.pool.query(
                "SELECT count(DISTINCT message_id) AS count FROM hookgate.events WHERE state <> 'probe'")[0]
                .decode("count")
            #expect(stored == delivered)
        }
    }

    /// The guide, step by step.
    private static func follow(
        _ database: TestDatabase, _ simulator: EvolutionSimulator, _ settings: [String: String]
    ) async throws {
        let hookgate = HookgateBinary(databaseURL: database.url, settings: settings)
        func run(_ exitCode: Int32, _ arguments: String...) async throws -> String {
            let ending = try await hookgate.run(arguments)
            #expect(ending.exitCode == exitCode, "\(arguments): \(ending.output)\(ending.complaint)")
            return ending.output
        }
        let check = try await run(3, "check")
        #expect(check.contains("Instances in the old tables: 50"))
        _ = try await run(0, "migrate", "--dry-run")
        _ = try await run(0, "migrate")
        _ = try await run(0, "migrate", "verify")
        try await database.markThrowAway()
        let switched = try await run(
            0, "webhooks", "switch", "--canary", "10%", "--pace", "50", "--wait-for-event", "2m", "--rehearsal")
        #expect(switched.contains("50 of 50 done."))
        let early = try await run(3, "cleanup", "plan")
        #expect(early.contains("❌ legacy_traffic: ") && early.contains("❌ observation: "))
        try await letDaysPass(database)
        let monitor = try await run(0, "monitor", "--once")
        #expect(monitor.contains("50 instances: 50 token"))
        let before = try await rows(database)
        _ = try await run(0, "cleanup", "plan", "--accept-reads", "this test compares rows")
        _ = try await run(0, "cleanup", "run", "--yes", "--accept-reads", "this test compares rows")
        _ = try await run(0, "cleanup", "restore")
        #expect(try await rows(database) == before)
        _ = try await run(0, "cleanup", "run", "--yes", "--accept-reads", "this test compares rows")
        let origin = Date().addingTimeInterval(-31 * 86_400).formatted(.iso8601)
        let later = HookgateBinary(
            databaseURL: database.url,
            settings: settings.merging(["HOOKGATE_DEMO_CLOCK": "2@\(origin)"]) { $1 })
        let name: String = try await database.pool.query(
            "SELECT name FROM hookgate.archives WHERE state = 'archived'")[0].decode("name")
        _ = try await run(3, "cleanup", "purge", "--archive", name)
        let purged = try await later.run("cleanup", "purge", "--archive", name)
        #expect(purged.exitCode == 0 && purged.output.contains("for good"), "\(purged)")
        let left = try await run(0, "check")
        #expect(left.contains("NEW SYSTEM IN USE"))
    }
}
