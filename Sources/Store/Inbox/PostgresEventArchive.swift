import FoundationEssentials
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

    package init(pool: PostgresPool) {
        self.pool = pool
    }

    package func list(_ filter: EventFilter) async throws -> EventPage {
        let limit = min(max(1, filter.limit), EventFilter.largestPage)
        var conditions: [String] = []
        var parameters: [any PostgresEncodable] = []
        func condition(_ text: (Int) -> String, _ value: any PostgresEncodable) {
            parameters.append(value)
            conditions.append(text(parameters.count))
        }
        // Written out one by one, and left out where not asked for, so that the planner sees which index serves.
        if let clinic = filter.clinic { condition({ "e.clinic_id = $\($0)" }, clinic.uuid) }
        if let instance = filter.instance { condition({ "e.instance_name = $\($0)" }, instance.text) }
        if let state = filter.state { condition({ "e.state = $\($0)" }, state.rawValue) }
        if let reason = filter.reason { condition({ "e.quarantine_reason = $\($0)" }, reason.rawValue) }
        if let kind = filter.kind { condition({ "e.event = $\($0)" }, kind) }
        if let from = filter.receivedFrom { condition({ "e.received_at >= $\($0)" }, from) }
        if let before = filter.receivedBefore { condition({ "e.received_at < $\($0)" }, before) }
        if let cursor = filter.cursor {
            parameters += [cursor.receivedAt, cursor.id.uuid]
            conditions.append("(e.received_at, e.id) < ($\(parameters.count - 1), $\(parameters.count))")
        }
        let rows = try await pool.query(
            """
            SELECT \(Self.columns) FROM hookgate.events AS e
            \(conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND "))
            ORDER BY e.received_at DESC, e.id DESC LIMIT \(limit + 1)
            """, parameters)
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
            """, [id.uuid, id.receivedAt.map(Self.day)])
        return try rows.first.map { row in
            StoredEvent(
                summary: try Self.summary(row), storedAt: try row.decode("stored_at"),
                organizationID: try row.decode("organization_id", as: UUID?.self).map { OrganizationID($0) },
                eventSuffix: try row.decode("event_suffix"), body: try row.decode("body"))
        }
    }

    package func original(of id: EventID) async throws -> EventID? {
        let rows = try await pool.query(
            "SELECT original_id FROM hookgate.duplicate_events WHERE id = $1", [id.uuid])
        return try rows.first.map { EventID(try $0.decode("original_id", as: UUID.self)) }
    }

    /// The id tells the day, and the day the partition.
    private static func day(_ instant: Date) -> String { String(instant.formatted(.iso8601).prefix(10)) }

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
