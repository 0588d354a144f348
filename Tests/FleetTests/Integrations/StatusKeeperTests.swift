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

@Suite(.timeLimit(.minutes(3)))
struct StatusKeeperTests {
    /// A clock that a test moves on.
    private final class Hand: Sendable {
        private let seconds = Mutex(TimeInterval(0))

        func move(_ time: TimeInterval) { seconds.withLock { $0 += time } }

        var source: TimeSource { TimeSource { LifeRehearsal.now.addingTimeInterval(self.seconds.withLock { $0 }) } }
    }

    private static func keeper(_ rehearsal: LifeRehearsal, _ hand: Hand, holder: UUID = UUID()) throws -> StatusKeeper {
        let integrations = try rehearsal.keeper()
        return StatusKeeper(
            ledger: PostgresStatusLedger(pool: rehearsal.database.pool, bodies: .clear, holder: holder),
            servers: [rehearsal.client], read: { body in Self.read(String(decoding: body, as: UTF8.self)) },
            resume: { try await integrations.resume() }, time: hand.source, jitter: { 0.5 })
    }

    /// Bodies of these tests are one word.
    private static func read(_ body: String) -> EventReading? {
        switch body {
        case "open": EventReading(signal: .open(PhoneNumber("+15550101001")), saidAt: nil)
        case "removed": EventReading(signal: .deviceRemoved, saidAt: nil)
        case "strange": EventReading(signal: nil, saidAt: nil)
        default: nil
        }
    }

    /// An event in the inbox, as the shipper puts it there.
    private static func store(
        _ body: String, for name: String, _ rehearsal: LifeRehearsal, at seconds: TimeInterval,
        state: String = "pending"
    ) async throws {
        let time = LifeRehearsal.now.addingTimeInterval(seconds)
        try await rehearsal.database.pool.query(
            "SELECT hookgate.ensure_event_partitions(($1::timestamptz AT TIME ZONE 'UTC')::date)", [time])
        try await rehearsal.database.pool.query(
            """
            WITH stored AS (
                INSERT INTO hookgate.events (id, day, received_at, integration_id, instance_name, route, event, state,
                    body_bytes, body_sha256, quarantine_reason)
                SELECT gen_random_uuid(), ($2::timestamptz AT TIME ZONE 'UTC')::date, $2, id, $1, 'token',
                    'CONNECTION_UPDATE', $4, 2, sha256('{}'), CASE $4 WHEN 'quarantined' THEN 'integration_disabled' END
                FROM healthcare.integrations WHERE config->>'instance_name' = $1
                RETURNING id, day
            )
            INSERT INTO hookgate.event_bodies (id, day, body) SELECT id, day, convert_to($3, 'UTF8') FROM stored
            """, [name, time, body, state])
    }

    private static func words(_ rehearsal: LifeRehearsal) async throws -> [String] {
        let id = try #require(try await rehearsal.rows(LifeRehearsal.name()).first?.id)
        return try await rehearsal.store.history(of: id, limit: 100).reversed().map {
            "\($0.to.rawValue) \($0.reason.rawValue)"
        }
    }

    @Test func eventsMoveTheStatusInTheirOrder() async throws {
        try await LifeRehearsal.run { rehearsal in
            try await rehearsal.create()
            let name = LifeRehearsal.name()
            // Shipped the other way round, by two gateways.
            try await Self.store("removed", for: name, rehearsal, at: 20)
            try await Self.store("open", for: name, rehearsal, at: 10)
            try await Self.store("strange", for: name, rehearsal, at: 15)
            try await Self.store("open", for: name, rehearsal, at: 30, state: "quarantined")
            let hand = Hand()
            let keeper = try Self.keeper(rehearsal, hand)
            await keeper.look()
            #expect(try await Self.words(rehearsal) == ["active connected", "disconnected device_removed"])
            let row = try #require(try await rehearsal.rows(name).first)
            #expect(row.status == .disconnected && row.phoneNumber == "+15550101001" && row.isEnabled)
            #expect(keeper.status.unknownWords == 1 && keeper.status.devicesLost == 1)
            #expect(keeper.status.lastFailure == nil)
            let left = try await rehearsal.database.pool.query("SELECT FROM hookgate.status_signals")
            #expect(left.isEmpty)
            // What is older than that comes too late.
            try await Self.store("open", for: name, rehearsal, at: 12)
            hand.move(1)
            await keeper.look()
            #expect(keeper.status.stale == 1)
            #expect(try await Self.words(rehearsal).count == 2)
        }
    }

    @Test func pollsFindWhatNoEventTold() async throws {
        try await LifeRehearsal.run { rehearsal in
            try await rehearsal.create()
            let name = LifeRehearsal.name()
            rehearsal.simulator.scan(name, number: "15550101001")
            let hand = Hand()
            let keeper = try Self.keeper(rehearsal, hand)
            await keeper.look()
            #expect(try await Self.words(rehearsal) == ["active connected"])
            #expect(try await rehearsal.rows(name).first?.phoneNumber == "+15550101001")
            rehearsal.simulator.removeDevice(name)
            for _ in 0..<3 {
                hand.move(400)
                await keeper.look()
            }
            #expect(try await Self.words(rehearsal) == ["active connected", "disconnected closed"])
            try await rehearsal.client.delete(InstanceName(name))
            hand.move(400)
            await keeper.look()
            #expect(try await Self.words(rehearsal).last == "error instance_missing")
        }
    }

    @Test(arguments: [FailureMode.gatewayError, .keyRefused, .licenceInactive, .truncatedAnswer, .redirect])
    func anOutageChangesNoStatus(mode: FailureMode) async throws {
        try await LifeRehearsal.run { rehearsal in
            try await rehearsal.create()
            rehearsal.simulator.scan(LifeRehearsal.name(), number: "15550101001")
            let hand = Hand()
            let keeper = try Self.keeper(rehearsal, hand)
            await keeper.look()
            rehearsal.simulator.inject(mode, times: nil)
            for _ in 0..<4 {
                hand.move(900)
                await keeper.look()
            }
            #expect(try await Self.words(rehearsal) == ["active connected"])
            #expect(keeper.status.unansweredServers == 1)
            #expect(keeper.status.lastFailure == nil)
        }
    }

    @Test func oneGatewayAtATimeKeepsThem() async throws {
        try await LifeRehearsal.run { rehearsal in
            try await rehearsal.create()
            let hand = Hand()
            let (first, second) = (try Self.keeper(rehearsal, hand), try Self.keeper(rehearsal, hand))
            await first.look()
            await second.look()
            #expect(first.status.isOurs && !second.status.isOurs)
            #expect(second.status.lastPollAt == nil)
            hand.move(121)
            await second.look()
            #expect(second.status.isOurs)
        }
    }

    @Test func aWordThatSomebodyElseWroteStandsInTheHistory() async throws {
        try await LifeRehearsal.run { rehearsal in
            try await rehearsal.create()
            let name = LifeRehearsal.name()
            try await Self.store("open", for: name, rehearsal, at: 10)
            let hand = Hand()
            let keeper = try Self.keeper(rehearsal, hand)
            await keeper.look()
            try await rehearsal.database.pool.query("UPDATE healthcare.integrations SET status = 'error'")
            try await Self.store("open", for: name, rehearsal, at: 20)
            await keeper.look()
            #expect(try await Self.words(rehearsal) == ["active connected", "error outside", "active connected"])
        }
    }

    @Test func devicesThatAreLostAndNumbersThatAreSharedAreCounted() async throws {
        try await LifeRehearsal.run { rehearsal in
            try await rehearsal.create()
            try await Self.store("removed", for: LifeRehearsal.name(), rehearsal, at: 10)
            rehearsal.simulator.add("one", owner: "15550101007")
            rehearsal.simulator.add("two", owner: "15550101007")
            let hand = Hand()
            let keeper = try Self.keeper(rehearsal, hand)
            await keeper.look()
            #expect(keeper.status.lostDevices == 1)
            #expect(keeper.status.sharedNumbers == 1)
            // A person who switches it off has heard of it.
            _ = try await rehearsal.keeper().setEnabled(false, LifeRehearsal.name(), isDryRun: false, actor: "test")
            hand.move(400)
            await keeper.look()
            #expect(keeper.status.lostDevices == 0)
        }
    }
}
