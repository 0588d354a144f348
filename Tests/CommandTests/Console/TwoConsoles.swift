import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Logging
import NIOCore
import PostgresClient
import Synchronization
import Testing

@testable import Console
@testable import HookgateCommands

/// Two replicas' consoles over one database with a legacy fleet. Their time stands still until a test moves it.
struct TwoConsoles {
    /// One of them, and the clock of its pauses: while nobody moves it, the replica says nothing of itself.
    struct Replica {
        let site: ConsoleSite
        let clock: ManualClock
    }

    private static let token = "a-token-of-the-configuration"
    static let actor = "anna (console)"

    let database: TestDatabase
    let first: Replica
    let second: Replica
    private let time: MovableTime

    static func with(_ instances: Int, _ body: (TwoConsoles) async throws -> Void) async throws {
        try await withSchema { database in
            try await LegacyFleet.make(instances, in: database)
            let time = MovableTime()
            let assemblies = [try Self.assembly(database), try Self.assembly(database)]
            let replicas = assemblies.map { Self.replica($0, time) }
            do {
                try await body(
                    TwoConsoles(database: database, first: replicas[0], second: replicas[1], time: time))
            } catch {
                Issue.record(error)
            }
            for replica in replicas { await replica.site.endWork() }
            for assembly in assemblies { await assembly.close() }
        }
    }

    private static func assembly(_ database: TestDatabase) throws -> ConsoleAssembly {
        let environment = [
            "HOOKGATE_ADMIN_TOKEN": token, "DATABASE_URL": database.url, "HOOKGATE_DATA_DIR": "/nonexistent",
        ]
        return try ConsoleAssembly(
            try ConfigurationResolver(environment: environment).configuration(), databaseURL: database.url,
            directURL: database.url, reporting: SilentGateway(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// What was wired, with a time of the test's.
    private static func replica(_ assembly: ConsoleAssembly, _ time: MovableTime) -> Replica {
        let clock = ManualClock()
        var parts = assembly.site.parts
        parts.time = TimeSource { time.now }
        parts.workPace.pause = { try await clock.sleep(for: $0) }
        return Replica(site: ConsoleSite(parts, configuredToken: TokenDigest(of: token)), clock: clock)
    }

    var migration: any MigrationUseCases { first.site.parts.migration }
    var ledger: any LongWorkLedger { first.site.parts.work }
    var now: Date { time.now }

    /// Moves the time past the end of every lease that nobody renews.
    func outliveLeases() { time.move(by: 16) }

    /// A moment later, what was read of the rows is read anew.
    func moment() { time.move(by: 1) }

    /// Leaves a row as a process does that began work and was killed at once.
    @discardableResult
    func begun(_ job: some LeasedJob, tries: Int = 1) async throws -> LongWorkLease {
        let draft = LongWorkDraft(
            id: LongWorkID(UUID()), kind: type(of: job).kind, actor: Self.actor, request: try WorkText.write(job))
        let beginning = try await ledger.begin(
            draft, noting: nil, by: UUID(), until: now.addingTimeInterval(15), at: now)
        guard case .begun(let lease) = beginning else { throw BrokenPromise("something is under way already") }
        try await database.pool.query(
            "UPDATE hookgate.long_work SET tries = $2 WHERE id = $1", [lease.id.uuid, tries])
        return lease
    }

    /// One look of a replica for work that nobody is at.
    func look(_ replica: Replica) async throws { try await replica.site.desk.keeper.look() }

    func call(_ method: String, _ path: String, _ body: String = "{}", on replica: Replica) async -> ConsoleResponse {
        await replica.site.respond(
            to: ConsoleRequest(
                method: method, target: path,
                headers: [
                    (name: "authorization", value: "Bearer \(Self.token)"),
                    (name: "content-type", value: "application/json"),
                ], body: method == "GET" ? [] : Array(body.utf8), peer: "10.0.0.1"))
    }

    struct Work: Decodable {
        struct Report: Decodable {
            let kind: String
            let written: Int
            let verified: Int
            let restored: Int
            let run: String?
        }

        let state: String
        let actor: String?
        let error: String?
        let report: Report?
    }

    /// Where the migration's work is, as a replica tells it.
    func work(on replica: Replica) async throws -> Work {
        let answer = await call("GET", "/api/v1/migration/work", on: replica)
        return try ConsoleCaller.decode(Work.self, ByteBuffer(string: answer.text))
    }

    /// Asks a replica until the work is over.
    func ended(on replica: Replica) async throws -> Work {
        while true {
            moment()
            let work = try await work(on: replica)
            if work.state != "running" { return work }
            try Task.checkCancellation()
            // What answers from memory leaves its thread to nobody.
            await Task.yield()
        }
    }

    /// Returns once a replica shows that the work waits for another migration, or does not show it any more.
    func untilWaiting(_ isWaiting: Bool, on replica: Replica) async throws {
        while try await replica.site.desk.migration.standing()?.report.isWaiting != isWaiting {
            moment()
            try Task.checkCancellation()
            // What answers from memory leaves its thread to nobody.
            await Task.yield()
        }
    }

    func row(_ columns: String) async throws -> String? {
        try await database.text(
            "SELECT concat_ws(' ', \(columns)) FROM hookgate.long_work ORDER BY begun_at DESC LIMIT 1")
    }
}

/// A time that stands still until it is moved.
private final class MovableTime: Sendable {
    private let instant = Mutex(Date(timeIntervalSince1970: 1_764_000_000))

    var now: Date { instant.withLock { $0 } }

    func move(by seconds: TimeInterval) { instant.withLock { $0 += seconds } }
}

private struct SilentGateway: GatewayReporting {
    func readiness() -> Readiness { Readiness(parts: []) }

    func samples() -> [MetricSample] { [] }
}
