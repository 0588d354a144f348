package import FoundationEssentials
package import HookgateCore
package import PostgresClient

/// Reads `hookgate.events` for people.
package struct PostgresEventArchive: EventArchive {
    /// What ``summary(_:)`` reads, of `hookgate.events AS e`.
    static let columns = """
        e.id, e.received_at, e.integration_id, e.clinic_id, e.instance_name, e.route, e.event, e.message_id, e.chat,
        e.state, e.quarantine_reason, e.body_bytes
        """

    private let pool: PostgresPool
    private let bodies: BodyVault

    package init(pool: PostgresPool, bodies: BodyVault = .clear) {
        self.pool = pool
        self.bodies = bodies
    }

    package func list(_ filter: EventFilter) async throws -> EventPage {
        let limit = min(max(1, filter.limit), EventFilter.largestPage)
        var conditions = EventConditions(filter)
        if let cursor = filter.cursor {
            let (time, id) = (conditions.parameter(cursor.receivedAt), conditions.parameter(cursor.id.uuid))
            conditions.require("(e.received_at, e.id) < (\(time), \(id))")
        }
        let rows = try await pool.query(
            """
            SELECT \(Self.columns) FROM hookgate.events AS e WHERE \(conditions.sql)
            ORDER BY e.received_at DESC, e.id DESC LIMIT \(limit + 1)
            """, conditions.parameters)
        let events = try rows.prefix(limit).map(Self.summary)
        let next = rows.count > limit ? events.last.map { EventCursor(receivedAt: $0.receivedAt, id: $0.id) } : nil
        return EventPage(events: events, next: next)
    }

    package func event(_ id: EventID) async throws -> StoredEvent? {
        let rows = try await pool.query(
            """
            SELECT \(Self.columns), e.stored_at, e.organization_id, e.event_suffix, b.body
            FROM hookgate.events AS e LEFT JOIN hookgate.event_bodies AS b ON b.day = e.day AND b.id = e.id
            WHERE e.id = $1 AND ($2::date IS NULL OR e.day BETWEEN $2::date - 1 AND $2::date + 1)
            """, [id.uuid, id.receivedAt.map(EventConditions.day)])
        guard let row = rows.first else { return nil }
        let summary = try Self.summary(row)
        return StoredEvent(
            summary: summary, storedAt: try row.decode("stored_at"),
            organizationID: try row.decode("organization_id", as: UUID?.self).map { OrganizationID($0) },
            eventSuffix: try row.decode("event_suffix"),
            body: try await body(of: id, try row.decode("body", as: [UInt8]?.self)))
    }

    private func body(of id: EventID, _ bytes: [UInt8]?) async throws -> Result<[UInt8], BodyAbsence> {
        guard let bytes else { return .failure(.notKept) }
        return try await bodies.open([BodyVault.Stored(event: id, bytes: bytes)], on: pool)[0]
    }

    package func attempts(of id: EventID) async throws -> [RecordedAttempt] {
        let rows = try await pool.query(
            """
            SELECT attempt, started_at, duration_ms, result, status, destination, is_orphan FROM (
                SELECT * FROM hookgate.delivery_attempts
                WHERE event_id = $1 AND ($2::date IS NULL OR day BETWEEN $2::date - 1 AND $2::date + 1)
                ORDER BY started_at DESC LIMIT 1000
            ) AS latest ORDER BY started_at
            """, [id.uuid, id.receivedAt.map(EventConditions.day)])
        return try rows.map { row in
            RecordedAttempt(
                attempt: try row.decode("attempt"), startedAt: try row.decode("started_at"),
                duration: .milliseconds(try row.decode("duration_ms", as: Int64.self)),
                result: try row.decode("result"), status: try row.decode("status"),
                destination: try row.decode("destination"), isOrphan: try row.decode("is_orphan"))
        }
    }

    private struct RevealDetail: Encodable {
        let reason: String
    }

    package func noteReveal(of id: EventID, reason: String, actor: String, at now: Date) async throws {
        let entry = try AuditEntry(
            actor: actor, action: "events.reveal", subject: id.text, detail: RevealDetail(reason: reason))
        try await pool.transaction { connection in try await AuditLog.append(entry, at: now, on: connection) }
    }

    package func original(of id: EventID) async throws -> EventID? {
        let rows = try await pool.query(
            "SELECT original_id FROM hookgate.duplicate_events WHERE id = $1", [id.uuid])
        return try rows.first.map { EventID(try $0.decode("original_id", as: UUID.self)) }
    }

    static func summary(_ row: PostgresRow) throws(PostgresError) -> EventSummary {
        EventSummary(
            id: EventID(try row.decode("id", as: UUID.self)), receivedAt: try row.decode("received_at"),
            integrationID: try row.decode("integration_id", as: UUID?.self).map { IntegrationID($0) },
            clinicID: try row.decode("clinic_id", as: UUID?.self).map { ClinicID($0) },
            instanceName: try row.decode("instance_name", as: String?.self).map { InstanceName($0) },
            // The table's own constraints hold both to words we know.
            route: Route(rawValue: try row.decode("route")) ?? .token, kind: try row.decode("event"),
            messageID: try row.decode("message_id"), chat: try row.decode("chat"),
            state: EventState(rawValue: try row.decode("state")) ?? .pending,
            quarantineReason: try row.decode("quarantine_reason"),
            bodyBytes: Int(try row.decode("body_bytes", as: Int64.self)))
    }
}
