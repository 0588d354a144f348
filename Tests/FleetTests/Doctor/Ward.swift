import Fleet
import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Store

/// A database with a fleet in it, and the doctor for it. The clock stands still.
struct Ward {
    static let now = Date(timeIntervalSince1970: 1_768_478_400)  // 2026-01-15T12:00:00Z
    static let key = "KEPT-EVOLUTION-KEY"

    let database: TestDatabase
    let doctor: Doctor

    init(_ database: TestDatabase, url: String? = nil, publicHost: String? = nil) {
        let url = url ?? database.url
        let pool = url == database.url ? database.pool : PostgresPool(url: url)
        self.database = database
        self.doctor = Doctor(
            evidence: PostgresDoctorEvidence(pool: pool, directURL: url, publicHost: publicHost),
            repairs: PostgresDoctorRepairs(pool: pool, directURL: url), time: TimeSource { Self.now })
    }

    /// A fleet on the new way with nothing wrong: one clinic with two numbers, one organization with two clinics.
    static func withWellFleet<T>(_ body: (Ward) async throws -> T) async throws -> T {
        try await TestDatabase.withCopy(of: .wellFleet) { try await body(Ward($0)) }
    }

    func run(_ script: String) async throws {
        try await database.pool.execute(script: script)
    }

    func diagnose(_ check: DoctorCheck, limit: Int = 10) async throws -> DoctorFinding? {
        try await diagnose([check], limit: limit)[check]
    }

    func diagnose(
        _ checks: [DoctorCheck] = DoctorCheck.allCases, limit: Int = 10
    ) async throws -> [DoctorCheck: DoctorFinding] {
        var findings: [DoctorCheck: DoctorFinding] = [:]
        _ = try await doctor.diagnose(checks, limit: limit) { findings[$0.check] = $0 }
        return findings
    }

    func preview(_ checks: [DoctorCheck] = DoctorCheck.allCases) async throws -> [DoctorChange] {
        var changes: [DoctorChange] = []
        try await doctor.preview(checks, limit: 10) { changes.append($0) }
        return changes
    }

    func repair(_ checks: [DoctorCheck] = DoctorCheck.allCases) async throws -> [DoctorChange] {
        var changes: [DoctorChange] = []
        try await doctor.repair(checks, limit: 10) { changes.append($0) }
        return changes
    }

    /// The version of every row of every table. Equal versions mean that nothing at all was written.
    func versions() async throws -> [String] {
        let tables = try await database.pool.query(
            """
            SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c
            JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
                -- How often we scanned a table ourselves is noted, so that a clean-up can tell it from others' scans.
                AND (n.nspname, c.relname) <> ('hookgate', 'own_reads') ORDER BY 1
            """)
        var versions: [String] = []
        for table in tables {
            let name: String = try table.decode("name")
            let rows = try await database.pool.query(
                "SELECT coalesce(string_agg(ctid::text || xmin::text || xmax::text, ' ' ORDER BY ctid), '') AS v FROM \(name)"
            )
            versions.append("\(name) \(try rows[0].decode("v", as: String.self))")
        }
        return versions
    }

    func text(_ sql: String) async throws -> String? {
        try await database.pool.query("SELECT (\(sql))::text AS value").first?.decode("value")
    }
}

extension TestTemplate {
    static let wellFleet = TestTemplate(named: "well_fleet") { url in
        _ = try await SchemaApplier(url: url).apply()
        let connection = try await PostgresConnection.open(url)
        try await connection.execute(script: WellFleet.script)
        await connection.close()
    }
}

enum WellFleet {
    static let organization = "a0000000-0000-4000-8000-000000000001"
    static let clinic = "c0000000-0000-4000-8000-000000000001"
    static let otherOrganization = "a0000000-0000-4000-8000-000000000002"
    static let north = "c0000000-0000-4000-8000-000000000002"
    static let south = "c0000000-0000-4000-8000-000000000003"

    static let oldTables = """
        CREATE SCHEMA IF NOT EXISTS healthcare;
        CREATE TABLE healthcare.clinics (
            id uuid PRIMARY KEY, organization_id uuid, name text, is_active boolean DEFAULT true,
            whatsapp_number text, whatsapp_config jsonb);
        CREATE TABLE public.evolution_instances (
            id uuid PRIMARY KEY DEFAULT gen_random_uuid(), organization_id uuid, instance_name text, phone_number text,
            status text, config jsonb, created_at timestamptz DEFAULT now(), updated_at timestamptz DEFAULT now());
        INSERT INTO healthcare.clinics (id, organization_id, name) VALUES
            ('\(clinic)', '\(organization)', 'Aurora'), ('\(north)', '\(otherOrganization)', 'North'),
            ('\(south)', '\(otherOrganization)', 'South');
        INSERT INTO public.evolution_instances (organization_id, instance_name, phone_number, status) VALUES
            ('\(organization)', 'a-one', '+15550100001', 'connected'),
            ('\(organization)', 'a-two', '+15550100002', 'connected'),
            ('\(otherOrganization)', 'b-north', '+15550100003', 'connected'),
            ('\(otherOrganization)', 'b-south', NULL, 'disconnected');
        """

    /// The roles of PostgREST; they belong to the whole server.
    static let publicRoles = """
        DO $$ BEGIN CREATE ROLE anon NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
        DO $$ BEGIN CREATE ROLE authenticated NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;

        """

    static let script =
        oldTables + publicRoles + """
            GRANT USAGE ON SCHEMA healthcare TO anon, authenticated;
            GRANT SELECT (id, status) ON healthcare.integrations TO anon, authenticated;
            INSERT INTO healthcare.integrations
                (organization_id, clinic_id, type, provider, status, enabled, phone_number, config)
            SELECT organization_id, clinic::uuid, 'whatsapp', 'evolution',
                CASE status WHEN 'connected' THEN 'active' ELSE status END, true, phone_number,
                jsonb_build_object('instance_name', instance_name, 'instance', instance_name, 'instance_key', '\(Ward.key)')
            FROM public.evolution_instances JOIN (VALUES ('a-one', '\(clinic)'), ('a-two', '\(clinic)'),
                ('b-north', '\(north)'), ('b-south', '\(south)')) AS c(name, clinic) ON c.name = instance_name;
            INSERT INTO healthcare.integrations (organization_id, clinic_id, type, provider, status, config)
            VALUES ('\(organization)', '\(clinic)', 'whatsapp', 'twilio', 'active', '{"account": "sample"}'),
                   ('\(organization)', '\(clinic)', 'slack', 'slack', 'active', '{"channel": "#desk"}');
            UPDATE healthcare.integrations
            SET webhook_url = 'https://hooks.example.com/webhooks/evolution/whatsapp/' || webhook_token
            WHERE type = 'whatsapp';
            INSERT INTO hookgate.coverage VALUES (gen_random_uuid(), '2026-01-01Z', '2026-01-15Z');
            INSERT INTO hookgate.route_traffic (instance_name, route, day, first_seen, last_seen, count) VALUES
                ('a-one', 'instance', '2026-01-13', '2026-01-13T08:00Z', '2026-01-13T09:30Z', 7),
                ('a-one', 'token', '2026-01-13', '2026-01-13T09:00Z', '2026-01-13T20:00Z', 9),
                ('a-two', 'instance', '2025-11-01', '2025-11-01Z', '2025-11-01Z', 3);
            """
}
