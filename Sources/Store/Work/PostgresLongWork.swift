package import FoundationEssentials
package import HookgateCore
package import PostgresClient

/// Long work in `hookgate.long_work`.
package struct PostgresLongWork: LongWorkLedger {
    /// Of each kind, for looking back at.
    package static let mostEnded = 20
    /// How often a beginning looks anew for what is in its way: it may end at that moment.
    private static let mostLooks = 3

    private static let columns = """
        id, kind, actor, request, report, state, error, begun_at, ended_at, fencing, tries
        """
    private static let isOpen = "state IN ('running', 'stopping')"
    /// What a holder may change: `$1` is the work, `$2` and `$3` holder and number of the lease.
    private static let isHeld = "id = $1 AND holder = $2 AND fencing = $3 AND \(isOpen)"

    private let pool: PostgresPool

    package init(pool: PostgresPool) {
        self.pool = pool
    }

    package func begin(
        _ draft: LongWorkDraft, noting entry: AuditEntry?, by holder: UUID, until end: Date, at now: Date
    ) async throws -> LongWorkBeginning {
        for _ in 0..<Self.mostLooks {
            if let lease = try await insert(draft, entry, holder, end, now) { return .begun(lease) }
            let open = try await pool.query(
                "SELECT \(Self.columns) FROM hookgate.long_work WHERE kind = $1 AND \(Self.isOpen)", [draft.kind])
            if let row = open.first { return .underWay(try Self.record(row)) }
        }
        throw LongWorkError.keepsChanging
    }

    /// Nil when one of its kind is open.
    private func insert(
        _ draft: LongWorkDraft, _ entry: AuditEntry?, _ holder: UUID, _ end: Date, _ now: Date
    ) async throws -> LongWorkLease? {
        try await pool.transaction { connection in
            let rows = try await connection.query(
                """
                INSERT INTO hookgate.long_work
                    (id, kind, actor, request, state, begun_at, changed_at, holder, leased_until)
                VALUES ($1, $2, $3, $4, 'running', $5, $5, $6, $7)
                ON CONFLICT (kind) WHERE \(Self.isOpen) DO NOTHING RETURNING fencing
                """, [draft.id.uuid, draft.kind, draft.actor, draft.request, now, holder, end])
            guard let row = rows.first else { return nil }
            if let entry { try await AuditLog.append(entry, at: now, on: connection) }
            try await connection.query(
                """
                DELETE FROM hookgate.long_work WHERE id IN (
                    SELECT id FROM hookgate.long_work WHERE kind = $1 AND NOT \(Self.isOpen)
                    ORDER BY begun_at DESC, id OFFSET \(Self.mostEnded))
                """, [draft.kind])
            return LongWorkLease(id: draft.id, holder: holder, fencing: try row.decode("fencing"))
        }
    }

    package func newest() async throws -> [LongWorkRecord] {
        do {
            return try await pool.query(
                """
                SELECT DISTINCT ON (kind) \(Self.columns) FROM hookgate.long_work
                ORDER BY kind, \(Self.isOpen) DESC, begun_at DESC, id
                """
            ).map(Self.record)
        } catch let error as PostgresError where error.isOfMissingTable {
            return []
        }
    }

    package func keep(
        _ lease: LongWorkLease, report: String, until end: Date, at now: Date
    ) async throws -> LongWorkRecord.State? {
        let rows = try await pool.query(
            """
            UPDATE hookgate.long_work SET report = $4, leased_until = $5, changed_at = $6
            WHERE \(Self.isHeld) RETURNING state
            """, [lease.id.uuid, lease.holder, lease.fencing, report, end, now])
        return try rows.first.map { try Self.state(try $0.decode("state")) }
    }

    package func end(
        _ lease: LongWorkLease, as state: LongWorkRecord.State, error: String?, report: String, at now: Date
    ) async throws -> Bool {
        try await pool.query(
            """
            UPDATE hookgate.long_work SET state = $4, error = $5, report = $6, ended_at = $7, changed_at = $7
            WHERE \(Self.isHeld)
            """, [lease.id.uuid, lease.holder, lease.fencing, state.rawValue, error, report, now]
        ).affectedRowCount == 1
    }

    package func giveBack(
        _ lease: LongWorkLease, isInGoodOrder: Bool, report: String, at now: Date
    ) async throws {
        try await pool.query(
            """
            UPDATE hookgate.long_work SET report = $4, leased_until = $5, changed_at = $5, tries = tries - $6::int
            WHERE \(Self.isHeld)
            """, [lease.id.uuid, lease.holder, lease.fencing, report, now, isInGoodOrder ? 1 : 0])
    }

    package func stop(_ id: LongWorkID, at now: Date) async throws {
        try await pool.query(
            "UPDATE hookgate.long_work SET state = 'stopping', changed_at = $2 WHERE id = $1 AND state = 'running'",
            [id.uuid, now])
    }

    package func abandoned(at now: Date) async throws -> [LongWorkRecord] {
        do {
            return try await pool.query(
                """
                SELECT \(Self.columns) FROM hookgate.long_work WHERE \(Self.isOpen) AND leased_until <= $1
                ORDER BY begun_at, id
                """, [now]
            ).map(Self.record)
        } catch let error as PostgresError where error.isOfMissingTable {
            return []
        }
    }

    package func takeOver(
        _ record: LongWorkRecord, noting entry: AuditEntry?, by holder: UUID, until end: Date, at now: Date
    ) async throws -> LongWorkLease? {
        try await pool.transaction { connection in
            let rows = try await connection.query(
                """
                UPDATE hookgate.long_work SET holder = $3, leased_until = $4, changed_at = $5, fencing = fencing + 1,
                    tries = tries + 1
                WHERE id = $1 AND fencing = $2 AND leased_until <= $5 AND \(Self.isOpen) RETURNING fencing
                """, [record.id.uuid, record.fencing, holder, end, now])
            guard let row = rows.first else { return nil }
            if let entry { try await AuditLog.append(entry, at: now, on: connection) }
            return LongWorkLease(id: record.id, holder: holder, fencing: try row.decode("fencing"))
        }
    }

    private static func record(_ row: PostgresRow) throws -> LongWorkRecord {
        LongWorkRecord(
            id: LongWorkID(try row.decode("id", as: UUID.self)), kind: try row.decode("kind"),
            actor: try row.decode("actor"), request: try row.decode("request"),
            state: try Self.state(try row.decode("state")), error: try row.decode("error"),
            report: try row.decode("report"), begunAt: try row.decode("begun_at"),
            endedAt: try row.decode("ended_at"), fencing: try row.decode("fencing"), tries: try row.decode("tries"))
    }

    private static func state(_ word: String) throws -> LongWorkRecord.State {
        guard let state = LongWorkRecord.State(rawValue: word) else { throw LongWorkError.unknownState(word) }
        return state
    }
}

/// Why long work cannot be read or begun.
enum LongWorkError: Error, CustomStringConvertible {
    case unknownState(String)
    case keepsChanging

    var description: String {
        switch self {
        case .unknownState(let word):
            "hookgate.long_work holds the state '\(word.printable)', which a newer hookgate wrote; use it"
        case .keepsChanging: "others begin and end the same work all the time; look at it, then try again"
        }
    }
}
