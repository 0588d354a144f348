package import FoundationEssentials
package import HookgateCore
package import PostgresClient

/// Events in any state, as they lie in the inbox.
package struct StoredEvents {
    package static let body = #"{"event":"messages.upsert","instance":"clinic-a","data":"Tenho dor de dente"}"#
    package static let chat = "15550101001@s.whatsapp.net"
    /// 20 October 2025, at midnight UTC.
    package static let day = Date(timeIntervalSince1970: 1_760_918_400)

    package let pool: PostgresPool

    package init(_ database: TestDatabase) {
        self.pool = database.pool
    }

    /// Puts one event into the inbox.
    /// - Parameters:
    ///   - settled: when it was done with; nil for one that is not.
    ///   - body: nil for one that is not kept any more.
    @discardableResult
    package func add(
        _ state: EventState, at time: Date = day, settled: Date? = nil, clinic: ClinicID? = nil,
        organization: OrganizationID? = nil, gateway: UUID? = nil, message: String? = nil, chat: String? = chat,
        body: String? = body
    ) async throws -> EventID {
        let id = EventID.timeOrdered(at: time, random: (UInt64.random(in: 0 ... .max), UInt64.random(in: 0 ... .max)))
        let day = "($2::timestamptz AT TIME ZONE 'UTC')::date"
        try await pool.query(
            "SELECT hookgate.ensure_event_partitions(($1::timestamptz AT TIME ZONE 'UTC')::date)", [time])
        try await pool.query(
            """
            INSERT INTO hookgate.events (id, day, received_at, stored_at, clinic_id, organization_id, instance_name, route,
                event, message_id, chat, state, quarantine_reason, settled_at, gateway_id, body_bytes, body_sha256)
            VALUES ($1, \(day), $2, $2, $3, $4, 'clinic-a', 'token', 'messages.upsert', $5, $6, $7, $8, $9, $10, $11,
                sha256('x'))
            """,
            [
                id.uuid, time, clinic?.uuid, organization?.uuid, message, chat, state.rawValue,
                state == .quarantined ? QuarantineReason.noClinic.rawValue : nil, settled, gateway,
                body?.utf8.count ?? 0,
            ])
        guard let body else { return id }
        try await pool.query(
            "INSERT INTO hookgate.event_bodies (id, day, body) VALUES ($1, \(day), $3)",
            [id.uuid, time, Array(body.utf8)])
        return id
    }

    package func state(of id: EventID) async throws -> EventState? {
        let rows = try await pool.query("SELECT state FROM hookgate.events WHERE id = $1", [id.uuid])
        return try rows.first.flatMap { row in EventState(rawValue: try row.decode("state")) }
    }

    package func hasBody(_ id: EventID) async throws -> Bool {
        try await pool.query("SELECT FROM hookgate.event_bodies WHERE id = $1", [id.uuid]).count == 1
    }

    /// One number or text, whatever the statement asks for.
    package func text(_ sql: String) async throws -> String? {
        try await pool.query("SELECT (\(sql))::text AS value")[0].decode("value")
    }
}
