import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Migration
import PostgresClient
import Store
import Testing

/// Every place that holds WhatsApp data: what is taken from it, and that it is never written.
@Suite(.timeLimit(.minutes(3))) struct UntouchedTablesTests {
    private static let everything = """
        CREATE SCHEMA agents; CREATE SCHEMA sales;
        ALTER TABLE healthcare.clinics ADD COLUMN whatsapp_settings jsonb;
        CREATE TABLE public.evolution_integrations (instance_name text, status text);
        INSERT INTO public.evolution_integrations VALUES (NULL, 'connected');
        CREATE TABLE public.integrations (id serial, organization_id uuid, type text, config jsonb);
        INSERT INTO public.integrations (type, config) VALUES
            ('slack', '{"instance_name": "one"}'), ('google_calendar', '{}'), ('whatsapp', '{"provider": "twilio"}');
        CREATE TABLE core.whatsapp_business_accounts (id int, meta_id text);
        INSERT INTO core.whatsapp_business_accounts VALUES (1, 'm');
        CREATE TABLE core.whatsapp_business_config (id int);
        INSERT INTO core.whatsapp_business_config VALUES (1);
        CREATE TABLE core.whatsapp_business_configs (id int, business_name text, surprise text);
        INSERT INTO core.whatsapp_business_configs VALUES (1, 'b', 's');
        CREATE TABLE core.whatsapp_conversations (id serial, session_id uuid, customer_phone text);
        INSERT INTO core.whatsapp_conversations (customer_phone) VALUES ('+1'), ('+2');
        CREATE TABLE healthcare.whatsapp_config (clinic_id uuid, instance_name text);
        INSERT INTO healthcare.whatsapp_config VALUES (gen_random_uuid(), 'else');
        CREATE TABLE agents.integrations (
            id serial, provider text, instance_name text, webhook_token text, mood text);
        INSERT INTO agents.integrations (provider, instance_name, webhook_token) VALUES
            ('evolution', 'agent-7', 'an-agents-own-token'), ('twilio', 'no-evolution', NULL), (NULL, NULL, NULL);
        CREATE TABLE sales.integrations (id serial, config jsonb);
        INSERT INTO sales.integrations (config) SELECT jsonb_build_object('instance_name', 'sales-' || n)
            FROM generate_series(1, 25) n;
        CREATE TABLE sales.whatsapp_integrations (id serial);
        CREATE TABLE public.whatsapp_integrations (id serial, provider text DEFAULT 'twilio', config jsonb);
        INSERT INTO public.whatsapp_integrations (config) VALUES ('{"instance_name": "twilio-one"}');
        CREATE TABLE public.whatsapp_sessions (id serial, patient_phone text);
        INSERT INTO public.whatsapp_sessions (patient_phone) VALUES ('+3');
        CREATE TABLE core.whatsapp_messages (id serial, body text);
        INSERT INTO core.whatsapp_messages (body) VALUES ('a patient writes');
        """

    private static func withEverything(_ body: (Fleet) async throws -> Void) async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.database.pool.execute(script: everything)
            try await fleet.addInstances(["one", "two"])
            try await body(fleet)
        }
    }

    /// A checksum of each table but ours and the target: its rows, and which transaction wrote each of them.
    private static func checksums(_ fleet: Fleet) async throws -> [String: String] {
        var checksums: [String: String] = [:]
        for table in try await fleet.images(includingOwnSchema: false).keys
        where table != "healthcare.integrations" {
            let rows = try await fleet.database.pool.query(
                """
                SELECT md5(coalesce(string_agg(t.xmin::text || t.xmax::text || t.ctid::text || t::text, E'\\n'
                    ORDER BY t.ctid), '')) || count(*) AS checksum FROM \(table) t
                """)
            checksums[table] = try rows.first?.decode("checksum")
        }
        return checksums
    }

    @Test func runAndUndoLeaveEveryTableButTheTargetAsItWas() async throws {
        try await Self.withEverything { fleet in
            let before = try await Self.checksums(fleet)
            #expect(before.count == 15)
            _ = try await fleet.check()
            try await fleet.migrate(MigrationOptions(isDryRun: true))
            let summary = try await fleet.migrate()
            #expect(summary.counts.inserted == 2)
            #expect(try await Self.checksums(fleet) == before)
            let undone = try await fleet.service.undo(try #require(summary.run), UndoOptions()) { _ in }
            #expect(undone.restored == 2)
            #expect(try await Self.checksums(fleet) == before)
        }
    }

    @Test func rowsThatAreKeptAreCounted() async throws {
        try await Self.withEverything { fleet in
            let survey = try await fleet.check().report.survey
            let kept = Dictionary(survey.kept.map { ($0.table, $0.rowCount) }) { first, _ in first }
            #expect(kept["public.integrations"] == 3)
            #expect(kept["core.whatsapp_conversations"] == 2)
            #expect(kept["public.evolution_integrations"] == 1)
            #expect(kept["public.evolution_instances"] == nil)
            #expect(kept["agents.integrations"] == 3)
            #expect(kept["core.whatsapp_messages"] == 1)
        }
    }

    @Test func otherProductsInstancesAndTokensAreNamedAndPatientsOnlyCounted() async throws {
        try await Self.withEverything { fleet in
            let survey = try await fleet.check().report.survey
            let reports = Dictionary(survey.neighbours.map { ($0.table, $0) }) { first, _ in first }
            #expect(Set(reports.keys) == Set(NeighbourTable.allCases))
            let agents = try #require(reports[.agentsIntegrations])
            #expect(agents.instances.map(\.name.text) == ["agent-7"])
            #expect(agents.instances.first?.tokenFingerprint == TokenDigest(of: "an-agents-own-token").fingerprint)
            #expect(agents.unknownColumns == ["mood"])
            let sales = try #require(reports[.salesIntegrations])
            #expect(sales.instances.count == NeighbourReport.sampleSize)
            #expect(sales.instanceRowCount == 25)
            #expect(reports[.publicWhatsAppIntegrations]?.instances == [], "another provider's")
            #expect(reports[.whatsappMessages]?.rowCount == 1)
            #expect(reports[.whatsappMessages]?.unknownColumns == [], "nothing of it is looked at")
            #expect(try await fleet.plan().keys.sorted() == ["one", "two"])
        }
    }

    @Test func clinicsOwnColumnsAreCounted() async throws {
        try await Self.withEverything { fleet in
            try await fleet.run(
                """
                UPDATE healthcare.clinics SET whatsapp_number = '+4917011111',
                    whatsapp_config = '{"instance_name": "one"}', whatsapp_settings = '{"greeting": "hello"}'
                WHERE name = 'Clinic one'
                """)
            let survey = try await fleet.check().report.survey
            #expect(
                survey.clinicSettings == ClinicSettings(rowCount: 2, namingInstance: 1, withSettings: 1, withNumber: 1))
        }
    }

    /// The youngest of the old tables: it names instance, organization and clinic, so it is migrated like the others.
    @Test func instancesOfWhatsappInstancesAreMigratedToTheirOwnClinic() async throws {
        try await Fleet.withSchema { fleet in
            let organization = UUID()
            try await fleet.addClinic("A", organization: organization)
            let own = try await fleet.addClinic("B", organization: organization)
            try await fleet.run(
                """
                CREATE TABLE healthcare.whatsapp_instances (
                    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), instance_name varchar UNIQUE NOT NULL,
                    organization_id uuid NOT NULL, clinic_id uuid REFERENCES healthcare.clinics, phone_number varchar,
                    status varchar DEFAULT 'active' CHECK (status IN ('active', 'inactive', 'suspended')),
                    config jsonb DEFAULT '{}', created_at timestamptz DEFAULT now(), last_seen_at timestamptz)
                """)
            for (name, status) in [("works", "active"), ("rests", "inactive"), ("stopped", "suspended")] {
                try await fleet.run(
                    """
                    INSERT INTO healthcare.whatsapp_instances (instance_name, organization_id, clinic_id, status)
                    VALUES ($1, $2::uuid, $3::uuid, $4)
                    """, [name, organization, own.clinic, status])
            }
            let summary = try await fleet.migrate()
            #expect(summary.counts.inserted == 3)
            #expect(summary.verification?.verified == 3)
            #expect(try await fleet.value("clinic_id", of: "works") == own.clinic.uuidString.lowercased())
            #expect(try await fleet.value("status", of: "works") == "active")
            #expect(try await fleet.value("enabled", of: "rests") == "true")
            #expect(try await fleet.value("enabled", of: "stopped") == "false", "suspended is switched off on purpose")
            #expect(summary.survey.table(.whatsappInstances)?.unknownColumns == [])
        }
    }

    /// Whatever the planner takes for an instance, the legacy route knows, and nothing else.
    @Test func legacyRouteKnowsExactlyTheNamesThatThePlanHas() async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstances(["in a column"])
            try await fleet.database.pool.execute(
                script: """
                    CREATE TABLE public.integrations (
                        id serial, type text, provider text, instance_name text, config jsonb);
                    INSERT INTO public.integrations (type, provider, instance_name, config) VALUES
                        ('whatsapp', 'evolution', NULL, '{"instanceName": "in the config"}'),
                        ('whatsapp', NULL, 'named twice', '{"instance": "overruled"}'),
                        ('evolution_api', NULL, '', '{"instance": "empty column"}'),
                        ('whatsapp', 'twilio', 'of twilio', '{}'), ('whatsapp', NULL, 'x', '{"provider": "meta"}'),
                        ('slack', 'evolution', 'a bot', '{}'), ('whatsapp_business', NULL, 'another kind', '{}');
                    """)
            let planned = try await fleet.plan()
            let routing = PostgresRoutingSource(pool: fleet.database.pool, listenURL: nil)
            for name in [
                "in a column", "in the config", "named twice", "empty column", "overruled", "of twilio", "x", "a bot",
                "another kind", "nowhere",
            ] {
                let fact = try await routing.fact(for: .instance(InstanceName(name)))
                #expect((fact == .legacyInstance) == (planned[name] != nil), "\(name)")
            }
            #expect(planned.count == 4)
        }
    }
}
