import FoundationEssentials
import HookgateTestSupport
import PostgresClient
import Testing

@Suite(.timeLimit(.minutes(2))) struct ParameterTests {
    private func roundTrip<Value: PostgresEncodable & PostgresDecodable & Equatable>(
        _ values: [Value], as type: String
    ) async throws {
        try await withDatabase { database in
            for value in values {
                let rows = try await database.pool.query("SELECT $1::\(type) AS value", [value])
                #expect(try rows[0].decode("value", as: Value.self) == value)
                let null = try await database.pool.query("SELECT $1::\(type) AS value", [Value?.none])
                #expect(try null[0].decode("value", as: Value?.self) == nil)
            }
        }
    }

    @Test func textArrivesUnchanged() async throws {
        let texts = [
            "", "plain", "it's \"quoted\" \\ and \\' more", "'; DROP TABLE x; --", "$1 %s \n\r\t", "Zoë 👩‍⚕️ 汉字 \u{202E}",
            "NULL", String(repeating: "é", count: 500_000),
        ]
        try await roundTrip(texts, as: "text")
    }

    @Test func numbersArriveUnchanged() async throws {
        try await roundTrip([0, -1, Int.max, Int.min], as: "bigint")
        try await roundTrip([0, Int32.max, Int32.min], as: "int")
        try await roundTrip([0, Int64.max, Int64.min], as: "bigint")
        try await roundTrip([0, UInt64.max], as: "numeric")
        try await roundTrip([0, -0.1, 1e300, .leastNonzeroMagnitude, .infinity, 1.0 / 3], as: "double precision")
        try await roundTrip([true, false], as: "boolean")
    }

    @Test func identifiersArriveUnchanged() async throws {
        try await roundTrip([UUID(), UUID(uuidString: "00000000-0000-0000-0000-000000000000") ?? UUID()], as: "uuid")
    }

    @Test func datesArriveToTheMicrosecond() async throws {
        let dates = [
            Date(timeIntervalSince1970: 0), Date(timeIntervalSince1970: -0.000001),
            Date(timeIntervalSinceReferenceDate: 820_454_399.123456), Date(timeIntervalSince1970: 951_782_400),
            Date(timeIntervalSince1970: -62_135_596_800), Date(timeIntervalSince1970: 253_402_300_800),
        ]
        try await withDatabase { database in
            for date in dates {
                for zone in ["UTC", "America/St_Johns", "Asia/Kathmandu"] {
                    let rows = try await database.pool.transaction { connection in
                        try await connection.execute(script: "SET LOCAL timezone TO '\(zone)'")
                        return try await connection.query(
                            """
                            SELECT $1::timestamptz AS value,
                                round(extract(epoch FROM $1::timestamptz) * 1000000)::bigint AS microseconds
                            """, [date])
                    }
                    let microseconds = (date.timeIntervalSince1970 * 1_000_000).rounded()
                    #expect(try rows[0].decode("microseconds", as: Int64.self) == Int64(microseconds))
                    let read: Date = try rows[0].decode("value")
                    #expect((read.timeIntervalSince1970 * 1_000_000).rounded() == microseconds)
                }
            }
        }
    }

    @Test func datesBeforeOurEraAreWrittenAsPostgreSQLCountsThem() async throws {
        try await withDatabase { database in
            let rows = try await database.pool.query(
                "SELECT extract(year FROM $1::timestamptz AT TIME ZONE 'UTC')::int AS year",
                [Date(timeIntervalSince1970: -62_135_596_800 - 86_400)])
            #expect(try rows[0].decode("year", as: Int.self) == -1)
        }
    }

    @Test func bytesArriveUnchanged() async throws {
        let allBytes = Array(UInt8.min...UInt8.max)
        let megabyte = (0..<1_048_576).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try await roundTrip([[], [0], allBytes, megabyte], as: "bytea")
        try await roundTrip([[], [[]], [[0], [], allBytes]] as [[[UInt8]]], as: "bytea[]")
    }

    @Test func emptyBytesAreNotNull() async throws {
        try await withDatabase { database in
            let rows = try await database.pool.query("SELECT $1::bytea IS NULL AS missing", [[UInt8]()])
            #expect(try rows[0].decode("missing") == false)
        }
    }

    @Test func arraysArriveUnchanged() async throws {
        try await roundTrip([[], [""], ["a,b", "{}", "\"", "\\", "NULL", "null", " x ", "👩‍⚕️", "a\nb"]], as: "text[]")
        try await roundTrip([[nil], ["NULL", nil, ""]] as [[String?]], as: "text[]")
        try await roundTrip([[], [UUID(), UUID()]], as: "uuid[]")
        try await roundTrip([[nil, UUID()]] as [[UUID?]], as: "uuid[]")
        try await roundTrip([[], [Int64.min, 0, Int64.max]], as: "bigint[]")
        try await roundTrip([[true, false]], as: "boolean[]")
        try await roundTrip([[Date(timeIntervalSince1970: 0), Date(timeIntervalSince1970: 1.5)]], as: "timestamptz[]")
    }

    @Test func bytesInArraysMayBeNull() async throws {
        try await withDatabase { database in
            let rows = try await database.pool.query("SELECT $1::bytea[] AS value", [[[1, 2], nil] as [[UInt8]?]])
            #expect(try rows[0].decode("value", as: [[UInt8]?].self) == [[1, 2], nil])
        }
    }

    @Test func jsonIsPassedAsText() async throws {
        try await withDatabase { database in
            let rows = try await database.pool.query(
                "SELECT $1::jsonb->>'name' AS name, $1::jsonb AS all",
                [PostgresJSON(text: #"{"name": "O'Neil \"x\"", "n": 1}"#)])
            #expect(try rows[0].decode("name") == #"O'Neil "x""#)
            #expect(try rows[0].decode("all", as: PostgresJSON.self).text == #"{"n": 1, "name": "O'Neil \"x\""}"#)
        }
    }

    @Test func textWithNulIsRefusedBeforeItIsSent() async throws {
        try await withDatabase { database in
            let error = await #expect(throws: PostgresError.self) {
                try await database.pool.query("SELECT $1::int, $2::text", [1, "secret\0words"])
            }
            #expect(error?.kind == .encoding(parameter: 2))
            #expect(error?.description.contains("secret") == false)
            let statement = await #expect(throws: PostgresError.self) { try await database.pool.query("SELECT 1\0 2") }
            #expect(statement?.kind == .misuse)
        }
    }

    @Test func tooManyParametersAreRefused() async throws {
        try await withDatabase { database in
            let error = await #expect(throws: PostgresError.self) {
                try await database.pool.query("SELECT 1", Array(repeating: 1, count: 65_536))
            }
            #expect(error?.kind == .misuse)
        }
    }

    @Test func identifiersAreQuoted() async throws {
        try await withDatabase { database in
            let name = #"odd "name"; $1 'Ü'"#
            let quoted = PostgresIdentifier.quote(name)
            try await database.pool.query("CREATE TABLE \(quoted) (\(quoted) int)")
            let rows = try await database.pool.query("SELECT relname FROM pg_class WHERE relname = $1", [name])
            #expect(rows.count == 1)
        }
    }
}
