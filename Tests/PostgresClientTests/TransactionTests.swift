import HookgateTestSupport
import PostgresClient
import Testing

@Suite(.timeLimit(.minutes(2))) struct TransactionTests {
    private struct Refusal: Error {}

    private func withTable(_ body: (TestDatabase, PostgresConnection) async throws -> Void) async throws {
        try await withDatabase { database in
            try await database.pool.execute(script: "CREATE TABLE t (n int)")
            let connection = try await PostgresConnection.open(database.url)
            try await body(database, connection)
            await connection.close()
        }
    }

    private func count(_ database: TestDatabase) async throws -> Int {
        try await database.pool.query("SELECT count(*) AS n FROM t")[0].decode("n")
    }

    @Test func finishedBodyIsCommitted() async throws {
        try await withTable { database, connection in
            let value = try await connection.transaction { connection in
                try await connection.query("INSERT INTO t VALUES (1)")
                return "done"
            }
            #expect(value == "done")
            #expect(try await count(database) == 1)
        }
    }

    @Test func throwingBodyIsRolledBack() async throws {
        try await withTable { database, connection in
            await #expect(throws: Refusal.self) {
                try await connection.transaction { connection in
                    try await connection.query("INSERT INTO t VALUES (1)")
                    throw Refusal()
                }
            }
            let written = try await count(database)
            #expect(written == 0)
            let answer = try await connection.query("SELECT 1 AS one")[0].decode("one", as: Int.self)
            #expect(answer == 1)
        }
    }

    @Test func cancelledTaskIsRolledBack() async throws {
        try await withTable { database, connection in
            let task = Task {
                try await connection.transaction { connection in
                    try await connection.query("INSERT INTO t VALUES (1)")
                    withUnsafeCurrentTask { $0?.cancel() }
                }
            }
            let error = await #expect(throws: PostgresError.self) { try await task.value }
            #expect(error?.kind == .cancelled)
            let written = try await count(database)
            #expect(written == 0)
            let answer = try await connection.query("SELECT 1 AS one")[0].decode("one", as: Int.self)
            #expect(answer == 1)
        }
    }

    @Test func errorThatTheBodyCaughtIsNotTakenForACommit() async throws {
        try await withTable { database, connection in
            let error = await #expect(throws: PostgresError.self) {
                try await connection.transaction { connection in
                    try await connection.query("INSERT INTO t VALUES (1)")
                    _ = try? await connection.query("SELECT 1/0")
                }
            }
            #expect(error?.sqlState == "25P02")
            let written = try await count(database)
            #expect(written == 0)
        }
    }

    @Test func deferredConstraintFailsTheCommit() async throws {
        try await withTable { database, connection in
            try await connection.execute(
                script: "ALTER TABLE t ADD CONSTRAINT once UNIQUE (n) DEFERRABLE INITIALLY DEFERRED")
            let error = await #expect(throws: PostgresError.self) {
                try await connection.transaction { connection in
                    try await connection.query("INSERT INTO t VALUES (1), (1)")
                }
            }
            #expect(error?.constraint == "once")
            #expect(try await count(database) == 0)
        }
    }

    @Test func secondTransactionInsideIsRefused() async throws {
        try await withTable { database, connection in
            let error = await #expect(throws: PostgresError.self) {
                try await connection.transaction { connection in
                    try await connection.query("INSERT INTO t VALUES (1)")
                    try await connection.transaction { _ in }
                }
            }
            #expect(error?.kind == .misuse)
            let written = try await count(database)
            #expect(written == 0)
        }
    }

    @Test func snapshotSeesOnePictureAndWritesNothing() async throws {
        try await withTable { database, connection in
            try await connection.transaction(.snapshot) { connection in
                #expect(try await connection.query("SELECT * FROM t").isEmpty)
                try await database.pool.query("INSERT INTO t VALUES (1)")
                #expect(try await connection.query("SELECT * FROM t").isEmpty)
            }
            let error = await #expect(throws: PostgresError.self) {
                try await connection.transaction(.snapshot) { connection in
                    try await connection.query("INSERT INTO t VALUES (2)")
                }
            }
            #expect(error?.sqlState == "25006")
        }
    }

    @Test func bodyRunsWhereItsCallerRuns() async throws {
        try await withTable { _, connection in
            // A variable of the caller, changed without any crossing of isolation.
            var seen: [Int] = []
            try await connection.transaction { connection in
                for row in try await connection.query("SELECT n FROM generate_series(1, 3) AS n") {
                    seen.append(try row.decode("n"))
                }
            }
            #expect(seen == [1, 2, 3])
        }
    }
}
