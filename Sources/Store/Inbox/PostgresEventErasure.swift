import FoundationEssentials
package import HookgateCore
package import PostgresClient

/// Erases a chat from `hookgate.events` and `hookgate.event_bodies`.
package struct PostgresEventErasure: EventErasure {
    private static let keyName = "erasure"

    private static let erase = """
        WITH chosen AS (
            SELECT day, id, state FROM hookgate.events WHERE day = $1::date AND chat = $2 FOR UPDATE
        ), bodies AS (
            DELETE FROM hookgate.event_bodies AS b USING chosen AS c WHERE b.day = c.day AND b.id = c.id RETURNING b.id
        ), changed AS (
            UPDATE hookgate.events AS e
            SET chat = NULL, message_id = NULL,
                state = CASE WHEN c.state IN \(EventState.waitingSQL) THEN 'discarded' ELSE c.state END,
                settled_at = CASE WHEN c.state IN \(EventState.waitingSQL) THEN $3 ELSE e.settled_at END
            FROM chosen AS c WHERE e.day = c.day AND e.id = c.id
            RETURNING c.state
        )
        SELECT (SELECT count(*) FROM changed)::bigint AS events, (SELECT count(*) FROM bodies)::bigint AS bodies,
            (SELECT count(*) FROM changed WHERE state IN \(EventState.waitingSQL))::bigint AS waiting
        """

    private let pool: PostgresPool

    package init(pool: PostgresPool) {
        self.pool = pool
    }

    package func findings(chat: String) async throws -> ErasureCount {
        var found = ErasureCount()
        for day in try await EventDays.all(pool) {
            let rows = try await pool.query(
                """
                SELECT count(*)::bigint AS events, count(b.id)::bigint AS bodies,
                    count(*) FILTER (WHERE e.state IN \(EventState.waitingSQL))::bigint AS waiting
                FROM hookgate.events AS e LEFT JOIN hookgate.event_bodies AS b ON b.day = e.day AND b.id = e.id
                WHERE e.day = $1::date AND e.chat = $2
                """, [day, chat])
            found += try Self.count(rows)
        }
        return found
    }

    package func erase(chat: String, act: QuarantineAct) async throws -> ErasureCount {
        let fingerprint = try await fingerprint(ofChat: chat)
        var erased = ErasureCount()
        for day in try await EventDays.all(pool) {
            erased += try await pool.transaction { connection in
                let count = try Self.count(try await connection.query(Self.erase, [day, chat, act.decidedAt]))
                guard count.events > 0 else { return count }
                let entry = try AuditEntry(
                    actor: act.actor, action: "events.erase", subject: "chat \(fingerprint)",
                    detail: AuditDetail(
                        day: day, events: count.events, bodies: count.bodies, discarded: count.waiting, note: act.note))
                try await AuditLog.append(entry, at: act.decidedAt, on: connection)
                return count
            }
        }
        return erased
    }

    package func fingerprint(ofChat chat: String) async throws -> String {
        try await pool.query(
            """
            INSERT INTO hookgate.server_keys (name, key)
            SELECT $1, sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
            ON CONFLICT (name) DO NOTHING
            """, [Self.keyName])
        let rows = try await pool.query(
            """
            SELECT left(encode(sha256(key || convert_to($2, 'UTF8')), 'hex'), 16) AS fingerprint
            FROM hookgate.server_keys WHERE name = $1
            """, [Self.keyName, chat])
        return try rows[0].decode("fingerprint")
    }

    private struct AuditDetail: Encodable {
        let day: String
        let events: Int
        let bodies: Int
        let discarded: Int
        let note: String?
    }

    private static func count(_ rows: PostgresRows) throws -> ErasureCount {
        ErasureCount(
            events: Int(try rows[0].decode("events", as: Int64.self)),
            bodies: Int(try rows[0].decode("bodies", as: Int64.self)),
            waiting: Int(try rows[0].decode("waiting", as: Int64.self)))
    }
}

extension EventState {
    /// The states of what is not done with, as a list in SQL: never removed because time went by.
    static let waitingSQL = "('pending', 'parked', 'quarantined')"
}
