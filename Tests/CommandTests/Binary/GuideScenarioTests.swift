import FoundationEssentials
import HookgateTestSupport
import PostgresClient
import Testing

/// The guide's three scenarios, typed as the guide has them.
@Suite(.timeLimit(.minutes(3)))
struct GuideScenarioTests {
    private static let organization = "a0000000-0000-4000-8000-000000000001"
    private static let clinic = "c0000000-0000-4000-8000-000000000001"

    private static let clinics = """
        CREATE SCHEMA IF NOT EXISTS healthcare;
        CREATE TABLE healthcare.clinics (id uuid PRIMARY KEY, organization_id uuid, name text, is_active boolean);
        INSERT INTO healthcare.clinics VALUES ('\(clinic)', '\(organization)', 'Shtern Dental Clinic', true);
        """

    private static let legacyFleet =
        clinics + """
            CREATE TABLE public.evolution_instances (
                id uuid PRIMARY KEY DEFAULT gen_random_uuid(), organization_id uuid, instance_name text,
                phone_number text, status text, config jsonb, created_at timestamptz DEFAULT now(),
                updated_at timestamptz DEFAULT now());
            INSERT INTO public.evolution_instances (organization_id, instance_name, status)
            VALUES ('\(organization)', 'clinic-abc123', 'connected'), ('\(organization)', 'clinic-xyz789', 'disconnected');
            """

    private static let tokenlessIntegration =
        clinics + """
            CREATE TABLE healthcare.integrations (
                id uuid PRIMARY KEY DEFAULT gen_random_uuid(), organization_id uuid, clinic_id uuid, type text,
                provider text, status text, config jsonb, enabled boolean, phone_number text, display_name text,
                created_at timestamptz DEFAULT now(), updated_at timestamptz DEFAULT now());
            INSERT INTO healthcare.integrations (organization_id, clinic_id, type, provider, status, config, enabled)
            VALUES ('\(organization)', '\(clinic)', 'whatsapp', 'evolution', 'active', '{"instance": "clinic-abc123"}', true);
            """

    @Test func freshStartNeedsNoMigration() async throws {
        try await withDatabase { database in
            let hookgate = HookgateBinary(databaseURL: database.url)
            let check = try await hookgate.run("check_legacy_instances.py")
            #expect(check.exitCode == 0)
            #expect(check.output.contains("NO INSTANCES FOUND"))
            #expect(try await hookgate.run("migrate_whatsapp_integrations.py").exitCode == 0)
            let tokens = try await hookgate.run("get_webhook_tokens.py")
            #expect(tokens.exitCode == 0)
            #expect(tokens.output.contains("No WhatsApp integrations yet"))
        }
    }

    @Test func existingInstancesAreCheckedPreviewedAndMigrated() async throws {
        try await withDatabase { database in
            try await database.pool.execute(script: Self.legacyFleet)
            let hookgate = HookgateBinary(databaseURL: database.url)

            let check = try await hookgate.run("check-legacy-instances")
            #expect(check.exitCode == 3)
            #expect(check.output.contains("MIGRATION NEEDED"))
            #expect(check.output.contains("clinic-abc123"))

            let preview = try await hookgate.run("migrate-whatsapp-integrations", "--dry-run")
            #expect(preview.exitCode == 0)
            #expect(preview.output.contains("Mode: DRY RUN"))
            #expect(preview.output.contains("✓ Would migrate clinic-abc123 → Shtern Dental Clinic"))
            let schema = try await database.pool.query("SELECT to_regnamespace('hookgate') IS NULL AS absent")
            #expect(try schema[0].decode("absent") as Bool)

            let run = try await hookgate.run("migrate-whatsapp-integrations")
            #expect(run.exitCode == 0, "\(run.output)\(run.complaint)")
            for line in [
                "WhatsApp Integration Migration", "Mode: LIVE MIGRATION", "Found 2 Evolution instances",
                "✅ Migrated clinic-abc123 → Shtern Dental Clinic", "✅ Migrated clinic-xyz789 → Shtern Dental Clinic",
                "Migration Complete:", "Migrated: 2", "Skipped:  0", "Errors:   0", "📊 Migration Verification:",
                "Evolution instances (non-error): 2", "WhatsApp integrations: 2",
                "✅ Counts match - migration successful!",
            ] { #expect(run.output.contains(line), "missing: \(line)") }
            let offline = try await database.pool.query(
                "SELECT status, enabled FROM healthcare.integrations WHERE config ->> 'instance_name' = 'clinic-xyz789'"
            )
            #expect(try offline[0].decode("status") as String == "disconnected")
            #expect(try offline[0].decode("enabled") as Bool, "a phone that is offline this minute may still receive")

            let tokens = try await hookgate.run("get-webhook-tokens")
            #expect(tokens.exitCode == 0)
            #expect(tokens.output.contains("[1] Shtern Dental Clinic"))
            #expect(tokens.output.contains("Instance: clinic-abc123"))
            #expect(tokens.output.contains("Status: active | Enabled: True"))
            #expect(tokens.output.contains("🔑 Webhook Token:"))
            #expect(tokens.output.contains("🔗 Webhook URL:"))
        }
    }

    @Test func rowsWithoutATokenGetOneFromTheFileAloneAndKeepIt() async throws {
        try await withDatabase { database in
            try await database.pool.execute(script: Self.tokenlessIntegration)
            let hookgate = HookgateBinary(databaseURL: database.url)
            let file = "../../infra/db/migrations/20251020_add_webhook_tokens_to_integrations.sql"

            #expect(try await hookgate.run("get_webhook_tokens.py").exitCode == 3)
            let first = try await hookgate.run("apply_migration.py", file)
            #expect(first.exitCode == 0, "\(first.output)\(first.complaint)")
            let token = try await Self.token(database)
            #expect(token.hasPrefix("hgw_") && token.utf8.count == 53)

            #expect(try await hookgate.run("apply_migration.py", file).exitCode == 0)
            #expect(try await Self.token(database) == token)
            #expect(try await hookgate.run("get_webhook_tokens.py").exitCode == 0)
        }
    }

    private static func token(_ database: TestDatabase) async throws -> String {
        try await database.pool.query("SELECT webhook_token FROM healthcare.integrations")[0].decode("webhook_token")
    }
}
