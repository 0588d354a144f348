import EvolutionSimulator
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Synchronization
import Testing

@testable import Console

/// A console beside a simulated Evolution server, with a table of clinics: one of each organization.
struct LifeStage {
    static let clinic = "c0000000-0000-4000-8000-000000000001"
    static let strangers = "c0000000-0000-4000-8000-000000000002"
    static let instance = "clinic-\(clinic)"
    /// Nobody listens there: what the simulator posts is lost.
    static let base = "http://127.0.0.1:9"
    private static let key = "GLOBAL-SECRET-KEY"

    let console: TestConsole
    let simulator: EvolutionSimulator

    static func with(_ body: (LifeStage) async throws -> Void) async throws {
        var options = SimulatorOptions()
        options.globalKey = key
        let simulator = EvolutionSimulator(
            profile: try #require(ServerProfile("2.3.7")), options: options, clock: QuickClock(factor: 2_000))
        try await simulator.start()
        let settings = [
            "HOOKGATE_ADMIN_TOKEN": TestConsole.configuredToken, "HOOKGATE_PUBLIC_URL": base,
            "EVOLUTION_API_URL": simulator.baseURL, "EVOLUTION_API_KEY": key,
        ]
        do {
            try await TestConsole.with(settings: settings) { console in
                try await console.database.pool.query(
                    "CREATE TABLE healthcare.clinics (id uuid PRIMARY KEY, organization_id uuid, name text)")
                try await console.database.pool.query(
                    "INSERT INTO healthcare.clinics VALUES ($1::uuid, $2, 'Sorriso'), ($3::uuid, $4, 'Bela Vista')",
                    [clinic, console.ours.id.uuid, strangers, console.others.id.uuid])
                try await body(LifeStage(console: console, simulator: simulator))
            }
        } catch {
            Issue.record(error)
        }
        await simulator.stop()
    }

    /// Asks as a program.
    func call(
        _ method: String, _ path: String, _ body: String = "", as key: String, idempotency: String? = nil
    ) async -> ConsoleResponse {
        await self.console.send(
            method, "/api/v1/integrations\(path)",
            headers: [("authorization", "Bearer \(key)"), ("content-type", "application/json")]
                + (idempotency.map { [("idempotency-key", $0)] } ?? []), body: body)
    }

    /// Makes the clinic's integration.
    /// - Returns: its id.
    func create(as key: String) async throws -> String {
        let made = await self.call("POST", "", #"{"clinic_id":"\#(Self.clinic)","rehearsal":true}"#, as: key)
        try #require(made.status == 200, "\(made.text)")
        return try self.id(in: made)
    }

    /// The id in an answer.
    func id(in answer: ConsoleResponse) throws -> String {
        let start = try #require(answer.text.firstRange(of: #""id":""#)).upperBound
        return String(answer.text[start...].prefix(36))
    }

    /// How often a deed stands in the audit log.
    func noted(_ action: String) async throws -> Int {
        try await self.console.database.pool.query(
            "SELECT count(*)::int AS n FROM hookgate.audit_log WHERE action = $1", [action]
        )[0].decode("n")
    }

    /// Rows of an instance.
    func rows(_ instance: String = Self.instance) async throws -> Int {
        try await self.console.database.pool.query(
            "SELECT count(*)::int AS n FROM healthcare.integrations WHERE config->>'instance_name' = $1", [instance]
        )[0].decode("n")
    }

    /// Reads a live part, piece by piece, until one is what was waited for.
    func watch(_ answer: ConsoleResponse, until isIt: @escaping @Sendable (String) -> Bool) async throws {
        guard case .stream(let body) = answer.body else { throw BrokenPromise("a live part is no stream") }
        let isSeen = Atomic(false)
        await body(
            ConsoleStream { piece in
                guard isIt(String(decoding: piece, as: UTF8.self)) else { return }
                isSeen.store(true, ordering: .relaxed)
                throw ConsoleStream.Ended()
            })
        let isOver = isSeen.load(ordering: .relaxed)
        #expect(isOver)
    }
}
