import FoundationEssentials
import HookgateCore
import PostgresClient

/// Changes of who has access are made one after the other: two that each count on the other's way in would together
/// leave none.
enum AccessGuard {
    /// "hookaccs" in ASCII.
    private static let lockKey: Int64 = 0x686F_6F6B_6163_6373

    static func lock(_ connection: PostgresConnection) async throws(PostgresError) {
        try await connection.query("SELECT pg_advisory_xact_lock($1::bigint)", [self.lockKey])
    }

    /// Does a deed and notes it; undoes it where it would take the last way in, or was only to be tried.
    static func carryOut<Record>(
        _ act: AccessAct, on pool: PostgresPool, entry: (Record, EndedAccess) throws -> AuditEntry,
        _ deed: (PostgresConnection) async throws -> AccessOutcome<Record>
    ) async throws -> AccessOutcome<Record> {
        do {
            return try await pool.transaction { connection in
                try await self.lock(connection)
                let before = try await WaysIn.count(at: act.now, on: connection)
                let outcome = try await deed(connection)
                guard case .done(let record, let ended) = outcome else { return outcome }
                let after = try await WaysIn.count(at: act.now, on: connection)
                if after.isTheEnd(of: before), !act.hasConfiguredToken, !act.isForced {
                    throw Undone(outcome: AccessOutcome<Record>.lastWayIn)
                }
                if act.isDryRun { throw Undone(outcome: outcome) }
                try await AuditLog.append(try entry(record, ended), at: act.now, on: connection)
                return outcome
            }
        } catch let undone as Undone<Record> {
            return undone.outcome
        }
    }

    /// Takes the transaction back.
    private struct Undone<Record: Sendable & Equatable>: Error {
        let outcome: AccessOutcome<Record>
    }
}

/// By what somebody can get in as an admin of all organizations, the configuration's token aside.
private struct WaysIn {
    let all: Int
    /// Without links, which are good for a day or a session.
    let lasting: Int

    /// Whether something went that led in, and nothing that lasts is left.
    func isTheEnd(of before: WaysIn) -> Bool { self.all < before.all && self.lasting == 0 }

    static func count(at now: Date, on connection: PostgresConnection) async throws -> WaysIn {
        let row = try await connection.query(
            """
            SELECT count(*) AS ways, count(*) FILTER (WHERE kind = 'key') AS lasting
            FROM (SELECT \(AccessKeySQL.columns), k.used_at, u.disabled_at \(AccessKeySQL.source)) AS k
            WHERE role = 'admin' AND organization_id IS NULL AND revoked_at IS NULL AND disabled_at IS NULL
                AND ((used_at IS NULL AND (expires_at IS NULL OR expires_at > $1))
                    OR (kind = 'link' AND EXISTS (
                        SELECT FROM hookgate.console_sessions AS s WHERE s.key_id = k.id AND s.expires_at > $1)))
            """, [now])[0]
        return WaysIn(all: try row.decode("ways"), lasting: try row.decode("lasting"))
    }
}
