package import FoundationEssentials
package import HookgateCore
import PostgresClient

extension PostgresDeliveryQueue {
    /// Everything of a batch in one statement, which is one transaction. Whoever lost a lease finds nothing fenced, and
    /// changes nothing; nobody can take a lease while this runs. What was begun under a lease that was lost and is held
    /// anew by now is fenced off by its number, one outcome at a time.
    private static let write = """
        WITH fenced AS (
            SELECT p.partition, p.fencing FROM hookgate.delivery_partitions AS p
            JOIN (SELECT DISTINCT partition, fencing FROM unnest($2::smallint[], $3::bigint[])
                AS t(partition, fencing)) AS mine USING (partition)
            WHERE p.holder = $1 AND p.fencing = mine.fencing
            ORDER BY p.partition FOR SHARE OF p
        ), outcomes AS MATERIALIZED (
            SELECT * FROM unnest($2::smallint[], $3::bigint[], $4::bigint[], $5::uuid[], $6::timestamptz[], $7::text[],
                $8::text[], $9::text[], $10::timestamptz[], $11::int[], $12::int[])
            AS t(partition, fencing, lane, event_id, received_at, verdict, state, reason, until, attempts, rejections)
            JOIN fenced USING (partition, fencing)
        ), locked AS MATERIALIZED (
            -- In one order everywhere: the triggers of the shippers take these locks too.
            SELECT l.lane FROM hookgate.delivery_lanes AS l WHERE l.lane IN (SELECT lane FROM outcomes)
            ORDER BY l.lane FOR UPDATE
        ), settled AS (
            UPDATE hookgate.events AS e SET state = o.state, settled_at = $13, settled_reason = o.reason
            FROM outcomes AS o
            WHERE o.state IS NOT NULL AND e.day = (o.received_at AT TIME ZONE 'UTC')::date AND e.id = o.event_id
                -- Not by the index of states, in which everything that waits stands.
                AND e.state IS NOT DISTINCT FROM 'pending' AND e.day BETWEEN $14::date AND $15::date
        ), tried AS (
            UPDATE hookgate.delivery_queue AS q
            SET attempts = o.attempts, rejections = o.rejections,
                first_attempt_at = CASE WHEN o.verdict = 'retry' THEN coalesce(q.first_attempt_at, $13)
                    ELSE q.first_attempt_at END,
                waits_until = CASE WHEN o.verdict = 'wait' THEN o.until ELSE q.waits_until END
            FROM outcomes AS o
            WHERE o.verdict IN ('retry', 'wait') AND q.lane = o.lane AND q.received_at = o.received_at
                AND q.event_id = o.event_id
        ), rested AS (
            UPDATE hookgate.delivery_lanes AS l
            SET due_at = o.until, hold = CASE o.verdict WHEN 'retry' THEN 'retry' ELSE 'message' END
            FROM outcomes AS o
            WHERE l.lane = o.lane AND (o.verdict = 'retry' OR o.verdict = 'rest'
                -- Something else may have come since somebody looked; the lane's own count knows of it, also where it
                -- came while this statement waited for the lane.
                AND l.waiting <= (
                    SELECT count(*) FROM hookgate.delivery_queue AS q WHERE q.lane = l.lane AND q.waits_until > $13))
        ), attempted AS (
            INSERT INTO hookgate.delivery_attempts (
                event_id, day, attempt, started_at, duration_ms, result, status, destination, is_orphan, worker)
            SELECT a.event_id, (a.received_at AT TIME ZONE 'UTC')::date, a.attempt, a.started_at, a.duration_ms,
                a.result, a.status, a.destination, a.is_orphan, $1
            FROM unnest($16::smallint[], $17::uuid[], $18::timestamptz[], $19::int[], $20::timestamptz[],
                $21::bigint[], $22::text[], $23::int[], $24::text[], $25::boolean[], $26::bigint[])
            AS a(partition, event_id, received_at, attempt, started_at, duration_ms, result, status, destination,
                is_orphan, fencing)
            JOIN fenced USING (partition, fencing)
        )
        SELECT partition, (SELECT count(*) FROM locked) AS lanes FROM fenced
        """

    package func record(
        _ outcomes: [DeliveryOutcome], by worker: WorkerID, at now: Date
    ) async throws -> PartitionSet {
        guard !outcomes.isEmpty else { return [] }
        let rows = try await pool.query(Self.write, Self.parameters(outcomes, worker, now))
        return PartitionSet(try rows.map { row in try row.decode("partition", as: Int.self) })
    }

    private static func parameters(
        _ outcomes: [DeliveryOutcome], _ worker: WorkerID, _ now: Date
    ) -> [any PostgresEncodable] {
        let words = outcomes.map { Words($0.verdict) }
        let days = DaySpan(outcomes.compactMap(\.event?.receivedAt))
        let tried = outcomes.filter { $0.attempt != nil && $0.event != nil }
        let attempts = tried.compactMap(\.attempt)
        return [
            worker.uuid, outcomes.map(\.partition), outcomes.map(\.fencing), outcomes.map(\.lane),
            outcomes.map(\.event?.id.uuid), outcomes.map(\.event?.receivedAt), words.map(\.verdict),
            words.map(\.state), words.map(\.reason), words.map(\.until), outcomes.map(\.attempts),
            outcomes.map(\.rejections), now, days.first, days.last,
            tried.map(\.partition), tried.map(\.event?.id.uuid), tried.map(\.event?.receivedAt),
            attempts.map(\.number), attempts.map(\.startedAt),
            attempts.map { Int64($0.duration / .milliseconds(1)) }, attempts.map(\.result.word),
            attempts.map(\.result.status), attempts.map(\.destination.text), attempts.map(\.isOrphan),
            tried.map(\.fencing),
        ]
    }
}

/// A verdict in the columns of the statement.
private struct Words {
    let verdict: String
    let state: String?
    let reason: String?
    let until: Date?

    init(_ verdict: DeliveryOutcome.Verdict) {
        switch verdict {
        case .delivered: self.init("settled", .delivered)
        case .filtered(let reason): self.init("settled", .filtered, reason.rawValue)
        case .parked(let reason): self.init("settled", .parked, reason.rawValue)
        case .retry(let at): self.init("retry", until: at)
        case .waitForMessage(let until): self.init("wait", until: until)
        case .rest(let until): self.init("rest", until: until)
        case .dropped: self.init("dropped")
        }
    }

    private init(_ verdict: String, _ state: EventState? = nil, _ reason: String? = nil, until: Date? = nil) {
        self.verdict = verdict
        self.state = state?.rawValue
        self.reason = reason
        self.until = until
    }
}
