import HookgateCore
import Testing

/// What can be wrong with a fleet, one thing at a time, and what its check says of it.
struct Defect: Sendable, CustomTestStringConvertible {
    let check: DoctorCheck
    let script: String
    /// The one thing that is found.
    let subject: String
    /// A word of its evidence.
    let word: String
    var testDescription: String { "\(check.rawValue): \(word)" }
}

extension Defect {
    static let row = "WHERE config->>'instance_name' ="
    static let bypass = "ALTER TABLE healthcare.integrations DISABLE TRIGGER USER;"

    static let all: [Defect] = [
        Defect(
            check: .clinicNotFound,
            script: """
                INSERT INTO public.evolution_instances (organization_id, instance_name)
                VALUES ('a0000000-0000-4000-8000-000000000009', 'lonely')
                """, subject: "a0000000-0000-4000-8000-000000000009", word: "lonely"),
        Defect(
            check: .clinicNotFound,
            script: """
                INSERT INTO public.evolution_instances (organization_id, instance_name) VALUES ('\(WellFleet.north)', 'x')
                """, subject: WellFleet.north, word: "this is the id of the clinic North"),
        Defect(
            check: .missingTokens,
            script: bypass + "UPDATE healthcare.integrations SET webhook_token = '' \(row) 'a-one'",
            subject: "a-one", word: WellFleet.clinic),
        Defect(
            check: .duplicateInstances,
            script: """
                DROP INDEX healthcare.hookgate_integrations_instance;
                INSERT INTO healthcare.integrations (type, provider, config)
                VALUES ('whatsapp', 'Evolution', '{"instance": "a-one"}')
                """, subject: "a-one", word: "2"),
        Defect(
            check: .oldRouteTraffic,
            script: """
                INSERT INTO hookgate.route_traffic VALUES
                    ('a-one', 'instance', '2026-01-14', '2026-01-14Z', '2026-01-14Z', 1)
                """, subject: "a-one", word: "after the switch"),
        Defect(
            check: .oldRouteTraffic,
            script: """
                INSERT INTO hookgate.route_traffic VALUES
                    ('b-north', 'instance', '2026-01-14', '2026-01-14Z', '2026-01-14Z', 1)
                """, subject: "b-north", word: "not switched over yet"),
        Defect(
            check: .oldRouteElsewhere,
            script: """
                ALTER TABLE public.evolution_instances ADD COLUMN webhook_url text;
                UPDATE public.evolution_instances SET webhook_url = CASE instance_name
                    WHEN 'a-one' THEN 'https://old.example.com/webhooks/evolution/a-one'
                    WHEN 'a-two' THEN 'https://hooks.example.com/webhooks/evolution/a-two'
                    WHEN 'b-south' THEN 'https://old.example.com/webhooks/evolution/b-south' END;
                INSERT INTO hookgate.route_traffic VALUES
                    ('b-south', 'token', '2026-01-14', '2026-01-14Z', '2026-01-14Z', 1);
                DELETE FROM hookgate.route_traffic WHERE instance_name = 'a-one'
                """, subject: "a-one", word: "old.example.com"),
        Defect(
            check: .bodyRoutedEvents,
            script: """
                SELECT hookgate.ensure_event_partitions('2026-01-14');
                INSERT INTO hookgate.events (id, day, received_at, integration_id, instance_name, route, state,
                    quarantine_reason, body_bytes, body_sha256)
                SELECT gen_random_uuid(), '2026-01-14', '2026-01-14 10:00Z', NULL, 'a-one', 'instance', 'quarantined',
                    reason, 2, sha256('{}') FROM unnest(ARRAY['body_routed', 'body_routed', 'no_clinic']) AS reason
                """, subject: "a-one", word: "2"),
        Defect(
            check: .pendingSchema, script: "DELETE FROM hookgate.schema_migrations WHERE name LIKE '20251021%'",
            subject: "20251021_token_ledger.sql", word: "pending"),
        Defect(
            check: .pendingSchema,
            script: "UPDATE hookgate.schema_migrations SET checksum = sha256('x') WHERE name LIKE '20251021%'",
            subject: "20251021_token_ledger.sql", word: "changed"),
        Defect(
            check: .schemaObjects, script: "DROP INDEX healthcare.hookgate_integrations_instance",
            subject: "index hookgate_integrations_instance", word: "missing"),
        Defect(
            check: .schemaObjects, script: "ALTER TABLE healthcare.integrations DISABLE TRIGGER hookgate_track_update",
            subject: "trigger hookgate_track_update", word: "disabled"),
        Defect(
            check: .schemaObjects, script: "DELETE FROM hookgate.tokens WHERE instance_name = 'a-one'",
            subject: "table hookgate.tokens", word: "1 tokens are missing"),
        Defect(
            check: .interruptedRun,
            script: """
                INSERT INTO hookgate.migration_runs (id, state, started_at)
                VALUES ('d0000000-0000-4000-8000-000000000001', 'running', '2026-01-14Z')
                """, subject: "d0000000-0000-4000-8000-000000000001", word: "cut off"),
        Defect(
            check: .overwrittenInstances, script: "DELETE FROM healthcare.integrations \(row) 'b-south'",
            subject: "b-south", word: "b-north"),
        Defect(
            check: .unmigratedInstances,
            script: """
                UPDATE healthcare.integrations SET migrated_from = 'public.evolution_instances 1';
                DELETE FROM healthcare.integrations \(row) 'b-south'
                """, subject: "b-south", word: "disconnected"),
        Defect(
            check: .unmigratedInstances,
            script: """
                INSERT INTO public.evolution_instances (organization_id, instance_name)
                VALUES (gen_random_uuid(), 'status is NULL')
                """, subject: "status is NULL", word: "NULL"),
        Defect(
            check: .otherHomes,
            script: """
                CREATE SCHEMA agents;
                CREATE TABLE agents.integrations (id uuid, instance_name text);
                INSERT INTO agents.integrations (instance_name) VALUES ('a-one'), ('agent')
                """, subject: "agents.integrations", word: "agent"),
        Defect(
            check: .misreadKinds,
            script: """
                INSERT INTO healthcare.integrations (type, provider, config)
                VALUES ('evolution_api', 'evolution', '{"instance_name": "odd"}')
                """, subject: "odd", word: "no webhook finds it"),
        Defect(
            check: .misreadKinds,
            script: """
                INSERT INTO healthcare.integrations (type, provider, config)
                VALUES ('whatsapp', NULL, '{"instance_name": "odd"}')
                """, subject: "odd", word: "no unique index"),
        Defect(
            check: .integrationsWithoutClinic,
            script: "UPDATE healthcare.integrations SET clinic_id = NULL \(row) 'a-one'", subject: "a-one", word: "none"
        ),
        Defect(
            check: .integrationsWithoutClinic,
            script: "UPDATE healthcare.integrations SET clinic_id = gen_random_uuid() \(row) 'a-one'", subject: "a-one",
            word: "does not exist"),
        Defect(
            check: .clinicOfAnotherOrganization,
            script: "UPDATE healthcare.integrations SET clinic_id = '\(WellFleet.clinic)' \(row) 'b-north'",
            subject: "b-north", word: "Aurora"),
        Defect(
            check: .clinicAgainstEvidence,
            script: """
                INSERT INTO healthcare.integrations (type, provider, organization_id, clinic_id, config)
                VALUES ('whatsapp', 'evolution', '\(WellFleet.otherOrganization)', '\(WellFleet.north)',
                    '{"instance_name": "clinic-\(WellFleet.south)-1700000000000"}')
                """, subject: "clinic-\(WellFleet.south)-1700000000000", word: "the id in its name"),
        Defect(
            check: .clinicAgainstEvidence,
            script: "UPDATE healthcare.clinics SET whatsapp_number = '+1 (555) 010-0003' WHERE name = 'South'",
            subject: "b-north", word: "the clinic's WhatsApp number"),
        Defect(
            check: .mixedUpIDs,
            script: "UPDATE healthcare.integrations SET organization_id = '\(WellFleet.south)' \(row) 'b-south'",
            subject: "b-south", word: "that organization is the clinic South"),
        Defect(
            check: .mixedUpIDs,
            script: "UPDATE healthcare.integrations SET clinic_id = '\(WellFleet.otherOrganization)' \(row) 'b-south'",
            subject: "b-south", word: "that clinic is an organization"),
        Defect(
            check: .twoOrganizations,
            script: """
                INSERT INTO public.evolution_instances (organization_id, instance_name)
                VALUES ('\(WellFleet.organization)', 'b-north')
                """, subject: "b-north", word: WellFleet.otherOrganization),
        Defect(
            check: .instanceNameKey,
            script: "UPDATE healthcare.integrations SET config = config - 'instance_name' \(row) 'a-one'",
            subject: "a-one", word: "config.instance"),
        Defect(
            check: .conflictingNames,
            script: #"UPDATE healthcare.integrations SET config = config || '{"instance": "renamed"}' \#(row) 'a-one'"#,
            subject: "a-one", word: "renamed"),
        Defect(
            check: .unnamedIntegrations,
            script: "UPDATE healthcare.integrations SET id = '\(WellFleet.clinic)', config = '{}' \(row) 'a-one'",
            subject: WellFleet.clinic, word: WellFleet.organization),
        Defect(
            check: .sameNumber,
            script: "UPDATE healthcare.integrations SET phone_number = '001 555 0100001' \(row) 'a-two'",
            subject: "+15550100001", word: "a-one, a-two"),
        Defect(
            check: .repeatedInstances,
            script: """
                INSERT INTO public.evolution_instances (organization_id, instance_name) VALUES
                    ('\(WellFleet.organization)', 'clinic-1700000000001'),
                    ('\(WellFleet.organization)', 'clinic-1700000000002')
                """, subject: "clinic", word: "clinic-1700000000002"),
        Defect(
            check: .disabledByMigration,
            script: "UPDATE healthcare.integrations SET enabled = false \(row) 'b-south'", subject: "b-south",
            word: "disconnected"),
        Defect(
            check: .statusWords, script: "UPDATE healthcare.integrations SET status = 'waiting_qr' \(row) 'a-one'",
            subject: "waiting_qr", word: "a-one"),
        Defect(
            check: .statusWords, script: "UPDATE healthcare.integrations SET status = NULL \(row) 'a-one'",
            subject: "NULL", word: "a-one"),
        Defect(
            check: .webhookHost,
            script: """
                UPDATE healthcare.integrations SET webhook_url = replace(webhook_url, '//', '//old-') \(row) 'a-one'
                """, subject: "old-hooks.example.com", word: "hooks.example.com"),
        Defect(
            check: .malformedTokens,
            script: bypass + "UPDATE healthcare.integrations SET webhook_token = 'hgw_abc' \(row) 'a-one'",
            subject: "a-one", word: "checksum"),
        Defect(
            check: .sharedTokens,
            script: """
                DROP INDEX healthcare.hookgate_integrations_token;
                UPDATE healthcare.integrations SET webhook_token = 'inherited-token-of-two' \(row) ANY ('{a-one,b-north}')
                """, subject: "token 9d38b5b6", word: "a-one, b-north"),
        Defect(
            check: .readableTokens, script: "GRANT SELECT ON healthcare.integrations TO anon",
            subject: "anon through healthcare.integrations", word: "webhook_token, webhook_url"),
        Defect(
            check: .readableTokens,
            script: """
                CREATE VIEW public.cards AS SELECT id, webhook_url FROM healthcare.integrations;
                GRANT SELECT ON public.cards TO authenticated
                """, subject: "authenticated through view public.cards", word: "webhook_url"),
        Defect(
            check: .readableCredentials, script: "GRANT SELECT (config) ON healthcare.integrations TO anon",
            subject: "healthcare.integrations.config", word: "instance_key = ***"),
        Defect(
            check: .openFunctions,
            script: """
                CREATE FUNCTION public.save_evolution_integration(p uuid) RETURNS int LANGUAGE sql SECURITY DEFINER
                AS 'SELECT 1'
                """, subject: "public.save_evolution_integration(p uuid)", word: "anon, authenticated"),
    ]
}
