import FoundationEssentials
import HookgateTestSupport
import PostgresClient
import Subprocess
import Testing

/// A gateway's own record of when it listened, across a kill.
@Suite(.timeLimit(.minutes(2)))
struct CoverageTests {
    /// Rows of the record, and how long they are together in seconds.
    private static func record(_ pool: PostgresPool) async throws -> (rows: Int64, seconds: Double) {
        let rows = try await pool.query(
            """
            SELECT count(*)::bigint AS rows,
                coalesce(sum(extract(epoch FROM listening_until - listening_from)), 0)::float8 AS seconds
            FROM hookgate.coverage, pg_sleep(0.05)
            """)
        return (try rows[0].decode("rows"), try rows[0].decode("seconds"))
    }

    private static func waits(_ pool: PostgresPool, for isThere: (Int64, Double) -> Bool) async throws {
        while true {
            let record = try await record(pool)
            if isThere(record.rows, record.seconds) { return }
        }
    }

    @Test func aKillLeavesAGapAndTheNextStartAnotherRow() async throws {
        let directory = "/tmp/hookgate-coverage-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try await withSchema { database in
            let hookgate = HookgateBinary(databaseURL: database.url, dataDirectory: directory)
            let killed = try await hookgate.serving(endingWith: .kill) { _ in
                try await Self.waits(database.pool) { rows, seconds in rows == 1 && seconds > 0 }
            }
            #expect(killed == nil)
            let before = try await Self.record(database.pool)
            let ended = try await hookgate.serving { _ in
                try await Self.waits(database.pool) { rows, _ in rows == 2 }
            }
            #expect(ended == 0)
            let gap = try await database.pool.query(
                """
                SELECT max(listening_from) > min(listening_until) AS is_gap FROM hookgate.coverage
                """)
            #expect(try gap[0].decode("is_gap", as: Bool.self))
            let after = try await Self.record(database.pool)
            #expect(after.seconds >= before.seconds)
        }
    }
}
