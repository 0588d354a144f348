import HookgateTestSupport
import PostgresClient

/// A legacy fleet whose every id and time follows from its number, so that two databases can be compared.
enum LegacyFleet {
    /// Makes the tables and `count` instances with a clinic each; every tenth has an integration with gaps already.
    static func make(_ count: Int, in database: TestDatabase) async throws {
        try await make(count, in: database.pool)
    }

    static func make(_ count: Int, in pool: PostgresPool) async throws {
        try await pool.execute(
            script: """
                CREATE TABLE healthcare.clinics (id uuid PRIMARY KEY, organization_id uuid, name text, is_active boolean);
                CREATE TABLE public.evolution_instances (
                    id uuid PRIMARY KEY, organization_id uuid, instance_name text, phone_number text, status text,
                    config jsonb, created_at timestamptz, updated_at timestamptz);
                """)
        try await add(1...count, to: pool)
        try await pool.query(
            """
            INSERT INTO healthcare.integrations (id, organization_id, type, provider, status, config, created_at)
            SELECT md5('integration ' || n)::uuid, md5('organization ' || n)::uuid, 'whatsapp', 'evolution', 'pending',
                jsonb_build_object('instance', 'clinic-' || n, 'kept', n), '2026-01-01Z'
            FROM generate_series(1, $1::int) n WHERE n % 10 = 0
            """, [count])
    }

    static func add(_ numbers: ClosedRange<Int>, to executor: some PostgresExecutor) async throws {
        try await executor.query(
            """
            WITH numbers AS (SELECT generate_series($1::int, $2::int) AS n), clinics AS (
                INSERT INTO healthcare.clinics
                SELECT md5('clinic ' || n)::uuid, md5('organization ' || n)::uuid, 'Clinic ' || n, true FROM numbers)
            INSERT INTO public.evolution_instances
            SELECT md5('instance ' || n)::uuid, md5('organization ' || n)::uuid, 'clinic-' || n,
                '+1555' || lpad(n::text, 7, '0'), 'connected', '{"instance_key": "K", "n": 1.50}', '2026-01-01Z', '2026-01-02Z'
            FROM numbers
            """, [numbers.lowerBound, numbers.upperBound])
    }

    /// All that a migration leaves, but for what is new each time: random ids and tokens, and the time of the run.
    static func outcome(in database: TestDatabase) async throws -> String {
        let rows = try await database.pool.query(
            """
            SELECT string_agg(image, E'\\n' ORDER BY image) AS image FROM (
                SELECT 'integration ' || (to_jsonb(i) - ARRAY['id', 'webhook_token', 'revision', 'migrated_at',
                           'migrated_run', 'updated_at'])::text
                       || (SELECT string_agg(t.state, ',') FROM hookgate.tokens t WHERE t.integration_id = i.id) AS image
                FROM healthcare.integrations i
                UNION ALL
                SELECT 'journal ' || instance_name || action || clinic_evidence || legacy_row
                       || coalesce(before - 'updated_at', '{}')
                FROM hookgate.migration_rows WHERE undone_at IS NULL) images
            """)
        return try rows.first?.decode("image") ?? ""
    }

    static func count(_ what: String, in database: TestDatabase) async throws -> Int {
        try await database.pool.query("SELECT count(*) AS count FROM \(what)").first?.decode("count") ?? 0
    }
}

extension TestDatabase {
    /// The one value of a query, as text; nil for NULL or no row.
    func text(_ sql: String) async throws -> String? {
        try await pool.query("SELECT (\(sql))::text AS value").first?.decode("value")
    }
}
