import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Logging
import PostgresClient
import Testing

@testable import Store

@Suite(.timeLimit(.minutes(3)))
struct BalanceTests {
    private static func event(_ number: Int, _ disposition: AcceptedEvent.Disposition = .pending) -> AcceptedEvent {
        AcceptedEvent(
            id: EventID(UUID()), receivedAt: Date(timeIntervalSince1970: 1_760_918_400), route: .token,
            eventSuffix: nil, disposition: disposition, integrationID: nil, organizationID: nil, clinicID: nil,
            instanceName: InstanceName("clinic"), facts: BodyFacts(event: "messages.upsert", instance: "clinic"),
            body: Array(#"{"event":"messages.upsert","date_time":"2025-10-20T00:00:00.000Z","data":\#(number)}"#.utf8))
    }

    private static func withShipper(_ database: TestDatabase, _ body: (Spool, Shipper) async throws -> Void)
        async throws
    {
        let directory = FileManager.default.temporaryDirectory.path + "/hookgate-balance-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        var options = SpoolOptions()
        options.segmentBytes = 1 << 20
        let spool = try await Spool.open(directory: directory, options: options)
        let shipper = Shipper(
            spool: spool, pool: database.pool, routing: PostgresRoutingSource(pool: database.pool, listenURL: nil),
            logger: Logger(label: "test"), sleep: { _ in try await Task.sleep(for: .seconds(60)) })
        try await body(spool, shipper)
    }

    private static func store(_ events: [AcceptedEvent], in spool: Spool) async throws {
        for event in events {
            let result = await withCheckedContinuation { done in spool.append(event) { done.resume(returning: $0) } }
            _ = try result.get()
        }
    }

    @Test func whatWasAcceptedIsSpooledStoredOrARepetition() async throws {
        try await withSchema { database in
            try await Self.withShipper(database) { spool, shipper in
                let events = (0..<20).map { Self.event($0) } + [Self.event(100, .quarantined(.noClinic))]
                // Again, byte for byte: the sender did not hear the answer.
                try await Self.store(events + [Self.event(3), Self.event(4)], in: spool)
                await shipper.shipRemainder()
                let balance = try #require(try await PostgresBalanceEvidence(pool: database.pool).balance().first)
                #expect(balance.gatewayID == spool.gatewayID)
                #expect(balance.accepted == 23)
                #expect(balance.spooled == 0)
                #expect(balance.states == [.pending: 20, .quarantined: 1])
                #expect(balance.duplicates == 2)
                #expect(balance.difference == 0)
            }
        }
    }

    @Test func aRowThatDisappearsIsSeen() async throws {
        try await withSchema { database in
            try await Self.withShipper(database) { spool, shipper in
                try await Self.store((0..<5).map { Self.event($0) }, in: spool)
                await shipper.shipRemainder()
                try await database.pool.query(
                    "DELETE FROM hookgate.events WHERE id = (SELECT id FROM hookgate.events LIMIT 1)")
                let balance = try #require(try await PostgresBalanceEvidence(pool: database.pool).balance().first)
                #expect(balance.difference == 1)
            }
        }
    }

    @Test func anOddRowLeavesTheAccountStraight() async throws {
        try await withSchema { database in
            try await database.pool.execute(
                script: "ALTER TABLE hookgate.events ADD CHECK (instance_name IS DISTINCT FROM 'clinic')")
            try await Self.withShipper(database) { spool, shipper in
                try await Self.store((0..<9).map { Self.event($0) }, in: spool)
                await shipper.shipRemainder()
                let balance = try #require(try await PostgresBalanceEvidence(pool: database.pool).balance().first)
                #expect(balance.accepted == 9)
                #expect(balance.shipped == 9)
                #expect(balance.difference == 0)
            }
        }
    }

    @Test func theQueueFollowsEveryChangeOfAState() async throws {
        try await withSchema { database in
            try await Self.withShipper(database) { spool, shipper in
                try await Self.store((0..<6).map { Self.event($0) } + [Self.event(9, .probe)], in: spool)
                await shipper.shipRemainder()
                func waiting() async throws -> [Int] {
                    let rows = try await database.pool.query(
                        """
                        SELECT (SELECT count(*) FROM hookgate.delivery_queue)::bigint AS queued,
                            (SELECT coalesce(sum(waiting), 0) FROM hookgate.delivery_lanes)::bigint AS waiting
                        """)
                    return [try rows[0].decode("queued"), try rows[0].decode("waiting")]
                }
                #expect(try await waiting() == [6, 6])
                try await database.pool.query(
                    "UPDATE hookgate.events SET state = 'parked' WHERE id IN (SELECT id FROM hookgate.events WHERE state = 'pending' LIMIT 4)"
                )
                #expect(try await waiting() == [2, 2])
                try await database.pool.query(
                    "UPDATE hookgate.events SET state = 'pending', replayed_at = now() WHERE state = 'parked'")
                #expect(try await waiting() == [6, 6])
                try await database.pool.query("DELETE FROM hookgate.events")
                #expect(try await waiting() == [0, 0])
            }
        }
    }
}
