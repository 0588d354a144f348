import HookgateTestSupport
import PostgresClient
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(2))) struct AdvisoryLockTests {
    private let lockHolders = """
        SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """

    @Test func lockIsHeldByOneAtATime() async throws {
        try await withDatabase { database in
            let crowd = Crowd()
            try await withThrowingTaskGroup { group in
                for _ in 1...5 {
                    group.addTask {
                        try await AdvisoryLock.withLock(url: database.url, key: 42, wait: .seconds(60)) {
                            crowd.enter()
                            try await database.pool.query("SELECT 1")
                            crowd.leave()
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(crowd.most == 1)
        }
    }

    /// A snapshot kept in the lock's transaction would make an index that is built concurrently wait for the lock's
    /// own holder.
    @Test(arguments: [Duration.zero, .seconds(60)])
    func lockHolderKeepsNoSnapshotThatAnIndexWouldWaitFor(wait: Duration) async throws {
        try await withDatabase { database in
            try await database.pool.execute(script: "CREATE TABLE t (a int)")
            try await AdvisoryLock.withLock(url: database.url, key: 7, wait: wait) {
                let holders = try await database.pool.query(
                    "SELECT backend_xmin IS NULL AS free FROM pg_stat_activity WHERE pid IN (\(lockHolders))")
                #expect(holders.count == 1)
                for holder in holders {
                    let isFree: Bool = try holder.decode("free")
                    #expect(isFree)
                }
                try await database.pool.execute(script: "CREATE INDEX CONCURRENTLY ON t (a)")
            }
        }
    }

    @Test(arguments: [Duration.zero, .milliseconds(50)])
    func heldLockIsRefused(wait: Duration) async throws {
        try await withDatabase { database in
            try await AdvisoryLock.withLock(url: database.url, key: 1) {
                let error = await #expect(throws: PostgresError.self) {
                    try await AdvisoryLock.withLock(url: database.url, key: 1, wait: wait) {}
                }
                #expect(error?.kind == .timedOut)
                let other = try await AdvisoryLock.withLock(url: database.url, key: 2, wait: wait) { "other key" }
                #expect(other == "other key")
            }
            #expect(try await AdvisoryLock.withLock(url: database.url, key: 1) { "free again" } == "free again")
        }
    }

    /// Building an index concurrently waits for every older snapshot in the database.
    @Test func neitherHolderNorWaiterHoldsUpAnIndexThatIsBuiltConcurrently() async throws {
        try await withDatabase { database in
            try await database.pool.query("CREATE TABLE t (n int)")
            try await AdvisoryLock.withLock(url: database.url, key: 1) {
                let waiter = Task {
                    try await AdvisoryLock.withLock(url: database.url, key: 1, wait: .seconds(100)) { "waited" }
                }
                try await database.pool.withConnection { connection in
                    try await connection.execute(script: "SET lock_timeout = '60s'")
                    try await connection.execute(script: "CREATE INDEX CONCURRENTLY ON t (n)")
                    try await connection.execute(script: "RESET lock_timeout")
                }
                waiter.cancel()
            }
        }
    }

    @Test func lockIsFreeAgainAfterAThrow() async throws {
        struct Refusal: Error {}
        try await withDatabase { database in
            await #expect(throws: Refusal.self) {
                try await AdvisoryLock.withLock(url: database.url, key: 1) { throw Refusal() }
            }
            let left = try await database.pool.query(lockHolders)
            #expect(left.isEmpty)
        }
    }

    @Test func lostConnectionCancelsTheWorkAndFreesTheLock() async throws {
        try await withDatabase { database in
            let began = Gate()
            let work = Task {
                try await AdvisoryLock.withLock(url: database.url, key: 1) {
                    began.open()
                    // Ends only by cancellation.
                    await Gate().wait()
                    try Task.checkCancellation()
                }
            }
            await began.wait()
            try await database.pool.query("SELECT pg_terminate_backend(pid, 10000) FROM (\(lockHolders)) AS holders")
            let error = await #expect(throws: PostgresError.self) { try await work.value }
            #expect(error?.kind == .connectionLost)
            #expect(try await AdvisoryLock.withLock(url: database.url, key: 1) { "free" } == "free")
        }
    }

    @Test func cancelledWorkFreesTheLock() async throws {
        try await withDatabase { database in
            let began = Gate()
            let work = Task {
                try await AdvisoryLock.withLock(url: database.url, key: 1) {
                    began.open()
                    await Gate().wait()
                    try Task.checkCancellation()
                }
            }
            await began.wait()
            work.cancel()
            await #expect(throws: (any Error).self) { try await work.value }
            let left = try await database.pool.query(lockHolders)
            #expect(left.isEmpty)
        }
    }

    @Test func idleHolderOutlivesTheRolesTimeouts() async throws {
        try await withDatabase { database in
            try await database.pool.execute(
                script: """
                    ALTER DATABASE \(database.name) SET idle_in_transaction_session_timeout = 1000;
                    ALTER DATABASE \(database.name) SET statement_timeout = 1000
                    """)
            let value = try await AdvisoryLock.withLock(url: database.url, key: 1) {
                // Longer than either allows, in a script of its own: one transaction that never idles.
                try await database.pool.execute(script: "SET LOCAL statement_timeout = 0; SELECT pg_sleep(1.5)")
                return "held throughout"
            }
            #expect(value == "held throughout")
        }
    }
}

/// Counts who is inside at once.
private final class Crowd: Sendable {
    private let state = Mutex((inside: 0, most: 0))

    var most: Int { state.withLock { $0.most } }

    func enter() {
        state.withLock { state in
            state.inside += 1
            state.most = max(state.most, state.inside)
        }
    }

    func leave() {
        state.withLock { $0.inside -= 1 }
    }
}
