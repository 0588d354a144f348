import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Logging
import PostgresClient
import Testing

@testable import Store

@Suite(.timeLimit(.minutes(2))) struct RetentionTests {
    private static let gateway = UUID()

    private static func day(_ number: Double) -> Date { StoredEvents.day.addingTimeInterval(number * 86_400) }

    /// One pass with the usual times, so many days after ``StoredEvents/day``.
    private static func pass(_ database: TestDatabase, after days: Double) async throws -> RetentionSummary {
        try await RetentionPass.run(pool: database.pool, times: RetentionTimes(), now: day(days))
    }

    private static func tables(_ database: TestDatabase) async throws -> String? {
        try await StoredEvents(database).text(
            """
            SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class
            WHERE relnamespace = 'hookgate'::regnamespace AND relkind = 'r' AND relname ~ '_2025102[0-9]$'
            """)
    }

    @Test func aDayOnWhichNothingIsNeededIsDropped() async throws {
        try await withSchema { database in
            let events = StoredEvents(database)
            for _ in 0..<3 { try await events.add(.delivered, settled: Self.day(0.5), gateway: Self.gateway) }
            try await events.add(.filtered, settled: Self.day(0.5), gateway: Self.gateway)
            #expect(try await Self.pass(database, after: 7.9).isEmpty)

            let bodies = try await Self.pass(database, after: 8.1)
            #expect(bodies.bodyDays == 1 && bodies.events == 0 && bodies.eventDays == 0)
            #expect(try await Self.tables(database) == "delivery_attempts_20251020 events_20251020")
            #expect(try await events.text("SELECT count(*) FROM hookgate.events") == "4")

            let rest = try await Self.pass(database, after: 91.1)
            #expect(rest.eventDays == 1)
            #expect(try await Self.tables(database) == nil)
            // What is gone is counted, so that the account of this gateway still adds up.
            let retired = try await events.text(
                """
                SELECT string_agg(state || ' ' || count, ', ' ORDER BY state) FROM hookgate.retired_events
                WHERE gateway_id = '\(Self.gateway)'
                """)
            #expect(retired == "delivered 3, filtered 1")
            let audit = try await events.text("SELECT count(*) FROM hookgate.audit_log WHERE action = 'retention'")
            #expect(audit == "2")
        }
    }

    @Test(arguments: [EventState.pending, .parked, .quarantined])
    func whatWaitsIsKeptHoweverOldItIs(state: EventState) async throws {
        try await withSchema { database in
            let events = StoredEvents(database)
            let waiting = try await events.add(state)
            let done = try await events.add(.delivered, settled: Self.day(0))
            let bodies = try await Self.pass(database, after: 30)
            #expect(bodies.bodies == 1 && bodies.bodyDays == 0 && bodies.keptDays == 1)
            #expect(try await events.hasBody(waiting))
            #expect(try await !events.hasBody(done))
            let rest = try await Self.pass(database, after: 400)
            #expect(rest.events == 1 && rest.eventDays == 0)
            #expect(try await events.state(of: done) == nil)
            #expect(try await events.state(of: waiting) == state)
            #expect(try await events.hasBody(waiting))
            let retired = try await events.text("SELECT sum(count) FROM hookgate.retired_events")
            #expect(retired == "1")
        }
    }

    @Test func theTimeBeginsWhenNothingMoreHappens() async throws {
        try await withSchema { database in
            let events = StoredEvents(database)
            let late = try await events.add(.delivered, settled: Self.day(5))
            _ = try await Self.pass(database, after: 11)
            #expect(try await events.hasBody(late))
            #expect(try await Self.pass(database, after: 12.5).bodyDays == 1)
            #expect(try await !events.hasBody(late))
        }
    }

    @Test func anEventOfADayThatWasDroppedIsStillTaken() async throws {
        try await withSchema { database in
            let events = StoredEvents(database)
            try await events.add(.delivered, settled: Self.day(0))
            #expect(try await Self.pass(database, after: 200).eventDays == 1)
            // From the spool of a machine that was away for months.
            let found = try await events.add(.pending)
            _ = try await Self.pass(database, after: 201)
            #expect(try await events.hasBody(found))
        }
    }

    @Test func aDayThatSomebodyReadsIsLeftForTheNextPass() async throws {
        try await withSchema { database in
            let events = StoredEvents(database)
            try await events.add(.delivered, settled: Self.day(0))
            try await database.pool.transaction { reader in
                try await reader.query("SELECT FROM hookgate.event_bodies LIMIT 1")
                let summary = try await Self.pass(database, after: 20)
                #expect(summary.bodyDays == 0 && summary.bodies == 0)
            }
            _ = try await Self.pass(database, after: 20)
            #expect(try await Self.tables(database)?.contains("event_bodies") == false)
        }
    }

    @Test func recordsOfOldDaysGoAndYoungOnesStay() async throws {
        try await withSchema { database in
            try await database.pool.execute(
                script: """
                    INSERT INTO hookgate.route_traffic
                    SELECT 'clinic-a', 'token', day, day, day, 1
                    FROM unnest(ARRAY['2025-10-20', '2026-01-10']::date[]) AS day;
                    INSERT INTO hookgate.coverage VALUES (gen_random_uuid(), '2025-10-20', '2025-10-21'),
                        (gen_random_uuid(), '2026-01-10', '2026-01-11');
                    INSERT INTO hookgate.event_decisions (event_id, decided_at, actor, decision, held_because)
                    VALUES (gen_random_uuid(), '2025-10-20', 'anna', 'released', 'no_clinic'),
                        (gen_random_uuid(), '2026-01-10', 'anna', 'released', 'no_clinic');
                    """)
            #expect(try await Self.pass(database, after: 100).records == 3)
            for table in ["route_traffic", "coverage", "event_decisions"] {
                #expect(try await StoredEvents(database).text("SELECT count(*) FROM hookgate.\(table)") == "1")
            }
        }
    }

    @Test func ofTwoGatewaysOneRemovesAndAnotherTakesOverWhenItIsGone() async throws {
        try await withSchema { database in
            let events = StoredEvents(database)
            try await events.add(.delivered, settled: Self.day(0))
            func keeper(_ time: Date) -> RetentionKeeper {
                RetentionKeeper(
                    pool: database.pool, times: RetentionTimes(), holder: UUID(), time: TimeSource { time },
                    logger: Logger(label: "test"))
            }
            let first = keeper(Self.day(20))
            let second = keeper(Self.day(20))
            _ = await first.look()
            _ = await second.look()
            #expect(first.status.isOurs && first.status.removed.bodyDays == 1)
            #expect(!second.status.isOurs && second.status.lastPassAt == nil)
            let third = keeper(Self.day(21))
            _ = await third.look()
            #expect(third.status.isOurs && third.status.lastFailure == nil)
        }
    }
}
