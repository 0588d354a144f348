import FoundationEssentials
import HookgateCore
import PostgresClient

/// The partitions of one day, and whether they may go.
struct EventDay {
    /// Dropping needs the parent for itself for a moment, and whoever comes after stands behind it. So it gives up soon,
    /// before the server would look for a deadlock, and is tried again with the next pass.
    private static let patience = "500ms"
    /// What a server says when a lock was not granted in time, or two waited for each other.
    private static let lockStates: Set<String?> = ["55P03", "40P01"]

    /// Which gateway an event counts for; all zeros for one of which nobody noted it.
    static let gateway = "coalesce(gateway_id, '00000000-0000-0000-0000-000000000000')"

    /// What became of a day.
    enum Outcome {
        case dropped
        /// Something of it is needed: the rest is to be deleted row by row.
        case needed
        /// Somebody else kept a lock: the next pass tries again.
        case busy
    }

    let day: String
    let pool: PostgresPool

    private var suffix: String { String(day.filter { $0 != "-" }) }

    /// Of an event: that nothing more happens to it, and has not since an instant.
    static func isOver(_ event: String, _ instant: String) -> String {
        "\(event).state NOT IN \(EventState.waitingSQL) "
            + "AND coalesce(\(event).settled_at, \(event).stored_at) <= \(instant)"
    }

    /// Drops the day's bodies when none of them is needed.
    func dropBodies(settledBefore cutoff: Date) async throws -> Outcome {
        guard try await !isAnyBodyNeeded(cutoff, pool) else { return .needed }
        return try await unlessBusy { connection in
            try await lock(["event_bodies"], on: connection)
            guard try await !isAnyBodyNeeded(cutoff, connection) else { return .needed }
            try await drop(["event_bodies"], on: connection)
            return .dropped
        }
    }

    /// Drops the day altogether when nothing of it is needed, and counts what was in it.
    func drop(settledBefore cutoff: Date) async throws -> Outcome {
        guard try await !isAnyEventNeeded(cutoff, pool) else { return .needed }
        return try await unlessBusy { connection in
            let tables = ["events", "event_bodies", "delivery_attempts"]
            try await lock(tables, on: connection)
            guard try await !isAnyEventNeeded(cutoff, connection) else { return .needed }
            try await connection.query(
                """
                INSERT INTO hookgate.retired_events AS so_far (gateway_id, day, state, count)
                SELECT \(Self.gateway), day, state, count(*) FROM hookgate.events
                WHERE day = $1::date GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
                ON CONFLICT (gateway_id, day, state) DO UPDATE SET count = so_far.count + excluded.count
                """, [day])
            try await drop(tables, on: connection)
            return .dropped
        }
    }

    private func isAnyBodyNeeded(_ cutoff: Date, _ executor: some PostgresExecutor) async throws -> Bool {
        // Told from the bodies: of a day that was emptied before there are few.
        let rows = try await executor.query(
            """
            SELECT EXISTS (
                SELECT FROM hookgate.event_bodies AS b JOIN hookgate.events AS e USING (day, id)
                WHERE b.day = $1::date AND e.day = $1::date AND NOT (\(Self.isOver("e", "$2")))) AS needed
            """, [day, cutoff])
        return try rows[0].decode("needed")
    }

    private func isAnyEventNeeded(_ cutoff: Date, _ executor: some PostgresExecutor) async throws -> Bool {
        let rows = try await executor.query(
            """
            SELECT EXISTS (
                SELECT FROM hookgate.events AS e
                WHERE e.day = $1::date AND NOT (\(Self.isOver("e", "$2")))) AS needed
            """, [day, cutoff])
        return try rows[0].decode("needed")
    }

    private func unlessBusy(_ body: (PostgresConnection) async throws -> Outcome) async throws -> Outcome {
        do {
            return try await pool.transaction { connection in
                try await connection.execute(script: "SET LOCAL lock_timeout = '\(Self.patience)'")
                return try await body(connection)
            }
        } catch let error as PostgresError where Self.lockStates.contains(error.sqlState) {
            return .busy
        }
    }

    /// Nobody writes to this day any more until the transaction ends; reading goes on.
    private func lock(_ parents: [String], on connection: PostgresConnection) async throws {
        for parent in parents {
            guard let table = try await table(parent, on: connection) else { continue }
            try await connection.execute(script: "LOCK TABLE \(table) IN EXCLUSIVE MODE")
        }
    }

    private func drop(_ parents: [String], on connection: PostgresConnection) async throws {
        for parent in parents {
            guard let table = try await table(parent, on: connection) else { continue }
            try await connection.execute(script: "DROP TABLE \(table)")
        }
    }

    /// Nil when this day has no such partition.
    private func table(_ parent: String, on connection: PostgresConnection) async throws -> String? {
        let name = "hookgate." + PostgresIdentifier.quote("\(parent)_\(suffix)")
        let rows = try await connection.query("SELECT to_regclass($1) IS NOT NULL AS is_there", [name])
        return try rows[0].decode("is_there") ? name : nil
    }
}
