import EvolutionSimulator
import FoundationEssentials
import HookgateCore
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
            try await database.markThrowAway()
            var options = SimulatorOptions()
            options.globalKey = Self.key
            options.origin = Date()
            let simulator = EvolutionSimulator(profile: try #require(ServerProfile("2.3.7")), options: options)
            try await simulator.start()
            let directory = "/tmp/hookgate-rehearsal-\(UUID().uuidString)"
            defer { try? FileManager.default.removeItem(atPath: directory) }
            var rehearsal = Rehearsal(
                database: database, simulator: simulator, directory: directory,
                settings: ["EVOLUTION_API_URL": simulator.baseURL, "EVOLUTION_API_KEY": Self.key])
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                try await rehearsal.switchOver {
                    for name in Self.names {
                        simulator.add(name, webhook: "\($0)/webhooks/evolution/\(name)", owner: "15550101001")
                    }
                    tasks.addTask { try await Self.post(simulator) }
                }
                try await rehearsal.observe()
                try await rehearsal.cleanUp {
                    tasks.cancelAll()
                    while await tasks.nextResult() != nil {}
                }
            }
            await simulator.stop()
            let delivered = simulator.deliveries.count { $0.state == .delivered }
            #expect(delivered == simulator.deliveries.count && delivered > 500)
            let stored: Int = try await database.pool.query(
                "SELECT count(DISTINCT message_id) AS count FROM hookgate.events WHERE state <> 'probe'")[0]
                .decode("count")
            #expect(stored == delivered)
        }
    }
}

/// The guide's days, one after the other. The gateway is restarted between them, as operators restart theirs.
private struct Rehearsal {
    let database: TestDatabase
    let simulator: EvolutionSimulator
    let directory: String
    let settings: [String: String]
    /// Where the gateway listens, once it has.
    private(set) var address = ""
    /// By which the third part goes on from where the second one's ended.
    private var later: ScaledClock?

    // A memberwise initializer would be as private as the least of these.
    init(database: TestDatabase, simulator: EvolutionSimulator, directory: String, settings: [String: String]) {
        (self.database, self.simulator) = (database, simulator)
        (self.directory, self.settings) = (directory, settings)
    }

    /// The first day, until every webhook is set and confirmed.
    mutating func switchOver(_ connect: (_ address: String) -> Void) async throws {
        var listened = ""
        let gateway = HookgateBinary(
            databaseURL: self.database.url, dataDirectory: self.directory, settings: self.settings)
        let exitCode = try await gateway.serving { address in
            listened = address
            connect(address)
            let check = try await self.run(3, "check", at: address)
            #expect(check.contains("Instances in the old tables: 50"))
            _ = try await self.run(0, "migrate", "--dry-run", at: address)
            _ = try await self.run(0, "migrate", at: address)
            _ = try await self.run(0, "migrate", "verify", at: address)
            let switched = try await self.run(
                0, "webhooks", "switch", "--canary", "10%", "--pace", "50", "--wait-for-event", "2m", "--rehearsal",
                at: address)
            #expect(switched.contains("50 of 50 done."))
            let monitor = try await self.run(0, "monitor", "--once", at: address)
            #expect(monitor.contains("50 instances: ") && !monitor.contains("straggler"), "\(monitor)")
            let early = try await self.run(3, "cleanup", "plan", at: address)
            #expect(early.contains("❌ legacy_traffic: ") && early.contains("❌ observation: "))
        }
        #expect(exitCode == 0)
        self.address = listened
    }

    /// Three weeks of listening, by a gateway whose clock makes a week of ten seconds: the window, and what begins it.
    mutating func observe() async throws {
        let begun = Date(timeIntervalSince1970: Date().timeIntervalSince1970.rounded(.up))
        let clock = try #require(ScaledClock(origin: begun, scale: 60_480))
        let gateway = self.hookgate(clock, at: self.address, with: self.directory)
        let exitCode = try await gateway.serving(at: self.address) { _ in
            // Bounded by the suite's time limit.
            while try await self.listenedUntil() < begun.addingTimeInterval(21 * 86_400) {
                try await Task.sleep(for: .milliseconds(100))
            }
        }
        #expect(exitCode == 0)
        // What time it was there when it ended, it is here when the next one begins.
        let now = Date().timeIntervalSince1970
        let reached = try await self.listenedUntil().timeIntervalSince1970
        self.later = ScaledClock(origin: Date(timeIntervalSince1970: (2 * now - reached).rounded(.down)), scale: 2)
    }

    /// The last day, and another one when the archive's time is over.
    /// - Parameter silence: lets no further message come.
    func cleanUp(_ silence: () async throws -> Void) async throws {
        let gateway = self.hookgate(self.later, at: self.address, with: self.directory)
        let exitCode = try await gateway.serving(at: self.address) { address in
            let before = try await self.rows()
            let reads = ["--accept-reads", "this test compares rows"]
            _ = try await self.run(0, ["cleanup", "plan"] + reads)
            _ = try await self.run(0, ["cleanup", "run", "--yes"] + reads)
            _ = try await self.run(0, ["cleanup", "restore"])
            #expect(try await self.rows() == before)
            _ = try await self.run(0, ["cleanup", "run", "--yes"] + reads)
            let name: String = try await self.database.pool.query(
                "SELECT name FROM hookgate.archives WHERE state = 'archived'")[0].decode("name")
            _ = try await self.run(3, ["cleanup", "purge", "--archive", name])
            let origin = try #require(self.later).origin.addingTimeInterval(-31 * 86_400)
            let purge = self.hookgate(ScaledClock(origin: origin, scale: 2), at: address)
            let purged = try await purge.run("cleanup", "purge", "--archive", name)
            #expect(purged.exitCode == 0 && purged.output.contains("for good"), "\(purged)")
            let left = try await self.run(0, ["check"])
            #expect(left.contains("NEW SYSTEM IN USE"))
            try await silence()
            // Bounded by the suite's time limit.
            while self.simulator.deliveries.contains(where: { $0.state == .pending }) {
                try await Task.sleep(for: .milliseconds(20))
            }
        }
        #expect(exitCode == 0)
    }

    private func rows() async throws -> [String] {
        try await self.database.pool.query(
            "SELECT to_jsonb(r)::text AS image FROM public.evolution_instances AS r ORDER BY r.id"
        ).map { try $0.decode("image") }
    }

    private func listenedUntil() async throws -> Date {
        try await self.database.pool.query("SELECT max(listening_until) AS until FROM hookgate.coverage")[0]
            .decode("until")
    }

    private func hookgate(_ clock: ScaledClock?, at address: String, with directory: String? = nil) -> HookgateBinary {
        var settings = self.settings.merging(["HOOKGATE_PUBLIC_URL": address]) { $1 }
        if let clock { settings["HOOKGATE_DEMO_CLOCK"] = "\(clock.scale)@\(clock.origin.formatted(.iso8601))" }
        return HookgateBinary(databaseURL: self.database.url, dataDirectory: directory, settings: settings)
    }

    private func run(_ exitCode: Int32, _ arguments: String..., at address: String) async throws -> String {
        try await Self.run(exitCode, arguments, self.hookgate(nil, at: address))
    }

    /// By the clock of the last day.
    private func run(_ exitCode: Int32, _ arguments: [String]) async throws -> String {
        try await Self.run(exitCode, arguments, self.hookgate(self.later, at: self.address))
    }

    private static func run(_ exitCode: Int32, _ arguments: [String], _ hookgate: HookgateBinary) async throws -> String
    {
        let ending = try await hookgate.run(arguments)
        #expect(ending.exitCode == exitCode, "\(arguments): \(ending.output)\(ending.complaint)")
        return ending.output
    }
}
