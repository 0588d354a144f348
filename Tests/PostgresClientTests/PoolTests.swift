import HookgateTestSupport
import PostgresClient
import Testing

@Suite(.timeLimit(.minutes(2))) struct PoolTests {
    private struct Refusal: Error {}

    private func withPool(
        maximumConnections: Int, acquireTimeout: Duration = .seconds(60), warmConnections: Int = 1,
        clock: any Clock<Duration> = ContinuousClock(), _ body: (TestDatabase, PostgresPool) async throws -> Void
    ) async throws {
        try await withDatabase { database in
            let options = PostgresPoolOptions(
                maximumConnections: maximumConnections, acquireTimeout: acquireTimeout, warmConnections: warmConnections
            )
            let pool = PostgresPool(url: database.url + "&application_name=pool", options: options, clock: clock)
            try await body(database, pool)
            await pool.close()
        }
    }

    /// Has so many connections in use at the same time.
    private func use(_ count: Int, of pool: PostgresPool) async throws {
        let (arrived, leaves) = (Milestone(), Milestone())
        try await withThrowingTaskGroup { group in
            for _ in 0..<count {
                group.addTask {
                    try await pool.withConnection { _ in
                        arrived.reach()
                        await leaves.wait(for: 1)
                    }
                }
            }
            await arrived.wait(for: count)
            leaves.reach()
            try await group.waitForAll()
        }
    }

    /// Lets half the time pass that a connection may be idle for, once the pool waits for that.
    private func passHalf(_ clock: ManualClock) async {
        await clock.waitForSleepers(1)
        clock.advance(by: PostgresPoolOptions().idleTimeout / 2)
    }

    private static let connectionCount = """
        SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = 'pool' AND datname = current_database()
        """

    private func connections(_ database: TestDatabase) async throws -> Int {
        try await database.pool.query(Self.connectionCount)[0].decode("n")
    }

    @Test func manyTasksShareFewConnections() async throws {
        try await withPool(maximumConnections: 3) { database, pool in
            let sum = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 1...60 {
                    group.addTask { try await pool.query("SELECT $1::int AS n", [number])[0].decode("n") }
                }
                return try await group.reduce(0, +)
            }
            #expect(sum == 60 * 61 / 2)
            #expect(try await connections(database) <= 3)
        }
    }

    @Test func taskThatGetsNoConnectionInTimeIsToldSo() async throws {
        try await withPool(maximumConnections: 1, acquireTimeout: .milliseconds(50)) { _, pool in
            try await pool.withConnection { _ in
                let error = await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
                #expect(error?.kind == .timedOut)
                #expect(error?.description.contains("All 1 PostgreSQL connections were in use") == true)
            }
            #expect(try await pool.query("SELECT 1 AS one")[0].decode("one") == 1)
        }
    }

    @Test func cancelledWaiterLeavesTheQueue() async throws {
        try await withPool(maximumConnections: 1) { _, pool in
            try await pool.withConnection { _ in
                let waiters = (0..<10).map { _ in Task { try await pool.query("SELECT 1") } }
                for waiter in waiters { waiter.cancel() }
                for waiter in waiters {
                    let error = await #expect(throws: PostgresError.self) { try await waiter.value }
                    #expect(error?.kind == .cancelled)
                }
            }
            #expect(try await pool.query("SELECT 1 AS one")[0].decode("one") == 1)
        }
    }

    @Test func connectionThatTheServerEndedIsReplaced() async throws {
        try await withPool(maximumConnections: 1) { database, pool in
            for _ in 1...3 {
                let process = try await pool.serverProcess()
                try await database.pool.query("SELECT pg_terminate_backend($1::int, 10000)", [process])
                #expect(try await pool.serverProcess() != process)
            }
            #expect(try await connections(database) == 1)
        }
    }

    @Test func connectionThatDiedInUseIsReplaced() async throws {
        try await withPool(maximumConnections: 1) { database, pool in
            let task = Task { try await pool.query("SELECT pg_sleep(3600) /* dies */") }
            try await database.waitUntilRunning(mark: "/* dies */")
            try await database.pool.query(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE application_name = 'pool' AND datname = current_database()
                """)
            let error = await #expect(throws: PostgresError.self) { try await task.value }
            #expect(error?.kind == .connectionLost)
            #expect(error?.sqlState == "57P01")
            #expect(try await pool.query("SELECT 1 AS one")[0].decode("one") == 1)
        }
    }

    @Test(arguments: [0, 1])
    func connectionsThatNobodyUsesAreClosedAfterAWhile(warm: Int) async throws {
        let clock = ManualClock()
        try await withPool(maximumConnections: 4, warmConnections: warm, clock: clock) { database, pool in
            for _ in 1...2 {
                try await use(4, of: pool)
                #expect(try await connections(database) == 4)
                await passHalf(clock)
                await passHalf(clock)
                try await database.wait(until: "(\(Self.connectionCount)) = \(warm)")
                // Opened again, or the one that was kept warm.
                #expect(try await pool.query("SELECT 1 AS one")[0].decode("one") == 1)
            }
        }
    }

    @Test func poolClosesWhileItLooksForConnectionsThatNobodyUses() async throws {
        let clock = ManualClock()
        try await withPool(maximumConnections: 4, warmConnections: 0, clock: clock) { database, pool in
            try await use(4, of: pool)
            await passHalf(clock)
            await clock.waitForSleepers(1)
            async let closing: Void = pool.close()
            clock.advance(by: PostgresPoolOptions().idleTimeout / 2)
            await closing
            try await database.wait(until: "(\(Self.connectionCount)) = 0")
        }
    }

    @Test func refusedStatementKeepsItsConnection() async throws {
        try await withPool(maximumConnections: 1) { _, pool in
            let process = try await pool.serverProcess()
            await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1/0") }
            await #expect(throws: Refusal.self) { try await pool.transaction { _ in throw Refusal() } }
            #expect(try await pool.serverProcess() == process)
        }
    }

    @Test func forgottenTransactionIsRolledBack() async throws {
        try await withPool(maximumConnections: 1) { database, pool in
            try await pool.execute(script: "CREATE TABLE t ()")
            try await pool.withConnection { connection in
                try await connection.execute(script: "BEGIN")
                try await connection.query("INSERT INTO t DEFAULT VALUES")
            }
            #expect(try await pool.query("SELECT FROM t").isEmpty)
            try await pool.transaction { connection in
                try await connection.query("INSERT INTO t DEFAULT VALUES")
            }
            #expect(try await database.pool.query("SELECT FROM t").count == 1)
        }
    }

    @Test func failedOpeningGivesItsPlaceBack() async throws {
        let pool = PostgresPool(
            url: "postgresql://user@127.0.0.1:1/database", options: PostgresPoolOptions(maximumConnections: 1))
        await withTaskGroup { group in
            for _ in 1...8 {
                group.addTask {
                    let error = await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
                    #expect(error?.kind == .connectionFailed)
                }
            }
        }
        await pool.close()
    }

    @Test func closingWaitsForWhoHoldsAConnectionAndRefusesTheRest() async throws {
        try await withPool(maximumConnections: 1) { database, pool in
            let holds = Gate()
            let mayFinish = Gate()
            let holder = Task {
                try await pool.withConnection { connection in
                    holds.open()
                    await mayFinish.wait()
                    return try await connection.query("SELECT 1 AS one")[0].decode("one", as: Int.self)
                }
            }
            await holds.wait()
            let waiter = Task { try await pool.query("SELECT 1") }
            let closing = Task { await pool.close() }
            // The waiter's refusal shows that the pool is closed, in whatever order the two tasks began.
            let error = await #expect(throws: PostgresError.self) { try await waiter.value }
            #expect(error?.kind == .closed)
            #expect(try await connections(database) == 1)
            mayFinish.open()
            #expect(try await holder.value == 1)
            await closing.value
            try await database.wait(
                until:
                    "NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'pool' AND datname = current_database())"
            )
            let late = await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
            #expect(late?.kind == .closed)
        }
    }
}
