import HookgateCore
import Testing

@testable import Store

struct LegacyTableGuardTests {
    private func found(_ sql: String) -> [String] {
        LegacyTableGuard.findings(in: sql).map(\.description)
    }

    @Test(arguments: [
        ("DROP TABLE public.evolution_instances", "drop public.evolution_instances"),
        ("drop table if exists Evolution_Instances cascade", "drop public.evolution_instances"),
        (#"DROP TABLE "public"."evolution_instances""#, "drop public.evolution_instances"),
        (#"DROP TABLE public.U&"evolution\005finstances""#, "drop public.evolution_instances"),
        ("DROP /* ; */ TABLE -- really\n public . evolution_instances", "drop public.evolution_instances"),
        ("DROP TABLE a, b, core.whatsapp_conversations", "drop core.whatsapp_conversations"),
        ("DROP TABLE integrations", "drop public.integrations"),
        ("TRUNCATE healthcare.whatsapp_config", "empty healthcare.whatsapp_config"),
        ("TRUNCATE TABLE ONLY public.integrations *, x", "empty public.integrations"),
        ("DELETE FROM core.whatsapp_business_accounts", "empty core.whatsapp_business_accounts"),
        ("DELETE FROM evolution_integrations WHERE true", "empty public.evolution_integrations"),
        ("DELETE FROM evolution_integrations WHERE id = id", "empty public.evolution_integrations"),
        ("DELETE FROM evolution_integrations WHERE id = 'a' OR true", "empty public.evolution_integrations"),
        ("DELETE FROM evolution_integrations WHERE NOT (id = 'a')", "empty public.evolution_integrations"),
        ("WITH d AS (DELETE FROM evolution_instances RETURNING *) SELECT 1", "empty public.evolution_instances"),
        ("MERGE INTO evolution_instances USING x ON true WHEN MATCHED THEN DELETE", "empty public.evolution_instances"),
        ("ALTER TABLE public.evolution_instances SET SCHEMA old", "move away public.evolution_instances"),
        ("ALTER TABLE public.evolution_instances RENAME TO old", "move away public.evolution_instances"),
        ("ALTER TABLE evolution_instances DROP COLUMN instance_name", "empty public.evolution_instances"),
        ("ALTER TABLE evolution_instances DROP instance_name", "empty public.evolution_instances"),
        ("DO $$ BEGIN DROP TABLE evolution_instances; END $$", "drop public.evolution_instances"),
        ("DO $$ BEGIN EXECUTE 'DROP TABLE evolution_instances'; END $$", "drop public.evolution_instances"),
        ("DO $$ BEGIN EXECUTE 'DROP ' || 'TABLE evolution_' || 'instances'; END $$", "drop public.evolution_instances"),
        (#"DO $$ BEGIN EXECUTE E'DROP\x20TABLE evolution_instances'; END $$"#, "drop public.evolution_instances"),
        ("DO $$ BEGIN EXECUTE format('DROP TABLE %I', t); END $$", "drop a table that is only named when it runs"),
        ("DO $$ BEGIN EXECUTE 'TRUNCATE ' || quote_ident(t); END $$", "empty a table that is only named when it runs"),
        ("DO $$ BEGIN EXECUTE 'DELETE FROM public.' || t; END $$", "empty a table that is only named when it runs"),
        (
            "DO $a$ BEGIN EXECUTE $b$ DO $c$ BEGIN DROP TABLE evolution_instances; END $c$ $b$; END $a$",
            "drop public.evolution_instances"
        ),
    ])
    func whatTakesALegacyTableAwayIsFound(sql: String, finding: String) {
        #expect(self.found(sql) == [finding])
    }

    @Test func droppingASchemaDropsItsLegacyTables() {
        #expect(
            self.found("DROP SCHEMA IF EXISTS core CASCADE") == [
                "drop core.whatsapp_business_accounts", "drop core.whatsapp_business_config",
                "drop core.whatsapp_business_configs", "drop core.whatsapp_conversations",
            ])
        #expect(self.found("DROP OWNED BY app").count == LegacySource.allCases.count)
    }

    @Test(arguments: [
        "SELECT 'DROP nothing'; -- DROP TABLE evolution_instances",
        "/* TRUNCATE evolution_instances */ SELECT 1",
        "DROP TABLE public.evolution_instances_backup",
        #"DROP TABLE "EVOLUTION_INSTANCES""#,
        "DROP TABLE other.evolution_instances",
        "DROP TABLE healthcare.integrations_old",
        "DROP INDEX evolution_instances_name",
        "ALTER TABLE evolution_instances DROP CONSTRAINT c",
        "ALTER TABLE evolution_instances ALTER COLUMN status DROP DEFAULT",
        "ALTER TABLE evolution_instances ADD COLUMN note text",
        "DELETE FROM evolution_instances WHERE instance_name = 'clinic-1'",
        "DELETE FROM evolution_instances WHERE id IN ('a', 'b') AND status = 'error'",
        "DELETE FROM healthcare.integrations",
        "GRANT SELECT, TRUNCATE ON evolution_instances TO app",
        "CREATE TRIGGER t AFTER DELETE OR TRUNCATE ON evolution_instances EXECUTE FUNCTION f()",
        "INSERT INTO evolution_instances (instance_name) VALUES ('drop')",
    ])
    func whatTakesNothingAwayMayRun(sql: String) {
        #expect(self.found(sql) == [])
    }
}
