import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Migration
import PostgresClient
import Store
import Testing

/// Legacy tables as they may be found: odd columns, odd owners, views, rows of other kinds.
@Suite(.timeLimit(.minutes(3))) struct LegacyTablesTests {
    @Test func clinicSettingsDecide() async throws {
        try await Fleet.withSchema { fleet in
            let organization = UUID()
            let a = try await fleet.addClinic("A", organization: organization)
            let b = try await fleet.addClinic("B", organization: organization)
            try await fleet.run(
                "CREATE TABLE healthcare.whatsapp_config (clinic_id uuid, instance_name text)")
            try await fleet.run(
                "INSERT INTO healthcare.whatsapp_config VALUES ($1::uuid, 'in table')", [a.clinic])
            try await fleet.run(
                """
                UPDATE healthcare.clinics SET whatsapp_config = '{"instance_name": "in clinic"}' WHERE id = $1::uuid
                """, [b.clinic])
            try await fleet.addInstance("in table", organization: organization)
            try await fleet.addInstance("in clinic", organization: organization)
            let plan = try await fleet.plan()
            #expect(plan["in table"]?.clinic?.clinic.uuid == a.clinic)
            #expect(plan["in clinic"]?.clinic?.clinic.uuid == b.clinic)
        }
    }

    @Test func rowsWithoutANameAreCountedAndLeft() async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstance(nil, organization: UUID())
            try await fleet.addInstance("", organization: UUID())
            let summary = try await fleet.migrate()
            #expect(summary.counts.total == 0)
            let table = summary.survey.table(.evolutionInstances)
            #expect(table?.rowCount == 2)
            #expect(table?.keptRowCount == 2)
        }
    }

    @Test func otherKindsInPublicIntegrationsAndConversationsAreCountedAndUntouched() async throws {
        try await Fleet.withSchema { fleet in
            let own = try await fleet.addClinic("Own")
            try await fleet.database.pool.execute(
                script: """
                    CREATE TABLE public.integrations (
                        id uuid DEFAULT gen_random_uuid(), organization_id uuid, type text, is_enabled boolean,
                        status text, config jsonb, loyalty_points int);
                    CREATE TABLE core.whatsapp_conversations (id serial, session_id uuid, customer_phone text);
                    INSERT INTO core.whatsapp_conversations (customer_phone) VALUES ('+1'), ('+2');
                    """)
            try await fleet.run(
                """
                INSERT INTO public.integrations (organization_id, type, is_enabled, status, config) VALUES
                    ($1::uuid, 'whatsapp', false, 'active', '{"instance": "from public"}'),
                    ($1::uuid, 'slack', true, 'active', '{"instance_name": "not ours"}'),
                    ($1::uuid, 'whatsapp', true, 'active', '{"provider": "twilio", "instance_name": "nor this"}')
                """, [own.organization])
            let before = try await fleet.images()
            let summary = try await fleet.migrate()
            #expect(summary.counts.inserted == 1)
            #expect(try await fleet.value("enabled", of: "from public") == "false")
            #expect(summary.survey.table(.publicIntegrations)?.keptRowCount == 2)
            #expect(summary.survey.table(.publicIntegrations)?.unknownColumns == ["loyalty_points"])
            #expect(summary.survey.table(.conversations)?.keptRowCount == 2)
            let after = try await fleet.images()
            for table in ["public.integrations", "core.whatsapp_conversations"] {
                #expect(after[table] == before[table])
            }
        }
    }

    @Test func tablesWithTextIdsAndFewColumnsAreRead() async throws {
        let script =
            Fleet.clinics + """
                CREATE TABLE public.evolution_instances (id serial, organization_id text, instance_name varchar(80));
                CREATE TABLE public.evolution_integrations (instance_name text, status text, webhook_url text);
                """
        try await Fleet.withoutSchema(script) { fleet in
            let own = try await fleet.addClinic("Own")
            try await fleet.run(
                "INSERT INTO public.evolution_instances (organization_id, instance_name) VALUES ($1, 'one'), ('org-7', 'two')",
                [own.organization.uuidString.uppercased()])
            try await fleet.run("INSERT INTO public.evolution_integrations VALUES ('one', 'connected', NULL)")
            let plan = try await fleet.plan()
            #expect(plan["one"]?.action.draft?.source == "public.evolution_instances:1")
            #expect(plan["one"]?.action.draft?.status == .active)
            #expect(plan["two"]?.action == .noClinic(.malformedOrganization("org-7")))
        }
    }

    @Test func viewInPlaceOfALegacyTableIsRead() async throws {
        let script =
            Fleet.clinics + """
                CREATE TABLE public.real_instances (organization_id uuid, name text);
                CREATE VIEW public.evolution_instances AS
                    SELECT organization_id, name AS instance_name, 'connected'::text AS status FROM public.real_instances;
                """
        try await Fleet.withoutSchema(script) { fleet in
            let own = try await fleet.addClinic("Own")
            try await fleet.run("INSERT INTO public.real_instances VALUES ($1::uuid, 'one')", [own.organization])
            let (report, states) = try await fleet.check()
            #expect(report.survey.table(.evolutionInstances)?.state == .view)
            #expect(states["one"]?.nextStep == .migrate)
        }
    }

    @Test func configThatIsNoObjectIsKeptWhole() async throws {
        try await Fleet.withSchema { fleet in
            let own = try await fleet.addClinic("Own")
            try await fleet.addInstance("one", organization: own.organization, config: "[1, \"two\"]")
            try await fleet.migrate()
            #expect(try await fleet.value("config->'legacy_config'", of: "one") == "[1, \"two\"]")
        }
    }

    @Test func emptyDatabaseHasNothingToMigrate() async throws {
        try await Fleet.withoutSchema("") { fleet in
            let (report, states) = try await fleet.check()
            #expect(report.analysis == .noInstances)
            #expect(states.isEmpty)
            #expect(report.survey.tables.allSatisfy { $0.state == .absent })
            #expect(try await fleet.migrate(MigrationOptions(isDryRun: true)).counts.total == 0)
        }
    }

    @Test func tableThatThisRoleMayNotReadIsReportedAsSuch() async throws {
        try await Fleet.withoutSchema { fleet in
            try await fleet.addInstances(["one"])
            let role = "reader_\(fleet.database.name)"
            try await fleet.run("CREATE ROLE \(role)")
            let separator = fleet.database.url.contains("?") ? "&" : "?"
            let pool = PostgresPool(url: fleet.database.url + separator + "options=-c%20role%3D\(role)")
            let survey = try await PostgresMigrationInventory(pool: pool).survey()
            await pool.close()
            try await fleet.run("DROP ROLE \(role)")
            #expect(survey.table(.evolutionInstances)?.state == .unreadable)
            #expect(survey.instanceCount == 0)
        }
    }

    @Test func duplicateIntegrationsFromBeforeAreListedAndNotTouched() async throws {
        try await Fleet.withoutSchema { fleet in
            try await fleet.addInstances(["twice", "once"])
            try await fleet.database.pool.execute(
                script: """
                    CREATE TABLE healthcare.integrations (
                        id uuid PRIMARY KEY DEFAULT gen_random_uuid(), organization_id uuid, clinic_id uuid, type text,
                        provider text, status text, config jsonb, enabled boolean);
                    INSERT INTO healthcare.integrations (type, provider, config) VALUES
                        ('whatsapp', 'evolution', '{"instance_name": "twice"}'),
                        ('whatsapp', 'evolution', '{"instance": "twice"}');
                    """)
            let plan = try await fleet.plan()
            guard case .conflict(.duplicateIntegrations(let ids))? = plan["twice"]?.action else {
                Issue.record("duplicates were planned as \(String(describing: plan["twice"]?.action))")
                return
            }
            #expect(ids.count == 2)
            #expect(plan["once"]?.action.writes == true)
        }
    }
}
