import FoundationEssentials
import HookgateTestSupport
import PostgresClient
import Testing

@Suite(.timeLimit(.minutes(2))) struct QueryTests {
    @Test func statementReturnsItsRows() async throws {
        try await withDatabase { database in
            let rows = try await database.pool.query(
                "SELECT n, 'row ' || n AS label FROM generate_series(1, $1::int) AS n", [3])
            #expect(try rows.map { try $0.decode("n", as: Int.self) } == [1, 2, 3])
            #expect(try rows[2].decode("label") == "row 3")
        }
    }
}
