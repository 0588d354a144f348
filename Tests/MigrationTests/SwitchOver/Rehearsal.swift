import EvolutionClient
import EvolutionSimulator
import Fleet
import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Store
import Synchronization
import Testing

@testable import Migration

/// A database with integrations, a simulated Evolution server that posts to the old URLs, and the service between.
struct Rehearsal: Sendable {
    static let now = Date(timeIntervalSince1970: 1_764_000_000)
    static let base = "https://hooks.example.test"
    static let oldURL = "https://old.example.test/webhooks/evolution/"

    /// The way that a process dies in these tests.
    struct Killed: Error {}

    let database: TestDatabase
    let simulator: EvolutionSimulator
    let client: EvolutionClient
    let clock: QuickClock

    static func run(
        _ names: [String], release: String = "2.3.7", _ body: (Rehearsal) async throws -> Void
    ) async throws {
        try await withSchema { database in
            var options = SimulatorOptions()
            options.globalKey = "GLOBAL"
            let clock = QuickClock()
            let simulator = EvolutionSimulator(
                profile: try #require(ServerProfile(release)), options: options, clock: clock)
            for name in names {
                simulator.add(
                    name, webhook: oldURL + name, events: ["MESSAGES_UPSERT", "CONNECTION_UPDATE"],
                    owner: "15550101001")
                try await database.pool.query(
                    """
                    INSERT INTO healthcare.integrations
                        (organization_id, clinic_id, type, provider, status, config, enabled)
                    VALUES (gen_random_uuid(), gen_random_uuid(), 'whatsapp', 'evolution', 'active',
                        jsonb_build_object('instance_name', $1::text), true)
                    """, [name])
            }
            try await simulator.start()
            var clientOptions = EvolutionClientOptions()
            clientOptions.callSpacing = .zero
            clientOptions.retryPauses = [.zero, .zero]
            let client = EvolutionClient(
                name: "default", url: simulator.baseURL, key: "GLOBAL", options: clientOptions)
            let rehearsal = Rehearsal(database: database, simulator: simulator, client: client, clock: clock)
            do {
                try await body(rehearsal)
            } catch {
                Issue.record(error)
            }
            await simulator.stop()
        }
    }

    var journal: PostgresSwitchOverJournal {
        PostgresSwitchOverJournal(pool: database.pool, lockURL: database.url, actor: "anna@test")
    }

    var factors: any SecondFactorUseCases {
        SecondFactorKeeper(store: PostgresSecondFactors(pool: database.pool), policy: SecondFactorPolicy())
    }

    /// - Parameters:
    ///   - failure: what the probe meets.
    ///   - dying: after how many steps the process is killed.
    func service(failure: ProbeFailure? = nil, dying steps: Int? = nil) throws -> SwitchOverService {
        let left = Countdown(steps)
        return SwitchOverService(
            servers: [client], catalog: PostgresIntegrationCatalog(pool: database.pool),
            migration: MigrationService(
                inventory: PostgresMigrationInventory(pool: database.pool),
                ledger: PostgresMigrationLedger(pool: database.pool, lockURL: database.url),
                rehearsal: PostgresMigrationRehearsal(pool: database.pool),
                routing: PostgresRoutingSource(pool: database.pool, listenURL: nil), time: TimeSource { Self.now }),
            journal: journal, traffic: PostgresSwitchOverTraffic(pool: database.pool),
            probe: Gate(failure: failure), secondFactors: factors,
            tokens: PostgresTokenLedger(pool: database.pool, actor: "anna@test"), actor: "anna@test",
            publicURL: try PublicURL(Self.base), time: TimeSource { Self.now }, clock: clock,
            willTake: { _ in if left.isOver { throw Killed() } })
    }

    @discardableResult
    func switchOver(
        _ names: [String]? = nil, options: SwitchOverOptions = Rehearsal.options, failure: ProbeFailure? = nil,
        dying steps: Int? = nil
    ) async throws -> [SwitchOverOutcome] {
        let service = try service(failure: failure, dying: steps)
        return try await service.switchOver(
            try await service.targets(names.map { $0.map { InstanceName($0) } }), run: RunID(UUID()), options: options
        ) { _ in }.map(\.outcome)
    }

    func rollBack(
        _ selection: RollbackSelection = .fleet, dying steps: Int? = nil
    ) async throws -> [SwitchOverOutcome] {
        let service = try service(dying: steps)
        return try await service.rollBack(try await service.restorable(selection), isDryRun: false) { _ in }
            .map(\.outcome)
    }

    static var options: SwitchOverOptions {
        var options = SwitchOverOptions()
        options.eventWait = .zero
        options.pace = 1_000
        return options
    }

    func tokenURL(_ name: String) async throws -> String {
        let token: String? = try await database.pool.query(
            "SELECT webhook_token FROM healthcare.integrations WHERE config->>'instance_name' = $1", [name]
        ).first?.decode("webhook_token")
        return Self.base + "/webhooks/evolution/whatsapp/" + (try #require(token))
    }

    /// An event that has come for the instance, on its token of this moment.
    /// - Parameter saysToken: whether it says which it came on.
    func store(
        _ name: String, route: String = "token", state: String = "pending", after: Duration = .seconds(1),
        saysToken: Bool = true
    ) async throws {
        let time = Self.now.addingTimeInterval(after / .seconds(1))
        try await database.pool.query(
            "SELECT hookgate.ensure_event_partitions(($1::timestamptz AT TIME ZONE 'UTC')::date)", [time])
        try await database.pool.query(
            """
            INSERT INTO hookgate.events (id, day, received_at, integration_id, instance_name, route, state, body_bytes,
                body_sha256, quarantine_reason, token_digest)
            SELECT gen_random_uuid(), ($2::timestamptz AT TIME ZONE 'UTC')::date, $2, id, $1, $3, $4, 2, sha256('{}'),
                CASE $4 WHEN 'quarantined' THEN 'integration_disabled' END,
                CASE WHEN $5 AND $3 = 'token' THEN sha256(convert_to(webhook_token, 'UTF8')) END
            FROM healthcare.integrations WHERE config->>'instance_name' = $1
            """, [name, time, route, state, saysToken])
    }

    func state(of name: String) async throws -> SwitchOverState? {
        try await journal.newest(of: [InstanceName(name)]).first?.state
    }

    private struct Gate: SwitchOverProbe {
        let failure: ProbeFailure?

        func prove(_ token: WebhookToken) async throws(ProbeFailure) {
            if let failure { throw failure }
        }
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
