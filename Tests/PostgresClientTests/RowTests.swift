import FoundationEssentials
import HookgateTestSupport
import PostgresClient
import Testing

@Suite(.timeLimit(.minutes(2))) struct RowTests {
    @Test func rowsKeepTheirOrderAndNames() async throws {
        try await withDatabase { database in
            let rows = try await database.pool.query(
                "SELECT n, 'row ' || n AS label FROM generate_series(1, $1::int) AS n", [1000])
            #expect(rows.columns == ["n", "label"])
            let numbers = try rows.map { try $0.decode("n", as: Int.self) }
            #expect(numbers == Array(1...1000))
            #expect(try rows.last?.decode("label") == "row 1000")
        }
    }

    @Test func affectedRowsAreCounted() async throws {
        try await withDatabase { database in
            try await database.pool.execute(script: "CREATE TABLE t (n int); INSERT INTO t VALUES (1), (2), (3)")
            #expect(try await database.pool.query("UPDATE t SET n = n + $1 WHERE n > 1", [1]).affectedRowCount == 2)
            #expect(try await database.pool.query("DELETE FROM t WHERE n = 99").affectedRowCount == 0)
            #expect(try await database.pool.query("SELECT * FROM t").affectedRowCount == 3)
        }
    }

    @Test func statementWithoutRowsOrTextIsEmpty() async throws {
        try await withDatabase { database in
            #expect(try await database.pool.query("SELECT 1 WHERE false").isEmpty)
            #expect(try await database.pool.query("").isEmpty)
            try await database.pool.execute(script: "-- only a comment")
        }
    }

    @Test func errorNamesColumnAndRowButNotTheValue() async throws {
        try await withDatabase { database in
            let rows = try await database.pool.query(
                "SELECT * FROM (VALUES ('1', NULL), ('confidential', NULL)) AS t (number, missing)")
            let malformed = #expect(throws: PostgresError.self) { try rows[1].decode("number", as: Int.self) }
            #expect(malformed?.kind == .decoding(column: "number", row: 1))
            #expect(malformed?.description == #"Column "number" of row 1 cannot be read: it is not a whole number."#)
            let null = #expect(throws: PostgresError.self) { try rows[0].decode("missing", as: String.self) }
            #expect(null?.description == #"Column "missing" of row 0 cannot be read: it is NULL."#)
            let absent = #expect(throws: PostgresError.self) { try rows[0].decode("other", as: String.self) }
            #expect(absent?.kind == .decoding(column: "other", row: 0))
        }
    }

    @Test(arguments: [
        ("'t'::text", true), ("1.5::numeric", false), ("'infinity'::timestamptz", false), ("'{{1},{2}}'::int[]", false),
        ("'[2:3]={1,2}'::int[]", false), ("'{1,NULL}'::int[]", false), ("'not a uuid'", false),
    ])
    func valuesThatDoNotFitAreRefused(_ expression: String, isTruth: Bool) async throws {
        try await withDatabase { database in
            let row = try await database.pool.query("SELECT \(expression) AS value")[0]
            #expect(throws: PostgresError.self) { try row.decode("value", as: Int.self) }
            #expect(throws: PostgresError.self) { try row.decode("value", as: Date.self) }
            #expect(throws: PostgresError.self) { try row.decode("value", as: UUID.self) }
            #expect(throws: PostgresError.self) { try row.decode("value", as: [Int].self) }
            #expect(throws: PostgresError.self) { try row.decode("value", as: [UInt8].self) }
            #expect((try? row.decode("value", as: Bool.self)) == (isTruth ? true : nil))
        }
    }

    @Test func timestampsOfEveryKindAreRead() async throws {
        try await withDatabase { database in
            let row = try await database.pool.query(
                """
                SELECT '2026-02-28 23:59:59.5'::timestamp AS plain, '2026-02-28'::date AS day,
                    timestamptz '12026-01-01 00:00:00+00' AS far
                """)[0]
            #expect(try row.decode("plain", as: Date.self) == Date(timeIntervalSince1970: 1_772_323_199.5))
            #expect(try row.decode("day", as: Date.self) == Date(timeIntervalSince1970: 1_772_236_800))
            #expect(try row.decode("far", as: Date.self) == Date(timeIntervalSince1970: 317_336_745_600))
        }
    }
}
