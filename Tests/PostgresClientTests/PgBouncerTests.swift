import HookgateTestSupport
import PostgresClient
import Testing

/// Everything that has to work when a transaction pooler stands between.
@Suite(.timeLimit(.minutes(2))) struct PgBouncerTests {
    @Test func poolerIsNoticed() async throws {
        try await withDatabase { database in
            let connection = try await PostgresConnection.open(PgBouncer.url(database: database))
            #expect(await connection.isPooled)
            await connection.close()
        }
    }

    @Test func statementsOfManyClientsShareTheServersConnections() async throws {
        try await withDatabase { database in
            let pool = PostgresPool(
                url: try await PgBouncer.url(database: database), options: PostgresPoolOptions(maximumConnections: 8))
            let processes = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 1...80 {
                    group.addTask {
                        let row = try await pool.query(
                            "SELECT $1::text AS text, pg_backend_pid() AS pid", ["n\(number)"])[0]
                        #expect(try row.decode("text") == "n\(number)")
                        return try row.decode("pid")
                    }
                }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(processes.count <= 2)
            await pool.close()
        }
    }

    @Test func transactionsAreWhole() async throws {
        struct Refusal: Error {}
        try await withDatabase { database in
            let pool = PostgresPool(
                url: try await PgBouncer.url(database: database), options: PostgresPoolOptions(maximumConnections: 4))
            try await pool.execute(script: "CREATE TABLE t (n int)")
            try await withThrowingTaskGroup { group in
                for number in 1...20 {
                    group.addTask {
                        do {
                            try await pool.transaction { connection in
                                try await connection.query("INSERT INTO t VALUES ($1)", [number])
                                if number.isMultiple(of: 2) { throw Refusal() }
                                try await connection.query("INSERT INTO t VALUES ($1)", [-number])
                            }
                        } catch is Refusal {}
                    }
                }
                try await group.waitForAll()
            }
            let row = try await pool.query("SELECT count(*) AS n, sum(n) AS sum FROM t")[0]
            #expect(try row.decode("n") == 20)
            #expect(try row.decode("sum") == 0)
            await pool.close()
        }
    }

    @Test func cancellationReachesTheServer() async throws {
        try await withDatabase { database in
            let pool = PostgresPool(url: try await PgBouncer.url(database: database))
            let task = Task { try await pool.query("SELECT pg_sleep(3600) /* behind */") }
            try await database.waitUntilRunning(mark: "/* behind */")
            task.cancel()
            let error = await #expect(throws: PostgresError.self) { try await task.value }
            #expect(error?.kind == .cancelled)
            #expect(try await database.runningStatements(mark: "/* behind */") == 0)
            #expect(try await pool.query("SELECT 1 AS one")[0].decode("one") == 1)
            await pool.close()
        }
    }

    @Test func advisoryLockHoldsThroughThePooler() async throws {
        try await withDatabase { database in
            let pooled = try await PgBouncer.url(database: database)
            try await AdvisoryLock.withLock(url: pooled, key: 1) {
                // Several statements of another client, which the pooler may send over any of its connections.
                let other = PostgresPool(url: pooled)
                for _ in 1...5 { try await other.query("SELECT 1") }
                await other.close()
                for url in [pooled, database.url] {
                    let error = await #expect(throws: PostgresError.self) {
                        try await AdvisoryLock.withLock(url: url, key: 1) {}
                    }
                    #expect(error?.kind == .timedOut)
                }
            }
            #expect(try await AdvisoryLock.withLock(url: pooled, key: 1) { "free again" } == "free again")
        }
    }

    @Test func listeningIsRefusedWithWhatToDo() async throws {
        try await withDatabase { database in
            let url = try await PgBouncer.url(database: database)
            let error = await #expect(throws: PostgresError.self) {
                try await PostgresListener.open(url: url, channels: ["changes"])
            }
            #expect(error?.kind == .misuse)
            #expect(error?.description.contains("DATABASE_DIRECT_URL") == true)
        }
    }
}
