import FoundationEssentials
import HookgateCore
import PostgresClient

/// One look at what the inbox keeps and need not any more.
///
/// A day on which nothing is needed is dropped whole. Where something of a day still waits, or was asked for again, the
/// rest is deleted in small transactions. Whatever is done is safe to do twice, and beside another who does it.
struct RetentionPass {
    /// Rows in one transaction.
    static let batch = 1_000
    /// Transactions of deletions in one pass, so that it ends before its lease.
    static let mostBatches = 500
    /// The gates of a cleanup look at this much of the traffic, however short events are kept.
    private static let leastTraffic = Duration.seconds(90 * 86_400)

    let pool: PostgresPool
    let times: RetentionTimes
    let now: Date

    private var summary = RetentionSummary()
    private var batches = 0

    init(pool: PostgresPool, times: RetentionTimes, now: Date) {
        self.pool = pool
        self.times = times
        self.now = now
    }

    /// Removes, a bounded amount at a time, and notes what it removed in the audit log.
    static func run(pool: PostgresPool, times: RetentionTimes, now: Date) async throws -> RetentionSummary {
        var pass = RetentionPass(pool: pool, times: times, now: now)
        do {
            try await pass.removeBodies()
            try await pass.removeEvents()
            try await pass.removeRecords()
        } catch {
            // What is done is done, and is noted also where the rest fails.
            try? await pass.note()
            throw error
        }
        try await pass.note()
        return pass.summary
    }

    // MARK: Bodies

    private mutating func removeBodies() async throws {
        let cutoff = before(times.bodies)
        for day in try await days(of: "event_bodies", endedBefore: cutoff) {
            switch try await EventDay(day: day, pool: pool).dropBodies(settledBefore: cutoff) {
            case .dropped: summary.bodyDays += 1
            case .busy: break
            case .needed:
                summary.keptDays += 1
                summary.bodies += try await inBatches(Self.deleteBodies, [day, cutoff])
            }
        }
    }

    /// Both rows are locked, so that one that is asked for again at this moment keeps its body.
    private static let deleteBodies = """
        WITH chosen AS (
            SELECT b.day, b.id FROM hookgate.event_bodies AS b JOIN hookgate.events AS e USING (day, id)
            WHERE b.day = $1::date AND e.day = $1::date AND \(EventDay.isOver("e", "$2")) LIMIT \(batch)
            FOR UPDATE OF b, e SKIP LOCKED
        ), removed AS (
            DELETE FROM hookgate.event_bodies AS b USING chosen AS c WHERE b.day = c.day AND b.id = c.id RETURNING 1
        )
        SELECT count(*)::bigint AS removed FROM removed
        """

    // MARK: Events

    private mutating func removeEvents() async throws {
        let cutoff = before(times.events)
        for day in try await days(of: "events", endedBefore: cutoff) {
            switch try await EventDay(day: day, pool: pool).drop(settledBefore: cutoff) {
            case .dropped: summary.eventDays += 1
            case .busy: break
            case .needed: summary.events += try await inBatches(Self.deleteEvents, [day, cutoff])
            }
        }
    }

    private static let deleteEvents = """
        WITH chosen AS (
            SELECT day, id, state, gateway_id FROM hookgate.events AS e
            WHERE day = $1::date AND \(EventDay.isOver("e", "$2")) LIMIT \(batch) FOR UPDATE SKIP LOCKED
        ), bodies AS (
            DELETE FROM hookgate.event_bodies AS b USING chosen AS c WHERE b.day = c.day AND b.id = c.id
        ), attempts AS (
            DELETE FROM hookgate.delivery_attempts AS a USING chosen AS c WHERE a.day = c.day AND a.event_id = c.id
        ), removed AS (
            DELETE FROM hookgate.events AS e USING chosen AS c WHERE e.day = c.day AND e.id = c.id
            RETURNING e.day, e.gateway_id, e.state
        ), counted AS (
            INSERT INTO hookgate.retired_events AS so_far (gateway_id, day, state, count)
            SELECT \(EventDay.gateway), day, state, count(*) FROM removed GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
            ON CONFLICT (gateway_id, day, state) DO UPDATE SET count = so_far.count + excluded.count
        )
        SELECT count(*)::bigint AS removed FROM removed
        """

    // MARK: Records

    private mutating func removeRecords() async throws {
        let events = before(times.events)
        let traffic = before(max(times.events, Self.leastTraffic))
        summary.records += try await inBatches(
            Self.deleteRows(
                "hookgate.route_traffic", key: "instance_name, route, day",
                where: "day < ($1::timestamptz AT TIME ZONE 'UTC')::date ORDER BY day"), [traffic])
        summary.records += try await inBatches(
            Self.deleteRows(
                "hookgate.coverage", key: "gateway_id, listening_from",
                where: "listening_until < $1 ORDER BY listening_until"), [traffic])
        // In the order in which they were made, which is that of their numbers.
        summary.records += try await inBatches(
            Self.deleteRows(
                "hookgate.event_decisions", key: "id",
                where: "id IN (SELECT id FROM hookgate.event_decisions ORDER BY id LIMIT \(Self.batch)) "
                    + "AND decided_at < $1"), [events])
        for _ in 0..<Self.mostBatches {
            guard try await DedupeLedger.forgetExpired(in: pool, at: now) else { break }
        }
    }

    private static func deleteRows(_ table: String, key: String, where condition: String) -> String {
        """
        WITH removed AS (
            DELETE FROM \(table) WHERE (\(key)) IN (
                SELECT \(key) FROM \(table) WHERE \(condition) LIMIT \(batch) FOR UPDATE SKIP LOCKED)
            RETURNING 1
        )
        SELECT count(*)::bigint AS removed FROM removed
        """
    }

    // MARK: In small steps

    private mutating func inBatches(_ statement: String, _ parameters: [any PostgresEncodable]) async throws -> Int {
        var total = 0
        while true {
            guard batches < Self.mostBatches else {
                summary.isFinished = false
                return total
            }
            batches += 1
            let removed = Int(
                try await pool.query(statement, parameters)[0].decode("removed", as: Int64.self))
            total += removed
            if removed < Self.batch { return total }
        }
    }

    private func before(_ duration: Duration) -> Date {
        now.addingTimeInterval(-Double(duration.components.seconds))
    }

    /// Days all of whose instants lie before one.
    private func days(of table: String, endedBefore cutoff: Date) async throws -> [String] {
        let last = EventConditions.day(cutoff)
        // As texts they sort as they do as days.
        return try await EventDays.all(of: table, pool).filter { $0 < last }
    }

    private struct AuditDetail: Encodable {
        let bodies: Int
        let events: Int
        let bodyDays: Int
        let eventDays: Int
        let records: Int
    }

    private func note() async throws {
        guard !summary.isEmpty else { return }
        let entry = try AuditEntry(
            actor: "hookgate", action: "retention", subject: nil,
            detail: AuditDetail(
                bodies: summary.bodies, events: summary.events, bodyDays: summary.bodyDays,
                eventDays: summary.eventDays, records: summary.records))
        try await pool.transaction { connection in try await AuditLog.append(entry, at: now, on: connection) }
    }
}
