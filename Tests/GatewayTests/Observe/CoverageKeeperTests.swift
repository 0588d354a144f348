import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Logging
import PostgresClient
import Store
import Synchronization
import Testing

@testable import Gateway

/// The record of listening, over a real database, through outages and kills.
@Suite(.timeLimit(.minutes(3)))
struct CoverageKeeperTests {
    /// What a gateway's surroundings are, as the test sets them.
    private final class World: Sendable {
        struct State {
            var second = 0.0
            var finding = CoverageKeeper.Finding(isAnswered: true, isStorable: true, mishaps: 0)
        }

        let state = Mutex(State())

        var clock: TimeSource { TimeSource { CoverageKeeperTests.at(self.state.withLock { $0.second }) } }
        var look: CoverageKeeper.Look { { self.state.withLock { $0.finding } } }

        func set(isAnswered: Bool = true, isStorable: Bool = true, mishaps: Int = 0) {
            self.state.withLock {
                $0.finding = CoverageKeeper.Finding(isAnswered: isAnswered, isStorable: isStorable, mishaps: mishaps)
            }
        }
    }

    private static let gateway = UUID()

    private static func at(_ second: Double) -> Date { Date(timeIntervalSince1970: 1_760_918_400 + second) }

    private static func interval(_ from: Double, _ until: Double) -> CoverageInterval {
        CoverageInterval(from: at(from), until: at(until))
    }

    private static func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/hookgate-coverage-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    /// A process: it ends with the object, as by `kill -9`.
    private static func start(_ world: World, _ database: TestDatabase, _ folder: String) async -> CoverageKeeper {
        let keeper = CoverageKeeper(
            ledger: PostgresCoverageLedger(pool: database.pool, gatewayID: gateway),
            shelf: LocalCoverageShelf(directory: folder), clock: world.clock,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        await keeper.takeUp()
        return keeper
    }

    private static func beat(_ keeper: CoverageKeeper, _ world: World, _ seconds: [Double], writes: Bool = true) async {
        for second in seconds {
            world.state.withLock { $0.second = second }
            await keeper.beat(world.look)
            if writes { await keeper.write() }
        }
    }

    private static func gaps(_ database: TestDatabase, _ from: Double, _ until: Double) async throws
        -> [CoverageInterval]
    {
        try await PostgresCoverageHistory(pool: database.pool).report(from: at(from), until: at(until)).gaps
    }

    @Test func oneRowGrowsAndAKillLeavesAGap() async throws {
        try await withSchema { database in
            try await Self.withFolder { folder in
                let world = World()
                let first = await Self.start(world, database, folder)
                await Self.beat(first, world, [0, 5, 10, 15])
                let rows = try await database.pool.query("SELECT count(*)::bigint AS rows FROM hookgate.coverage")
                #expect(try rows[0].decode("rows", as: Int64.self) == 1)
                #expect(try await Self.gaps(database, 0, 15).isEmpty)
                // Here the process is killed; the next one begins soon enough to look like one that went on.
                let second = await Self.start(world, database, folder)
                await Self.beat(second, world, [20, 25])
                #expect(try await Self.gaps(database, 0, 25) == [Self.interval(15, 20)])
            }
        }
    }

    @Test func anOutageOfTheDatabaseIsWrittenAfterwardsAcrossAKill() async throws {
        try await withSchema { database in
            try await Self.withFolder { folder in
                let world = World()
                let first = await Self.start(world, database, folder)
                await Self.beat(first, world, [0, 5])
                try await database.pool.execute(script: "ALTER TABLE hookgate.coverage RENAME TO away")
                await Self.beat(first, world, [10, 15, 20])
                world.set(isAnswered: false)
                await Self.beat(first, world, [25, 30])
                world.set()
                await Self.beat(first, world, [35, 40])
                let second = await Self.start(world, database, folder)
                await Self.beat(second, world, [60, 65])
                try await database.pool.execute(script: "ALTER TABLE hookgate.away RENAME TO coverage")
                await Self.beat(second, world, [70])
                #expect(
                    try await Self.gaps(database, 0, 70) == [Self.interval(20, 35), Self.interval(40, 60)])
                // What is written is no longer kept here: a third process has nothing to add.
                try await database.pool.execute(script: "DELETE FROM hookgate.coverage")
                let third = await Self.start(world, database, folder)
                await third.write()
                #expect(try await Self.gaps(database, 0, 70) == [Self.interval(0, 70)])
            }
        }
    }

    /// While a write hangs, nothing is written; what was seen meanwhile must not die with the process.
    @Test func aWriteThatHangsKeepsTheRecordOnThisMachine() async throws {
        try await withSchema { database in
            try await Self.withFolder { folder in
                let world = World()
                let first = await Self.start(world, database, folder)
                await Self.beat(first, world, [0, 5, 10], writes: false)
                let second = await Self.start(world, database, folder)
                await second.write()
                let gaps = try await Self.gaps(database, 0, 10)
                #expect(gaps.isEmpty)
            }
        }
    }

    @Test func nothingIsClaimedWhileWebhooksCouldNotBeStored() async throws {
        try await withSchema { database in
            try await Self.withFolder { folder in
                let world = World()
                let keeper = await Self.start(world, database, folder)
                await Self.beat(keeper, world, [0, 5])
                world.set(isStorable: false)
                await Self.beat(keeper, world, [10])
                #expect(keeper.found?.isStorable == false)
                world.set()
                await Self.beat(keeper, world, [15, 20])
                world.set(mishaps: 1)
                await Self.beat(keeper, world, [25, 30])
                let gaps = try await Self.gaps(database, 0, 30)
                #expect(gaps == [Self.interval(5, 15), Self.interval(20, 25)])
            }
        }
    }

    @Test func aFileThatIsDamagedProvesNothing() async throws {
        try await Self.withFolder { folder in
            let shelf = LocalCoverageShelf(directory: folder)
            #expect(await shelf.load().isEmpty)
            let intervals = [Self.interval(0.123456, 7), Self.interval(9, 1e6)]
            try await shelf.save(intervals)
            #expect(await shelf.load() == intervals)
            let path = folder + "/coverage"
            let bytes = Array(try #require(FileManager.default.contents(atPath: path)))
            for index in stride(from: 0, to: bytes.count, by: 3) {
                var damaged = bytes
                damaged[index] ^= 1
                try Data(damaged).write(to: URL(filePath: path))
                #expect(await shelf.load().isEmpty)
                try Data(bytes.prefix(index)).write(to: URL(filePath: path))
                #expect(await shelf.load().isEmpty)
            }
        }
    }
}
