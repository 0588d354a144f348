import HookgateTestSupport
import PostgresClient
import Testing

@Suite(.timeLimit(.minutes(2))) struct CancellationTests {
    @Test func cancelledTaskEndsItsStatementOnTheServer() async throws {
        try await withDatabase { database in
            let connection = try await PostgresConnection.open(database.url)
            let task = Task { try await connection.query("SELECT pg_sleep(3600) /* cancelled */") }
            try await database.waitUntilRunning(mark: "/* cancelled */")
            task.cancel()
            let error = await #expect(throws: PostgresError.self) { try await task.value }
            #expect(error?.kind == .cancelled)
            #expect(try await database.runningStatements(mark: "/* cancelled */") == 0)
            #expect(try await connection.query("SELECT 1 AS one")[0].decode("one") == 1)
            await connection.close()
        }
    }

    @Test func cancelledTaskSendsNothing() async throws {
        try await withDatabase { database in
            try await database.pool.execute(script: "CREATE TABLE t ()")
            let connection = try await PostgresConnection.open(database.url)
            let gate = Gate()
            let task = Task {
                await gate.wait()
                withUnsafeCurrentTask { $0?.cancel() }
                try await connection.query("INSERT INTO t DEFAULT VALUES")
            }
            gate.open()
            let error = await #expect(throws: PostgresError.self) { try await task.value }
            #expect(error?.kind == .cancelled)
            #expect(try await database.pool.query("SELECT FROM t").isEmpty)
            await connection.close()
        }
    }

    @Test func cancelledTaskOfThePoolLeavesThePoolWhole() async throws {
        try await withDatabase { database in
            let pool = PostgresPool(url: database.url, options: PostgresPoolOptions(maximumConnections: 1))
            for round in 1...3 {
                let mark = "/* pooled \(round) */"
                let task = Task { try await pool.query("SELECT pg_sleep(3600) \(mark)") }
                try await database.waitUntilRunning(mark: mark)
                task.cancel()
                let error = await #expect(throws: PostgresError.self) { try await task.value }
                #expect(error?.kind == .cancelled)
                #expect(try await pool.query("SELECT 1 AS one")[0].decode("one") == 1)
            }
            await pool.close()
        }
    }

    @Test func statementThatRunsTooLongIsCancelled() async throws {
        try await withDatabase { database in
            let connection = try await PostgresConnection.open(
                database.url, options: PostgresConnectionOptions(statementTimeout: .milliseconds(100)))
            let error = await #expect(throws: PostgresError.self) {
                try await connection.query("SELECT pg_sleep(3600) /* too long */")
            }
            #expect(error?.kind == .statementTimedOut)
            #expect(try await database.runningStatements(mark: "/* too long */") == 0)
            #expect(try await connection.query("SELECT 1 AS one")[0].decode("one") == 1)
            await connection.close()
        }
    }

    @Test func serversOwnTimeoutIsTheServersRefusal() async throws {
        try await withDatabase { database in
            let error = await #expect(throws: PostgresError.self) {
                try await database.pool.execute(script: "SET LOCAL statement_timeout = 50; SELECT pg_sleep(3600)")
            }
            #expect(error?.kind == .server(sqlState: "57014"))
        }
    }
}
