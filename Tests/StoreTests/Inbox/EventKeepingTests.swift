import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Testing

@testable import Store

@Suite(.timeLimit(.minutes(2))) struct EventKeepingTests {
    private static let act = QuarantineAct(actor: "anna@desk", decidedAt: StoredEvents.day, note: "mended")
    private static let clinic = ClinicID(UUID())

    private static func filter(_ change: (inout EventFilter) -> Void = { _ in }) -> EventFilter {
        var filter = EventFilter()
        change(&filter)
        return filter
    }

    @Test(arguments: [
        (EventDecision.replay, EventState.parked, true), (.replay, .delivered, false), (.replay, .pending, false),
        (.replay, .quarantined, false), (.replay, .probe, false), (.park, .pending, true), (.park, .delivered, false),
        (.discard, .pending, true), (.discard, .parked, true), (.discard, .quarantined, false),
    ])
    func narrowedWithoutAStateADecisionReaches(decision: EventDecision, state: EventState, applies: Bool) async throws {
        try await withSchema { database in
            let id = try await StoredEvents(database).add(state, clinic: Self.clinic)
            let keeping = PostgresEventKeeping(pool: database.pool)
            let filter = Self.filter { $0.clinic = Self.clinic }
            let groups = try await keeping.groups(filter, for: decision, limit: 10)
            #expect(groups == (applies ? [EventGroup(clinic: Self.clinic, state: state, events: 1)] : []))
            #expect(try await keeping.decide(decision, filter, limit: 10, act: Self.act) == (applies ? 1 : 0))
            let now: [EventDecision: EventState] = [.replay: .pending, .park: .parked, .discard: .discarded]
            #expect(try await StoredEvents(database).state(of: id) == (applies ? now[decision] : state))
        }
    }

    @Test func whatIsReplayedWaitsBehindWhatIsLive() async throws {
        try await withSchema { database in
            let events = StoredEvents(database)
            let old = try await events.add(.delivered, settled: StoredEvents.day)
            try await events.add(.pending)
            let keeping = PostgresEventKeeping(pool: database.pool)
            #expect(try await keeping.decide(.replay, Self.filter { $0.ids = [old] }, limit: 1, act: Self.act) == 1)
            let order = try await events.text(
                """
                SELECT string_agg(precedence::text, ',' ORDER BY q.event_id = '\(old)')
                FROM hookgate.delivery_queue AS q JOIN hookgate.delivery_lanes USING (lane)
                """)
            #expect(order == "0,1")
            let note = try await events.text(
                "SELECT concat_ws(' ', decision, held_because, actor, note) FROM hookgate.event_decisions")
            #expect(note == "replayed delivered anna@desk mended")
        }
    }

    /// What the first batch let go may be delivered, or parked again, when the second one is chosen.
    @Test func aReplayInBatchesReachesEachEventOnce() async throws {
        try await withSchema { database in
            let events = StoredEvents(database)
            for second in 0..<3 {
                try await events.add(
                    .delivered, at: StoredEvents.day.addingTimeInterval(Double(second)), settled: StoredEvents.day)
            }
            let keeping = PostgresEventKeeping(pool: database.pool)
            let filter = Self.filter { $0.state = .delivered }
            func deliver() async throws {
                try await database.pool.query(
                    "UPDATE hookgate.events SET state = 'delivered', settled_at = $1 WHERE state = 'pending'",
                    [StoredEvents.day])
            }
            #expect(try await keeping.decide(.replay, filter, limit: 2, act: Self.act) == 2)
            try await deliver()
            #expect(try await keeping.decide(.replay, filter, limit: 2, act: Self.act) == 1)
            try await deliver()
            #expect(try await keeping.decide(.replay, filter, limit: 2, act: Self.act) == 0)
            // Asked for once more, it is another replay.
            let again = QuarantineAct(
                actor: "anna@desk", decidedAt: StoredEvents.day.addingTimeInterval(60), note: nil)
            #expect(try await keeping.decide(.replay, filter, limit: 5, act: again) == 3)
        }
    }

    @Test func whatHasNoWordsAnyMoreIsNotReplayed() async throws {
        try await withSchema { database in
            let id = try await StoredEvents(database).add(.parked, body: nil)
            let keeping = PostgresEventKeeping(pool: database.pool)
            let filter = Self.filter { $0.ids = [id] }
            #expect(try await keeping.groups(filter, for: .replay, limit: 1).isEmpty)
            #expect(try await keeping.decide(.replay, filter, limit: 1, act: Self.act) == 0)
        }
    }

    @Test func aDryRunCountsWhatIsThenDone() async throws {
        try await withSchema { database in
            let events = StoredEvents(database)
            for _ in 0..<7 { try await events.add(.parked, clinic: Self.clinic) }
            for _ in 0..<3 { try await events.add(.parked, clinic: ClinicID(UUID())) }
            let keeping = PostgresEventKeeping(pool: database.pool)
            let counted = try await keeping.groups(Self.filter(), for: .replay, limit: 10)
            #expect(counted.first?.events == 7)
            #expect(counted.count == 4)
            var done = 0
            for _ in 0..<3 { done += try await keeping.decide(.replay, Self.filter(), limit: 4, act: Self.act) }
            #expect(done == counted.reduce(0) { $0 + $1.events })
        }
    }
}
