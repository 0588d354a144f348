import FoundationEssentials
package import HookgateCore
import PostgresClient
package import Store

/// A database with integrations and events that are held back.
package struct HeldEvents {
    package static let token = WebhookToken(randomBytes: Array(0...31))
    package static let organization = OrganizationID("a0000000-0000-4000-8000-000000000001")
    package static let clinic = ClinicID("c0000000-0000-4000-8000-000000000001")
    /// Whose instance is `clinic-a`, with a patient's words.
    package static let body = #"{"event":"messages.upsert","instance":"clinic-a","data":"Tenho dor de dente"}"#

    package let database: TestDatabase

    package var store: PostgresQuarantine { PostgresQuarantine(pool: database.pool) }
    package var routing: PostgresRoutingSource { PostgresRoutingSource(pool: database.pool, listenURL: nil) }

    /// Adds an integration.
    package func add(
        _ name: String, enabled: Bool = true, organization: OrganizationID? = organization, token: WebhookToken? = nil
    ) async throws -> IntegrationID {
        let rows = try await database.pool.query(
            """
            INSERT INTO healthcare.integrations (organization_id, clinic_id, type, provider, status, config, enabled, webhook_token)
            VALUES ($1, $2, 'whatsapp', 'evolution', 'active', jsonb_build_object('instance_name', $3::text), $4,
                coalesce($5, 'legacy-token-' || gen_random_uuid()))
            RETURNING id
            """, [organization?.uuid, Self.clinic?.uuid, name, enabled, token?.secretText])
        return IntegrationID(try rows[0].decode("id", as: UUID.self))
    }

    /// Puts one held event into the inbox, as the shipper would have.
    package func hold(
        _ reason: QuarantineReason, integration: IntegrationID? = nil, instance: String = "clinic-a",
        route: Route = .token, body: String? = body, organization: OrganizationID? = organization
    ) async throws -> EventID {
        let time = Date(timeIntervalSince1970: 1_760_918_400)
        let id = EventID.timeOrdered(at: time, random: (UInt64.random(in: 0 ... .max), UInt64.random(in: 0 ... .max)))
        let day = "($2::timestamptz AT TIME ZONE 'UTC')::date"
        try await database.pool.query("SELECT hookgate.ensure_event_partitions('2025-10-20')")
        try await database.pool.query(
            """
            INSERT INTO hookgate.events (id, day, received_at, integration_id, organization_id, instance_name, route, event,
                state, quarantine_reason, gateway_id, spool_segment, spool_offset, body_bytes, body_sha256)
            VALUES ($1, \(day), $2, $3, $4, $5, $6, 'messages.upsert', 'quarantined', $7, gen_random_uuid(), 7, 1024, $8,
                sha256('x'))
            """,
            [
                id.uuid, time, integration?.uuid, organization?.uuid, instance, route.rawValue, reason.rawValue,
                body?.utf8.count ?? 0,
            ])
        guard let body else { return id }
        try await database.pool.query(
            "INSERT INTO hookgate.event_bodies (id, day, body) VALUES ($1, \(day), $3)",
            [id.uuid, time, Array(body.utf8)])
        return id
    }

    /// The state of an event, and its clinic once it has one.
    package func state(of id: EventID) async throws -> String {
        let rows = try await database.pool.query(
            "SELECT concat_ws(' ', state, clinic_id::text) AS state FROM hookgate.events WHERE id = $1", [id.uuid])
        return try rows[0].decode("state")
    }
}

/// Runs `body` with a fresh database that has the whole schema.
package func withHeldEvents<T>(_ body: (HeldEvents) async throws -> T) async throws -> T {
    try await withSchema { try await body(HeldEvents(database: $0)) }
}
