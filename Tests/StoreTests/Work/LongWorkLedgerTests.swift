import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Store
import Testing

/// The rows of long work: one open of a kind, held by one, and bounded.
@Suite(.timeLimit(.minutes(2)))
struct LongWorkLedgerTests {
    private static let now = Date(timeIntervalSince1970: 1_764_000_000)
    private static func entry() throws -> AuditEntry {
        try AuditEntry(actor: "anna", action: "work.begin", subject: nil, detail: ["kind": "migration"])
    }

    private static func draft(_ kind: String = "migration", by actor: String = "anna") -> LongWorkDraft {
        LongWorkDraft(id: LongWorkID(UUID()), kind: kind, actor: actor, request: #"{"name":"\u0000"}"#)
    }

    private static func begin(
        _ ledger: PostgresLongWork, _ draft: LongWorkDraft, after seconds: TimeInterval = 0
    ) async throws -> LongWorkBeginning {
        let begun = now.addingTimeInterval(seconds)
        return try await ledger.begin(
            draft, noting: try entry(), by: UUID(), until: begun.addingTimeInterval(15), at: begun)
    }

    private static func lease(_ beginning: LongWorkBeginning) throws -> LongWorkLease {
        guard case .begun(let lease) = beginning else { throw BrokenPromise("it was not begun") }
        return lease
    }

    @Test func ofManyWhoBeginTheSameAtOnceOneDoesAndIsNoted() async throws {
        try await withSchema { database in
            let ledger = PostgresLongWork(pool: database.pool)
            let leases = try await withThrowingTaskGroup(of: Bool.self) { tasks in
                for number in 1...8 {
                    tasks.addTask {
                        if case .begun = try await Self.begin(ledger, Self.draft(by: "\(number)")) {
                            true
                        } else {
                            false
                        }
                    }
                }
                return try await tasks.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(leases == 1)
            let noted: Int? = try await database.pool.query(
                "SELECT count(*)::int AS n FROM hookgate.audit_log WHERE action = 'work.begin'"
            ).first?.decode("n")
            #expect(noted == 1)
            #expect(try await ledger.newest().map(\.state) == [.running])
            _ = try Self.lease(try await Self.begin(ledger, Self.draft("switch_over")))
        }
    }

    @Test func whoHasLostTheLeaseWritesNothing() async throws {
        try await withSchema { database in
            let ledger = PostgresLongWork(pool: database.pool)
            let first = try Self.lease(try await Self.begin(ledger, Self.draft()))
            let later = Self.now.addingTimeInterval(14)
            #expect(try await ledger.abandoned(at: later).isEmpty)
            #expect(
                try await ledger.keep(first, report: "1", until: later.addingTimeInterval(15), at: later) == .running)
            let late = later.addingTimeInterval(15)
            let record = try #require(try await ledger.abandoned(at: late).first)
            let second = try #require(
                try await ledger.takeOver(
                    record, noting: try Self.entry(), by: UUID(), until: late.addingTimeInterval(15), at: late))
            #expect(second.fencing == 2)
            // Two saw it abandoned; one was quicker.
            let slow = try await ledger.takeOver(
                record, noting: try Self.entry(), by: UUID(), until: late.addingTimeInterval(15), at: late)
            #expect(slow == nil)
            #expect(try await ledger.keep(first, report: "2", until: late.addingTimeInterval(99), at: late) == nil)
            #expect(try await !ledger.end(first, as: .failed, error: "lost", report: "2", at: late))
            try await ledger.giveBack(first, isInGoodOrder: true, report: "2", at: late)
            let there = try #require(try await ledger.newest().first)
            #expect(there.state == .running && there.report == "1" && there.tries == 2 && there.fencing == 2)
            #expect(try await ledger.abandoned(at: late).isEmpty)
            try await ledger.stop(second.id, at: late)
            #expect(try await ledger.keep(second, report: "3", until: late, at: late) == .stopping)
            #expect(try await ledger.end(second, as: .stopped, error: nil, report: "3", at: late))
            #expect(try await !ledger.end(second, as: .done, error: nil, report: "4", at: late))
        }
    }

    @Test func ofWhatHasEndedTheNewestAreKept() async throws {
        try await withSchema { database in
            let ledger = PostgresLongWork(pool: database.pool)
            for number in 0..<(PostgresLongWork.mostEnded + 5) {
                let lease = try Self.lease(
                    try await Self.begin(ledger, Self.draft(by: "\(number)"), after: Double(number)))
                #expect(try await ledger.end(lease, as: .done, error: nil, report: "{}", at: Self.now))
            }
            _ = try await Self.begin(ledger, Self.draft("rotation"))
            let kept: Int? = try await database.pool.query(
                "SELECT count(*)::int AS n FROM hookgate.long_work WHERE kind = 'migration'"
            ).first?.decode("n")
            #expect(kept == PostgresLongWork.mostEnded + 1)
            #expect(try await ledger.newest().map(\.actor) == ["24", "anna"])
        }
    }

    @Test func aDatabaseFromBeforeHasNone() async throws {
        try await withSchema { database in
            try await database.pool.query("DROP TABLE hookgate.long_work")
            let ledger = PostgresLongWork(pool: database.pool)
            #expect(try await ledger.newest().isEmpty)
            #expect(try await ledger.abandoned(at: Self.now).isEmpty)
        }
    }
}
