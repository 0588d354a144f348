import Crypto
import FoundationEssentials
package import HookgateCore
package import PostgresClient

/// The keys in `hookgate.body_keys`, as a person manages them.
package struct PostgresBodyKeys: BodyKeeping {
    /// Keys that are wrapped anew in one transaction.
    private static let batch = 500

    private let pool: PostgresPool
    private let masterKeys: BodyMasterKeys?

    package init(pool: PostgresPool, masterKeys: BodyMasterKeys?) {
        self.pool = pool
        self.masterKeys = masterKeys
    }

    package func findings(_ organization: OrganizationID) async throws -> KeyFindings {
        var found = KeyFindings(keys: try await livingKeys(organization, on: pool))
        for day in try await EventDays.all(pool) {
            let rows = try await pool.query(
                """
                SELECT count(*) FILTER (WHERE e.state IN \(EventState.waitingSQL))::bigint AS waiting,
                    count(b.id) FILTER (WHERE \(Self.isClear))::bigint AS clear
                FROM hookgate.events AS e LEFT JOIN hookgate.event_bodies AS b ON b.day = e.day AND b.id = e.id
                WHERE e.day = $1::date AND e.organization_id = $2
                """, [day, organization.uuid])
            found.waiting += Int(try rows[0].decode("waiting", as: Int64.self))
            found.clearBodies += Int(try rows[0].decode("clear", as: Int64.self))
        }
        return found
    }

    package func forget(_ organization: OrganizationID, act: QuarantineAct) async throws -> KeyFindings {
        // The key first: from then on nobody reads what it sealed, whatever interrupts the rest.
        var forgotten = KeyFindings(
            keys: try await pool.transaction { connection in
                let keys = try await connection.query(
                    """
                    UPDATE hookgate.body_keys SET wrapped = NULL, forgotten_at = $2
                    WHERE organization_id = $1 AND forgotten_at IS NULL
                    """, [organization.uuid, act.decidedAt]
                ).affectedRowCount
                try await note(
                    "events.forget_key", organization, Forgotten(keys: keys, note: act.note), act, connection)
                return keys
            })
        for day in try await EventDays.all(pool) {
            let rows = try await pool.query(Self.emptyDay, [day, organization.uuid, act.decidedAt])
            forgotten.waiting += Int(try rows[0].decode("waiting", as: Int64.self))
            forgotten.clearBodies += Int(try rows[0].decode("clear", as: Int64.self))
        }
        // Or the wrapped key would lie on in the table's file until somebody else cleans it.
        try await pool.execute(script: "VACUUM hookgate.body_keys")
        return forgotten
    }

    package func rewrap(act: QuarantineAct) async throws -> RewrapCount {
        guard let masterKeys else { throw BodyKeysMissing() }
        var total = RewrapCount()
        var last = UUIDBytes.zero
        while true {
            let from = last
            let (count, next) = try await pool.transaction { connection in
                try await rewrapBatch(after: from, masterKeys, act, on: connection)
            }
            total.rewrapped += count.rewrapped
            total.current += count.current
            total.unopened += count.unopened
            guard let next else { return total }
            last = next
        }
    }

    /// - Returns: the last key that was looked at; nil when there are no more.
    private func rewrapBatch(
        after last: UUID, _ masterKeys: BodyMasterKeys, _ act: QuarantineAct, on connection: PostgresConnection
    ) async throws -> (RewrapCount, UUID?) {
        let rows = try await connection.query(
            """
            SELECT \(OrganizationKeys.columns) FROM hookgate.body_keys
            WHERE id > $1 AND forgotten_at IS NULL ORDER BY id LIMIT \(Self.batch) FOR UPDATE
            """, [last])
        var count = RewrapCount()
        var changed: [(id: UUID, wrapped: [UInt8])] = []
        let keys = try rows.map { row in try OrganizationKeys.Row(row) }
        for row in keys {
            if row.master == masterKeys.current.fingerprint, row.unwrapped(masterKeys) != nil {
                count.current += 1
            } else if let key = row.unwrapped(masterKeys) {
                changed.append((row.id, try masterKeys.current.wrap(key, id: row.id, organization: row.organization)))
            } else {
                count.unopened += 1
            }
        }
        count.rewrapped = changed.count
        if !changed.isEmpty {
            try await connection.query(
                """
                UPDATE hookgate.body_keys AS k SET master = $3, wrapped = t.wrapped
                FROM unnest($1::uuid[], $2::bytea[]) AS t(id, wrapped) WHERE k.id = t.id
                """, [changed.map(\.id), changed.map(\.wrapped), masterKeys.current.fingerprint])
            try await note("events.rewrap_keys", nil, Rewrapped(keys: changed.count), act, connection)
        }
        return (count, keys.count == Self.batch ? keys.last?.id : nil)
    }

    /// A sealed body begins with its marker, JSON never does.
    private static let isClear = "get_byte(b.body, 0) <> 1"

    private static let emptyDay = """
        WITH chosen AS (
            SELECT day, id, state FROM hookgate.events WHERE day = $1::date AND organization_id = $2 FOR UPDATE
        ), cleared AS (
            DELETE FROM hookgate.event_bodies AS b USING chosen AS c
            WHERE b.day = c.day AND b.id = c.id AND \(isClear) RETURNING b.id
        ), discarded AS (
            UPDATE hookgate.events AS e SET state = 'discarded', settled_at = $3 FROM chosen AS c
            WHERE e.day = c.day AND e.id = c.id AND c.state IN \(EventState.waitingSQL)
                -- What came since is sealed with a key of its own, and goes on.
                AND NOT EXISTS (
                    SELECT FROM hookgate.event_bodies AS b
                    JOIN hookgate.body_keys AS k ON uuid_send(k.id) = substring(b.body FROM 2 FOR 16)
                    WHERE b.day = c.day AND b.id = c.id AND NOT \(isClear) AND k.forgotten_at IS NULL)
            RETURNING e.id
        )
        SELECT (SELECT count(*) FROM discarded)::bigint AS waiting, (SELECT count(*) FROM cleared)::bigint AS clear
        """

    private struct Forgotten: Encodable {
        let keys: Int
        let note: String?
    }

    private struct Rewrapped: Encodable {
        let keys: Int
    }

    private func livingKeys(_ organization: OrganizationID, on executor: some PostgresExecutor) async throws -> Int {
        let rows = try await executor.query(
            """
            SELECT count(*)::bigint AS keys FROM hookgate.body_keys
            WHERE organization_id = $1 AND forgotten_at IS NULL
            """, [organization.uuid])
        return Int(try rows[0].decode("keys", as: Int64.self))
    }

    private func note(
        _ action: String, _ organization: OrganizationID?, _ detail: some Encodable, _ act: QuarantineAct,
        _ connection: PostgresConnection
    ) async throws {
        try await AuditLog.append(
            AuditEntry(actor: act.actor, action: action, subject: organization?.text, detail: detail),
            at: act.decidedAt, on: connection)
    }
}

/// There is no master key to wrap anything with.
package struct BodyKeysMissing: Error, CustomStringConvertible {
    package init() {}

    package var description: String {
        "no master key is configured: set body-encryption-key to the one of today, and body-encryption-old-keys to those "
            + "before it"
    }
}
