import Fleet
import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Store
import Testing

/// Releasing and discarding held events in a real inbox.
@Suite(.timeLimit(.minutes(2))) struct QuarantineReleaseTests {
    private static let act = QuarantineAct(
        actor: "anna@desk", decidedAt: Date(timeIntervalSince1970: 1_760_950_000), note: "seen")

    private static func release(
        _ held: HeldEvents, trustsName: Bool = false, isDryRun: Bool = false,
        _ narrow: (inout QuarantineFilter) -> Void = { _ in }
    ) async throws -> (summary: QuarantineRelease.Summary, refused: [EventID: ReleaseRefusal]) {
        var options = QuarantineRelease.Options(filter: QuarantineFilter())
        narrow(&options.filter)
        options.trustsName = trustsName
        options.isDryRun = isDryRun
        var refused: [EventID: ReleaseRefusal] = [:]
        let summary = try await QuarantineRelease(store: held.store, routing: held.routing, time: .system).run(
            options, act: act
        ) { refused[$0.id] = $1 }
        return (summary, refused)
    }

    @Test func anEventGoesOnceItsIntegrationIsEnabledAgain() async throws {
        try await withHeldEvents { held in
            let integration = try await held.add("clinic-a", enabled: false)
            let event = try await held.hold(.integrationDisabled, integration: integration)
            let before = try await Self.release(held)
            #expect(before.refused[event] == .stillHeld(.integrationDisabled))
            #expect(try await held.state(of: event) == "quarantined")
            try await held.database.pool.query("UPDATE healthcare.integrations SET enabled = true")
            #expect(try await Self.release(held, isDryRun: true).summary.released == 1)
            #expect(try await held.state(of: event) == "quarantined")
            let after = try await Self.release(held)
            #expect(after.summary.released == 1 && after.refused.isEmpty)
            #expect(try await held.state(of: event) == "pending c0000000-0000-4000-8000-000000000001")
            #expect(try await Self.release(held).summary.matched == 0)
        }
    }

    /// Whoever releases it vouches for it: what the request lacked it will always lack.
    @Test func anEventThatLackedItsSecondFactorGoesThoughThatIsStillEnforced() async throws {
        try await withHeldEvents { held in
            let integration = try await held.add("clinic-a")
            try await held.database.pool.query(
                "INSERT INTO hookgate.second_factors (integration_id, mode, jwt_key) VALUES ($1, 'enforce', 'k')",
                [integration.uuid])
            let event = try await held.hold(.secondFactorMissing, integration: integration)
            let forged = try await held.hold(
                .secondFactorMissing, integration: integration, body: #"{"event":"x","instance":"clinic-b"}"#)
            let outcome = try await Self.release(held)
            #expect(outcome.summary.released == 1)
            // Everything else is looked at anew.
            #expect(outcome.refused == [forged: .stillHeld(.instanceMismatch)])
            #expect(try await held.state(of: event) == "pending c0000000-0000-4000-8000-000000000001")
        }
    }

    @Test func aNameThatWasMigratedMeanwhileFindsItsIntegration() async throws {
        try await withHeldEvents { held in
            let waiting = try await held.hold(.noIntegration, route: .instance, organization: nil)
            let stranger = try await held.hold(
                .unknownSender, instance: "nobody", route: .instance, body: #"{"event":"x"}"#, organization: nil)
            let integration = try await held.add("clinic-a")
            let outcome = try await Self.release(held)
            #expect(outcome.summary.released == 1)
            #expect(outcome.refused == [stranger: .stillHeld(.unknownSender)])
            let rows = try await held.database.pool.query(
                "SELECT integration_id FROM hookgate.events WHERE id = $1", [waiting.uuid])
            #expect(try rows[0].decode("integration_id", as: UUID.self) == integration.uuid)
        }
    }

    @Test func aBodyForAnotherInstanceNeedsAPersonsWordAndStaysInItsOrganization() async throws {
        try await withHeldEvents { held in
            let a = try await held.add("clinic-a")
            let b = try await held.add("clinic-b")
            _ = try await held.add("elsewhere", organization: OrganizationID(UUID()))
            let event = try await held.hold(
                .instanceMismatch, integration: a, body: #"{"instance":"clinic-b","event":"messages.upsert"}"#)
            let foreign = try await held.hold(
                .instanceMismatch, integration: a, body: #"{"instance":"elsewhere","event":"messages.upsert"}"#)
            #expect(try await Self.release(held).refused[event] == .stillHeld(.instanceMismatch))
            let vouched = try await Self.release(held, trustsName: true)
            #expect(vouched.summary.released == 1)
            #expect(vouched.refused == [foreign: .anotherOrganization])
            let rows = try await held.database.pool.query(
                "SELECT integration_id, instance_name FROM hookgate.events WHERE id = $1", [event.uuid])
            #expect(try rows[0].decode("integration_id", as: UUID.self) == b.uuid)
            #expect(try rows[0].decode("instance_name", as: String.self) == "clinic-b")
        }
    }

    @Test func anEventWithoutItsBodyStaysHeld() async throws {
        try await withHeldEvents { held in
            let integration = try await held.add("clinic-a")
            let event = try await held.hold(.tokenRetired, integration: integration, body: nil)
            #expect(try await Self.release(held).refused[event] == .bodyGone)
        }
    }

    @Test func everyDecisionIsNotedWithItsReason() async throws {
        try await withHeldEvents { held in
            let integration = try await held.add("clinic-a")
            let released = try await held.hold(.tokenRetired, integration: integration)
            let discarded = try await held.hold(.tokenRevoked)
            _ = try await Self.release(held) { $0.ids = [released] }
            var filter = QuarantineFilter()
            filter.reason = .tokenRevoked
            #expect(try await held.store.discard(filter, limit: 10, act: Self.act) == 1)
            #expect(try await held.state(of: discarded) == "discarded")
            let rows = try await held.database.pool.query(
                """
                SELECT event_id::text || ' ' || decision || ' ' || held_because || ' ' || actor || ' ' || note AS line
                FROM hookgate.event_decisions ORDER BY id
                """)
            #expect(
                try rows.map { row in try row.decode("line", as: String.self) } == [
                    "\(released) released token_retired anna@desk seen",
                    "\(discarded) discarded token_revoked anna@desk seen",
                ])
            let audit = try await held.database.pool.query("SELECT action FROM hookgate.audit_log ORDER BY id")
            #expect(
                try audit.map { row in try row.decode("action", as: String.self) }
                    == ["quarantine.release", "quarantine.discard"])
            #expect(try await AuditLog.verify(held.database.pool) == .whole(entries: 2))
        }
    }

    @Test func aLongListIsWorkedThroughPageByPage() async throws {
        try await withHeldEvents { held in
            let integration = try await held.add("clinic-a")
            let event = try await held.hold(.tokenRetired, integration: integration)
            // Copies with other ids on two days; every second one without a body.
            try await held.database.pool.query("SELECT hookgate.ensure_event_partitions('2025-10-21')")
            try await held.database.pool.query(
                """
                WITH copies AS (
                    INSERT INTO hookgate.events (id, day, received_at, integration_id, organization_id, instance_name,
                        route, state, quarantine_reason, body_bytes, body_sha256)
                    SELECT gen_random_uuid(), '2025-10-21', '2025-10-21 12:00Z', integration_id, organization_id,
                        instance_name, route, state, quarantine_reason, body_bytes, body_sha256
                    FROM hookgate.events, generate_series(1, 500) WHERE id = $1
                    RETURNING id, day
                )
                INSERT INTO hookgate.event_bodies (id, day, body)
                SELECT id, day, '{}'::bytea FROM (SELECT *, row_number() OVER () AS number FROM copies) AS numbered
                WHERE number % 2 = 0
                """, [event.uuid])
            let outcome = try await Self.release(held)
            #expect(outcome.summary.released == 251)
            #expect(outcome.summary.refused == [.bodyGone: 250])
            var filter = QuarantineFilter()
            filter.instance = InstanceName("clinic-a")
            #expect(try await held.store.groups(filter, limit: 5).map(\.events) == [250])
            #expect(try await held.store.heldCounts(limit: 5).map(\.events) == [250])
            #expect(try await held.store.discard(filter, limit: 100, act: Self.act) == 100)
        }
    }
}
