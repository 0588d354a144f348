import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Testing

@testable import Store

@Suite(.timeLimit(.minutes(2))) struct EventTailTests {
    /// Reads on until so many have come. The server's other databases have transactions too, and each holds back what
    /// was stored after it began.
    private static func read(
        _ count: Int, of tail: PostgresEventTail, behind place: TailPlace, _ filter: EventFilter = EventFilter(),
        limit: Int = 10
    ) async throws -> [EventID] {
        var (place, ids) = (place, [EventID]())
        while ids.count < count {
            let page = try await tail.next(behind: place, filter, limit: limit)
            ids += page.events.map(\.id)
            place = page.next
        }
        return ids
    }

    @Test func whatIsCommittedLateIsNotSkipped() async throws {
        try await withSchema { database in
            let events = StoredEvents(database)
            let tail = PostgresEventTail(pool: database.pool)
            let first = try await events.add(.pending)
            let start = try #require(try await tail.place(behind: first))
            var quickID: EventID?
            // One transaction takes its place in the order and stays open while another is stored and committed.
            try await database.pool.transaction { slow in
                try await slow.query(
                    """
                    INSERT INTO hookgate.events (id, day, received_at, route, state, body_bytes, body_sha256)
                    VALUES (gen_random_uuid(), '2025-10-20', $1, 'token', 'pending', 0, sha256('x'))
                    """, [StoredEvents.day])
                let quick = try await events.add(.pending)
                let meanwhile = try await tail.next(behind: start, EventFilter(), limit: 10)
                #expect(meanwhile.events.isEmpty, "the quick one would hide the slow one behind it")
                quickID = quick
            }
            let both = try await Self.read(2, of: tail, behind: start)
            #expect(both.count == 2 && both.last == quickID)
        }
    }

    @Test func everyPlaceIsAPlaceToGoOnFrom() async throws {
        try await withSchema { database in
            let events = StoredEvents(database)
            let tail = PostgresEventTail(pool: database.pool)
            // Received on different days, and not in the order in which they are stored.
            for day in [3.0, 1, 2, 0, 4] {
                try await events.add(.pending, at: StoredEvents.day.addingTimeInterval(day * 86_400))
            }
            let all = try await Self.read(5, of: tail, behind: .beginning)
            #expect(all.count == 5)
            for (index, id) in all.enumerated() {
                let place = try #require(try await tail.place(behind: id))
                let rest = Array(all[(index + 1)...])
                #expect(try await Self.read(rest.count, of: tail, behind: place) == rest)
            }
            #expect(try await Self.read(5, of: tail, behind: .beginning, limit: 1) == all)
            #expect(try await tail.place(behind: EventID(UUID())) == nil)
        }
    }

    @Test func aFilterThatLetsNothingPassStillMovesOn() async throws {
        try await withSchema { database in
            let events = StoredEvents(database)
            let tail = PostgresEventTail(pool: database.pool)
            for _ in 0..<5 { try await events.add(.delivered, settled: StoredEvents.day) }
            var filter = EventFilter()
            filter.state = .parked
            let page = try await tail.next(behind: .beginning, filter, limit: 3)
            #expect(page.events.isEmpty)
            let parked = try await events.add(.parked)
            #expect(try await Self.read(1, of: tail, behind: page.next, filter, limit: 3) == [parked])
        }
    }
}
