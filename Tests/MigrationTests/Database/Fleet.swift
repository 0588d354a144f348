import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Migration
import PostgresClient
import Store
import Synchronization

/// A database shaped like the old system, and the migration over it.
struct Fleet {
    let database: TestDatabase
    let service: MigrationService

    init(
        _ database: TestDatabase, pool: PostgresPool? = nil, pageSize: Int = MigrationService.pageSize,
        lockTimeout: Duration = .seconds(5)
    ) {
        let pool = pool ?? database.pool
        self.database = database
        self.service = MigrationService(
            inventory: PostgresMigrationInventory(pool: pool),
            ledger: PostgresMigrationLedger(pool: pool, lockURL: database.url, lockTimeout: lockTimeout),
            rehearsal: PostgresMigrationRehearsal(pool: pool),
            routing: PostgresRoutingSource(pool: pool, listenURL: nil), time: .system, pageSize: pageSize)
    }

    static let clinics = """
        CREATE SCHEMA IF NOT EXISTS healthcare;
        CREATE SCHEMA IF NOT EXISTS core;
        CREATE TABLE healthcare.clinics (
            id uuid PRIMARY KEY, organization_id uuid, name text, is_active boolean DEFAULT true,
            whatsapp_number text, whatsapp_config jsonb);
        """
    static let instances = """
        CREATE TABLE public.evolution_instances (
            id uuid PRIMARY KEY DEFAULT gen_random_uuid(), organization_id uuid, instance_name text, phone_number text,
            status text, config jsonb, connection_type text, webhook_url text,
            created_at timestamptz DEFAULT now(), updated_at timestamptz DEFAULT now());
        """

    /// A fleet with our schema and empty legacy tables.
    static func withSchema<Value>(_ body: (Fleet) async throws -> Value) async throws -> Value {
        try await HookgateTestSupport.withSchema { database in
            try await database.pool.execute(script: clinics + instances)
            return try await body(Fleet(database))
        }
    }

    /// A fleet in a database that has never seen us.
    static func withoutSchema<Value>(
        _ script: String = clinics + instances, _ body: (Fleet) async throws -> Value
    ) async throws -> Value {
        try await withDatabase { database in
            try await database.pool.execute(script: script)
            return try await body(Fleet(database))
        }
    }

    // MARK: Filling

    @discardableResult
    func addClinic(
        _ name: String, organization: UUID = UUID(), id: UUID = UUID(), number: String? = nil
    ) async throws -> (organization: UUID, clinic: UUID) {
        try await database.pool.query(
            """
            INSERT INTO healthcare.clinics (id, organization_id, name, whatsapp_number)
            VALUES ($1::uuid, $2::uuid, $3, $4)
            """, [id, organization, name, number])
        return (organization, id)
    }

    func addInstance(
        _ name: String?, organization: UUID?, status: String? = "connected", phone: String? = nil,
        config: String? = nil
    ) async throws {
        try await database.pool.query(
            """
            INSERT INTO public.evolution_instances (instance_name, organization_id, status, phone_number, config)
            VALUES ($1, $2::uuid, $3, $4, $5::jsonb)
            """, [name, organization, status, phone, config])
    }

    /// One clinic and one instance of it for each name.
    func addInstances(_ names: [String]) async throws {
        try await database.pool.query(
            """
            WITH fleet AS MATERIALIZED (SELECT n, gen_random_uuid() AS organization FROM unnest($1::text[]) AS n),
                clinics AS (
                    INSERT INTO healthcare.clinics (id, organization_id, name)
                    SELECT gen_random_uuid(), organization, 'Clinic ' || n FROM fleet)
            INSERT INTO public.evolution_instances (instance_name, organization_id, status, phone_number, config)
            SELECT n, organization, 'connected', '+1234567890', '{"instance_key": "K"}' FROM fleet
            """, [names])
    }

    func run(_ sql: String, _ parameters: [any PostgresEncodable] = []) async throws {
        try await database.pool.query(sql, parameters)
    }

    // MARK: Migrating

    @discardableResult
    func migrate(_ options: MigrationOptions = MigrationOptions(), _ log: EventLog = EventLog()) async throws
        -> MigrationSummary
    {
        try await service.migrate(options) { log.add($0) }
    }

    func plan() async throws -> [String: PlannedInstance] {
        let log = EventLog()
        try await migrate(MigrationOptions(isDryRun: true), log)
        return Dictionary(log.planned.map { ($0.name.text, $0) }) { first, _ in first }
    }

    func verify() async throws -> (summary: VerificationSummary, results: [String: InstanceVerification]) {
        var results: [String: InstanceVerification] = [:]
        let summary = try await service.verify { results[$0.name.text] = $0 }
        return (summary, results)
    }

    func check() async throws -> (report: CheckReport, states: [String: InstanceState]) {
        var states: [String: InstanceState] = [:]
        let report = try await service.check { event in
            if case .instance(let state) = event { states[state.name.text] = state }
        }
        return (report, states)
    }

    /// Undoes a run and gives the outcome of each instance.
    @discardableResult
    func undo(_ run: RunID, _ options: UndoOptions = UndoOptions()) async throws -> [String: UndoneInstance.Outcome] {
        let told = Mutex<[String: UndoneInstance.Outcome]>([:])
        _ = try await service.undo(run, options) { instance in
            told.withLock { $0[instance.name.text] = instance.outcome }
        }
        return told.withLock { $0 }
    }

    // MARK: Looking

    /// One column of one integration as text.
    func value(_ column: String, of instance: String) async throws -> String? {
        let rows = try await database.pool.query(
            "SELECT (\(column))::text AS value FROM healthcare.integrations WHERE config->>'instance_name' = $1",
            [instance])
        return try rows.first?.decode("value", as: String?.self)
    }

    func integrationCount() async throws -> Int {
        try await database.pool.query("SELECT count(*) AS count FROM healthcare.integrations").first?.decode("count")
            ?? 0
    }

    /// How often we scanned a legacy table ourselves, so that a clean-up can tell it from others' scans (decision 0172):
    /// what only reads notes this as well.
    private static let ownReads = "hookgate.own_reads"
    /// A run that finds nothing to write verifies the fleet all the same, and a clean-up asks when that was last done.
    static let verifications = "hookgate.verifications"

    /// All rows of every table but the notes of our own reads, by table. Equal images mean that nothing at all was written.
    func images(
        includingOwnSchema: Bool = true, except excepted: Set<String> = []
    ) async throws -> [String: String] {
        let tables = try await database.pool.query(
            """
            SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c
            JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'
            """)
        var images: [String: String] = [:]
        for table in tables {
            let name: String = try table.decode("name")
            if !includingOwnSchema, name.hasPrefix("hookgate.") { continue }
            if name == Self.ownReads || excepted.contains(name) { continue }
            let rows = try await database.pool.query(
                "SELECT coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '') AS image FROM \(name) t")
            images[name] = try rows.first?.decode("image")
        }
        return images
    }

    /// All rows outside our schema, apart from the revision, which never goes back.
    func imagesBesideOurs() async throws -> [String: String] {
        var images = try await images(includingOwnSchema: false)
        images["healthcare.integrations"] = try await database.pool.query(
            """
            SELECT string_agg((to_jsonb(i) - 'revision')::text, E'\\n' ORDER BY i.id) AS image
            FROM healthcare.integrations i
            """
        ).first?.decode("image")
        return images
    }
}

/// What a run told, for tests to look at afterwards.
final class EventLog: Sendable {
    private let events = Mutex<[MigrationEvent]>([])

    func add(_ event: MigrationEvent) {
        events.withLock { $0.append(event) }
    }

    var planned: [PlannedInstance] {
        events.withLock { $0 }.compactMap { if case .planned(let instance) = $0 { instance } else { nil } }
    }

    var migrated: [PlannedInstance] {
        events.withLock { $0 }.compactMap { if case .migrated(let instance) = $0 { instance } else { nil } }
    }

    /// How many a run that went on had written before.
    var resumed: [Int] {
        events.withLock { $0 }.compactMap { if case .resumed(let written) = $0 { written } else { nil } }
    }

    var waits: Int {
        events.withLock { $0 }.count { if case .waiting = $0 { true } else { false } }
    }

    var batches: Int {
        events.withLock { $0 }.count { if case .batchCommitted = $0 { true } else { false } }
    }
}
