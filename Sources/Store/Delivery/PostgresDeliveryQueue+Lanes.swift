import FoundationEssentials
package import HookgateCore
import PostgresClient

extension PostgresDeliveryQueue {
    /// Events that let others pass and whose message may have come; more of one lane are looked at later.
    private static let waitingPerLane = 16
    /// Of a message: how old it may be and still be known when it is edited or deleted.
    private static let messageDays = 8

    /// Goes from integration to integration, so that the events of one that has very many are no longer way to the
    /// next, and ends with the row that it was asked for, so that it costs what it returns. The tables of events have
    /// no part in it: with a partition for each day they would cost more to plan than all the rest to run.
    private static let pick = """
        WITH found AS MATERIALIZED (
            SELECT p.partition, w.integration_id, l.lane
            FROM unnest($1::smallint[], $2::uuid[]) AS p(partition, behind)
            CROSS JOIN LATERAL (
                WITH RECURSIVE walk AS (
                    (SELECT l.integration_id FROM hookgate.delivery_lanes AS l
                    WHERE l.partition = p.partition AND l.precedence = $3::smallint AND l.integration_id > p.behind
                    ORDER BY l.integration_id LIMIT 1)
                    UNION ALL
                    SELECT further.integration_id FROM walk CROSS JOIN LATERAL (
                        SELECT l.integration_id FROM hookgate.delivery_lanes AS l
                        WHERE l.partition = p.partition AND l.precedence = $3::smallint
                            AND l.integration_id > walk.integration_id
                        ORDER BY l.integration_id LIMIT 1) AS further
                )
                SELECT integration_id FROM walk LIMIT $8::int
            ) AS w
            LEFT JOIN LATERAL (
                SELECT l.lane FROM hookgate.delivery_lanes AS l
                WHERE l.partition = p.partition AND l.precedence = $3::smallint AND l.integration_id = w.integration_id
                    AND l.due_at <= $4 AND w.integration_id <> ALL ($5::uuid[]) AND l.lane <> ALL ($6::bigint[])
                ORDER BY l.due_at LIMIT $9::int
            ) AS l ON true
            LIMIT $7::int
        )
        SELECT f.partition, f.integration_id, f.lane, q.received_at, q.event_id, q.attempts, q.rejections,
            q.first_attempt_at, q.waits_until
        FROM found AS f
        LEFT JOIN LATERAL (
            (SELECT * FROM hookgate.delivery_queue AS q
            WHERE q.lane = f.lane AND (q.waits_until IS NULL OR q.waits_until <= $4)
            ORDER BY q.received_at, q.event_id LIMIT $10::int)
            UNION ALL
            (SELECT * FROM hookgate.delivery_queue AS q
            WHERE q.lane = f.lane AND q.waits_until IS NOT NULL AND q.waits_until > $4
            ORDER BY q.received_at, q.event_id LIMIT \(waitingPerLane))
        ) AS q ON true
        """

    /// One look-up by key for each event, and its state is asked afterwards: what the statistics of a day that has just
    /// begun say of states would lead through everything that waits.
    private static let read = """
        SELECT e.id, e.received_at, e.integration_id, e.organization_id, e.clinic_id, e.instance_name, e.route,
            e.event, e.event_suffix, e.chat, e.message_id, e.body_bytes, e.replayed_at IS NOT NULL AS is_replay, b.body
        FROM unnest($1::uuid[], $2::timestamptz[], $3::boolean[]) AS t(id, received_at, is_first)
        CROSS JOIN LATERAL (
            SELECT * FROM hookgate.events AS e
            WHERE e.day = (t.received_at AT TIME ZONE 'UTC')::date AND e.id = t.id
                AND e.day BETWEEN $4::date AND $5::date LIMIT 1
        ) AS e
        LEFT JOIN LATERAL (
            SELECT b.body FROM hookgate.event_bodies AS b
            WHERE t.is_first AND e.body_bytes <= \(smallBody) AND b.day = e.day AND b.id = e.id
                AND b.day BETWEEN $4::date AND $5::date LIMIT 1
        ) AS b ON true
        WHERE e.state = 'pending'
        """

    private static let knownMessages = """
        SELECT DISTINCT t.id
        FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS t(id, integration_id, message_id)
        CROSS JOIN LATERAL (
            SELECT * FROM hookgate.events AS m
            WHERE m.message_id = t.message_id AND m.day BETWEEN $4::date AND $5::date OFFSET 0
        ) AS m
        WHERE m.integration_id IS NOT DISTINCT FROM t.integration_id
            AND m.state NOT IN ('pending', 'quarantined', 'probe')
            AND translate(lower(m.event), '_-', '..') = ANY ($6::text[])
        """

    package func lanes(_ wish: LaneWish) async throws -> LanePage {
        let limit = wish.lanes + Self.lanelessRows(wish)
        let rows = try await pool.query(
            Self.pick,
            [
                wish.places.map(\.partition), wish.places.map(\.behind), wish.replays ? 1 : 0, wish.now, wish.blocked,
                wish.loaded, limit, wish.integrationsPerPlace, wish.lanesPerIntegration, wish.eventsPerLane,
            ])
        var look = LookedThrough(wish, rowLimit: limit)
        for row in rows { try look.take(row) }
        var page = LanePage()
        page.unfinished = look.unfinished
        page.lanes = try await fill(look.lanes, wish)
        return page
    }

    /// Rows that may be spent on integrations that have nothing to load. A look for replays has no place to go on from,
    /// so it must see all of them.
    private static func lanelessRows(_ wish: LaneWish) -> Int {
        let most = wish.places.count * wish.integrationsPerPlace
        return wish.replays ? most : min(most, wish.lanes)
    }

    /// What the inbox knows of the events, with the bodies of those that come first.
    private func fill(_ picked: [PickedLane], _ wish: LaneWish) async throws -> [QueuedLane] {
        let lanes = picked.map { $0.inOrder() }
        let events = lanes.flatMap(\.events)
        guard !events.isEmpty else { return [] }
        let first = Set(lanes.compactMap { $0.events.first?.id })
        let days = DaySpan(events.map(\.receivedAt))
        let rows = try await pool.query(
            Self.read,
            [
                events.map(\.id.uuid), events.map(\.receivedAt), events.map { first.contains($0.id) }, days.first,
                days.last,
            ])
        var found: [EventID: (event: DeliveryEvent, bytes: Int)] = [:]
        var stored: [BodyVault.Stored] = []
        for row in rows {
            let event = try Self.event(row)
            found[event.id] = (event, try row.decode("body_bytes"))
            if let bytes = try row.decode("body", as: [UInt8]?.self) {
                stored.append(.init(event: event.id, bytes: bytes))
            }
        }
        let bodies = try await opened(stored)
        let known = try await withKnownMessages(found.values.map(\.event))
        return lanes.map { lane in
            lane.queued(at: wish.now, isReplay: wish.replays, known: known) { picked in
                found[picked.id].map { picked.queued($0.event, bytes: $0.bytes, body: bodies[picked.id]?.bytes) }
            }
        }
    }

    /// Of edits and deletions, those whose message went before them.
    private func withKnownMessages(_ events: [DeliveryEvent]) async throws -> Set<EventID> {
        let dependents = events.filter(MessageOrder.isDependent)
        guard !dependents.isEmpty else { return [] }
        // One filed under the next day may have been accepted by a gateway whose clock is a little ahead.
        let received = dependents.map(\.receivedAt)
        let days = DaySpan(received + received.map { $0.addingTimeInterval(86_400) }, reachingBack: Self.messageDays)
        let rows = try await pool.query(
            Self.knownMessages,
            [
                dependents.map(\.id.uuid), dependents.map(\.integrationID?.uuid), dependents.map(\.messageID),
                days.first, days.last, MessageOrder.messages.sorted(),
            ])
        return Set(try rows.map { row in EventID(try row.decode("id", as: UUID.self)) })
    }

    private static func event(_ row: PostgresRow) throws(PostgresError) -> DeliveryEvent {
        DeliveryEvent(
            id: EventID(try row.decode("id", as: UUID.self)), receivedAt: try row.decode("received_at"),
            integrationID: try row.decode("integration_id", as: UUID?.self).map { IntegrationID($0) },
            organizationID: try row.decode("organization_id", as: UUID?.self).map { OrganizationID($0) },
            clinicID: try row.decode("clinic_id", as: UUID?.self).map { ClinicID($0) },
            instanceName: try row.decode("instance_name", as: String?.self).map { InstanceName($0) },
            // The table's own constraint holds it to words we know.
            route: Route(rawValue: try row.decode("route")) ?? .token, kind: try row.decode("event"),
            eventSuffix: try row.decode("event_suffix"), chat: try row.decode("chat"),
            messageID: try row.decode("message_id"), isReplay: try row.decode("is_replay"))
    }
}
