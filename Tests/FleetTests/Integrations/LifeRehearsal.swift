import EvolutionClient
import EvolutionSimulator
import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Store
import Synchronization
import Testing

@testable import Fleet

/// A database with a clinic, a simulated Evolution server, and the use cases between.
struct LifeRehearsal: Sendable {
    static let now = Date(timeIntervalSince1970: 1_764_000_000)
    static let organization = OrganizationID("a0000000-0000-4000-8000-000000000001")
    static let clinicText = "c0000000-0000-4000-8000-000000000001"
    /// Nobody listens there, and the simulator is told so at once.
    static let base = "http://127.0.0.1:9"

    /// The way that a process dies in these tests.
    struct Killed: Error {}

    let database: TestDatabase
    let simulator: EvolutionSimulator
    let client: EvolutionClient

    static func run(
        release: String = "2.3.7", _ body: (LifeRehearsal) async throws -> Void
    ) async throws {
        try await withSchema { database in
            try await database.pool.query(
                "CREATE TABLE healthcare.clinics (id uuid PRIMARY KEY, organization_id uuid, name text)")
            try await database.pool.query(
                "INSERT INTO healthcare.clinics VALUES ($1::uuid, $2::uuid, 'Clínica Sorriso')",
                [clinicText, organization?.text])
            var options = SimulatorOptions()
            options.globalKey = "GLOBAL"
            let simulator = EvolutionSimulator(
                profile: try #require(ServerProfile(release)), options: options, clock: QuickClock(factor: 2_000))
            try await simulator.start()
            var clientOptions = EvolutionClientOptions()
            clientOptions.callSpacing = .zero
            clientOptions.retryPauses = [.zero]
            let client = EvolutionClient(
                name: "default", url: simulator.baseURL, key: "GLOBAL", options: clientOptions)
            do {
                try await body(LifeRehearsal(database: database, simulator: simulator, client: client))
            } catch {
                Issue.record(error)
            }
            await simulator.stop()
        }
    }

    var store: PostgresIntegrations { PostgresIntegrations(pool: database.pool, lockURL: database.url) }

    /// - Parameter steps: after how many the process is killed.
    func keeper(
        dying steps: Int? = nil, servers: [any EvolutionServer]? = nil, mode: SecondFactorMode = .observe
    ) throws -> IntegrationKeeper {
        let left = Countdown(steps)
        let policy = SecondFactorPolicy(mode: mode)
        return IntegrationKeeper(
            store: store, servers: servers ?? [client],
            secondFactors: SecondFactorKeeper(store: PostgresSecondFactors(pool: database.pool), policy: policy),
            policy: policy, probe: NoProbe(), publicURL: try PublicURL(Self.base), time: TimeSource { Self.now },
            clock: QuickClock(factor: 200), random: { count in (0..<count).map { _ in UInt8.random(in: 0...255) } },
            willTake: { _ in if left.isOver { throw Killed() } })
    }

    static func request(label: String? = nil) throws -> IntegrationRequest {
        var request = IntegrationRequest(clinic: try #require(ClinicID(clinicText)))
        request.label = label
        return request
    }

    static func name(label: String? = nil) -> String {
        "clinic-\(clinicText)" + (label.map { "-\($0)" } ?? "")
    }

    @discardableResult
    func create(label: String? = nil, dying steps: Int? = nil) async throws -> IntegrationCreation.Outcome {
        try await keeper(dying: steps).create(try Self.request(label: label), actor: "test").outcome
    }

    /// Rows of this name.
    func rows(_ name: String) async throws -> [IntegrationSummary] {
        try await store.integrations(named: InstanceName(name))
    }

    func isAtEvolution(_ name: String) async throws -> Bool {
        try await client.instances().contains { $0.name.text == name }
    }

    func tokenURL(_ name: String) async throws -> String {
        let id = try #require(try await rows(name).first?.id)
        return try PublicURL(Self.base).webhookURL(token: try #require(try await store.token(of: id)))
    }

    /// One row and one instance, which posts to the row's token URL with its secret; nothing is open.
    func expectWhole(_ name: String, _ comment: Comment) async throws {
        #expect(try await rows(name).count == 1, comment)
        #expect(try await store.openLife(of: InstanceName(name)) == nil, comment)
        #expect(try await client.instances().count { $0.name.text == name } == 1, comment)
        guard try await rows(name).count == 1 else { return }
        let release = try await client.release()
        let settings = try await client.webhook(of: InstanceName(name)).effective
        #expect(settings.isEnabled && settings.base64, comment)
        let url = try await tokenURL(name)
        #expect(settings.url == url, comment)
        #expect(Set(settings.events).isSuperset(of: release.neededEvents), comment)
        guard release.acceptsHeaders else { return }
        let factor = try await SecondFactorKeeper(
            store: PostgresSecondFactors(pool: database.pool), policy: SecondFactorPolicy()
        ).current(of: name).secondFactor
        let known = try #require(factor?.secrets.header, comment)
        let value = settings.headers.first { $0.name == known.name.text }?.json.dropFirst().dropLast()
        #expect(SecretHeader(name: known.name, value: String(value ?? "")) == known, comment)
    }

    /// Neither row nor instance nor anything open.
    func expectNothing(_ name: String, _ comment: Comment) async throws {
        #expect(try await rows(name).isEmpty, comment)
        #expect(try await store.openLife(of: InstanceName(name)) == nil, comment)
        #expect(try await !isAtEvolution(name), comment)
    }

    private struct NoProbe: SwitchOverProbe {
        func prove(_ token: WebhookToken) async throws(ProbeFailure) {}
    }
    private final class Countdown: Sendable {
        private let left: Mutex<Int?>

        init(_ steps: Int?) {
            left = Mutex(steps)
        }

        var isOver: Bool {
            left.withLock { left in
                guard let count = left else { return false }
                left = count - 1
                return count <= 0
            }
        }
    }
}
