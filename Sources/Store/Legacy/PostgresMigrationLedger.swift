package import FoundationEssentials
package import HookgateCore
package import PostgresClient
import Synchronization

/// Writes integrations and the journal of it in PostgreSQL.
package struct PostgresMigrationLedger: MigrationLedger {
    /// One lock for all that moves a fleet; every process that migrates this database asks for it.
    static let runLockKey: Int64 = 0x686F_6F6B_6D69_6772  // "hookmigr"

    /// Every transaction that writes shares this one until it ends.
    private static let writersKey: Int64 = runLockKey + 1

    let pool: PostgresPool
    private let lockURL: String
    /// How long a statement waits for a row that somebody else is changing.
    private let lockTimeout: Duration

    /// - Parameter lockURL: the database again, without a transaction pooler before it where there is one.
    package init(pool: PostgresPool, lockURL: String, lockTimeout: Duration = .seconds(5)) {
        self.pool = pool
        self.lockURL = lockURL
        self.lockTimeout = lockTimeout
    }

    package func withRunLock<Success: Sendable>(
        wait: Duration, onWait: @escaping @Sendable () async throws -> Void,
        body: @escaping @Sendable () async throws -> Success
    ) async throws -> Success {
        if let value = try await ifLocked(within: .zero, body: body) { return value }
        guard wait > .zero else { throw MigrationError.anotherRunIsActive }
        try await onWait()
        guard let value = try await ifLocked(within: wait, body: body) else { throw MigrationError.anotherRunIsActive }
        return value
    }

    /// Nil when another run held the lock all the time.
    private func ifLocked<Success: Sendable>(
        within wait: Duration, body: @escaping @Sendable () async throws -> Success
    ) async throws -> Success? {
        let attempt = LockAttempt()
        do {
            return try await AdvisoryLock.withLock(url: lockURL, key: Self.runLockKey, wait: wait) {
                attempt.isInside.store(true, ordering: .relaxed)
                try await letStrayWritersEnd()
                return try await body()
            }
        } catch let error as PostgresError where error.kind == .timedOut && !attempt.isInside.load(ordering: .relaxed) {
            return nil
        }
    }

    /// A process that was killed frees the run lock at once, while the server may still be at its last statement, which
    /// can be a COMMIT: what is planned before that has ended is planned on what is about to change.
    private func letStrayWritersEnd() async throws {
        _ = try await bounded { connection in
            try await connection.query("SELECT pg_advisory_xact_lock($1::bigint)", [Self.writersKey])
        }
    }

    package func beginRun(_ id: RunID, at now: Date) async throws {
        let shapes = try await TableShapes.load(from: pool)
        for table in [TableShapes.integrations, TableShapes.migrationRows] where shapes.readable(table) == nil {
            throw MigrationError.schemaMissing("table \(table)")
        }
        guard shapes.readable(TableShapes.integrations)?.has("migrated_run") == true else {
            throw MigrationError.schemaMissing("column migrated_run of \(TableShapes.integrations)")
        }
        try await pool.query(
            """
            INSERT INTO hookgate.migration_runs (id, state, started_at) VALUES ($1::uuid, 'running', $2::timestamptz)
            ON CONFLICT (id) DO UPDATE SET state = 'running', finished_at = NULL
            """, [id.uuid, now])
    }

    package func write(_ batch: [PlannedInstance], run: RunID, at now: Date) async throws -> BatchOutcome {
        try await RefusalSearch.write(batch) { try await commit($0, run: run, now: now) }
    }

    package func finishRun(_ id: RunID, outcome: RunOutcome, at now: Date) async throws {
        try await pool.query(
            """
            UPDATE hookgate.migration_runs SET state = $2, finished_at = $3::timestamptz, digest = $4, counts = $5::jsonb
            WHERE id = $1::uuid
            """,
            [id.uuid, outcome.state.rawValue, now, outcome.digest, PostgresJSON(text: outcome.counts.json)])
    }

    private func commit(_ batch: [PlannedInstance], run: RunID, now: Date) async throws -> Set<InstanceName> {
        try await writing { connection in
            var names: [String] = []
            let seal = batch.contains(where: \.replacesConfigMember) ? try await JournalSeal.load(connection) : nil
            for statement in [
                WriteStatement.insert(batch, run: run, now: now),
                try .update(batch, run: run, now: now, seal: seal),
            ] {
                guard let statement else { continue }
                let rows = try await connection.query(statement.sql, statement.parameters)
                names += try rows.map { try $0.decode("instance_name", as: String.self) }
            }
            return Set(names.map { InstanceName($0) })
        }
    }

    /// A transaction that writes: the next run waits for its end, even where its own process is gone.
    func writing<Success>(_ body: (PostgresConnection) async throws -> Success) async throws -> Success {
        try await bounded { connection in
            try await connection.query("SELECT pg_advisory_xact_lock_shared($1::bigint)", [Self.writersKey])
            return try await body(connection)
        }
    }

    /// A transaction that waits for no lock longer than it must, in which rows print as everywhere else, and whose
    /// statements are not compiled: on a table without statistics that would take longer than running them.
    private func bounded<Success>(_ body: (PostgresConnection) async throws -> Success) async throws -> Success {
        let (seconds, attoseconds) = lockTimeout.components
        let milliseconds = seconds * 1_000 + attoseconds / 1_000_000_000_000_000
        do {
            return try await pool.transaction { connection in
                try await connection.execute(
                    script: "SET LOCAL lock_timeout = \(milliseconds); SET LOCAL TIME ZONE 'UTC'; SET LOCAL jit = off")
                return try await body(connection)
            }
        } catch let error as PostgresError where error.sqlState == "55P03" {
            throw MigrationError.lockedOut("\(lockTimeout)")
        }
    }
}

/// Tells a lock that was not granted from a body that ran out of time itself.
private final class LockAttempt: Sendable {
    let isInside = Atomic(false)
}
