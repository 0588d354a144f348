import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Migration
import PostgresClient
import Store
import Testing

/// What a dry run finds out by trying its statements on a temporary copy.
@Suite(.timeLimit(.minutes(3))) struct RehearsalTests {
    /// A rule of the database, and whom of `a`, `b` and `c` it refuses.
    struct Rule: Sendable, CustomTestStringConvertible {
        let name: String
        let sql: String
        let refused: [String: String]
        var testDescription: String { name }
    }

    @Test(arguments: [
        Rule(
            name: "check", sql: "ALTER TABLE i ADD CONSTRAINT no_b CHECK (config->>'instance' <> 'b')",
            refused: ["b": "constraint no_b"]),
        Rule(
            name: "not null without a default", sql: "ALTER TABLE i ADD COLUMN channel text NOT NULL",
            refused: ["a": "SQLSTATE 23502", "b": "SQLSTATE 23502", "c": "SQLSTATE 23502"]),
        Rule(
            name: "not null with a default", sql: "ALTER TABLE i ADD COLUMN number serial NOT NULL", refused: [:]),
        Rule(
            name: "uniqueness among the new rows", sql: "CREATE UNIQUE INDEX one_status ON i (status, type)",
            refused: ["b": "constraint one_status", "c": "constraint one_status"]),
        Rule(
            name: "uniqueness against a row that stands",
            sql: """
                CREATE UNIQUE INDEX one_name ON i (lower(display_name)) WHERE type IN ('whatsapp', 'other');
                INSERT INTO i (type, display_name) VALUES ('other', 'CLINIC B'), ('third', 'Clinic C')
                """,
            refused: ["b": "constraint one_name"]),
        Rule(
            name: "foreign key",
            sql: """
                CREATE TABLE healthcare.organizations (id uuid PRIMARY KEY);
                INSERT INTO healthcare.organizations
                    SELECT organization_id FROM public.evolution_instances WHERE instance_name <> 'c';
                ALTER TABLE i ADD CONSTRAINT known_organization
                    FOREIGN KEY (organization_id) REFERENCES healthcare.organizations NOT VALID
                """,
            refused: ["c": "constraint known_organization"]),
        Rule(
            name: "type", sql: "ALTER TABLE i ALTER COLUMN display_name TYPE varchar(3)",
            refused: ["a": "SQLSTATE 22001", "b": "SQLSTATE 22001", "c": "SQLSTATE 22001"]),
    ])
    func dryRunRefusesExactlyWhatTheRunRefuses(rule: Rule) async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstances(["a", "b", "c"])
            try await fleet.run("UPDATE healthcare.clinics SET name = initcap(name)")
            try await fleet.database.pool.execute(
                script: rule.sql.replacing(" i ", with: " healthcare.integrations "))
            let images = try await fleet.images()
            let dry = EventLog()
            let summary = try await fleet.migrate(MigrationOptions(isDryRun: true), dry)
            #expect(Self.refusals(dry) == rule.refused)
            #expect(summary.rehearsal == RehearsalReport())
            #expect(summary.needsAttention == !rule.refused.isEmpty)
            #expect(try await fleet.images() == images)
            let run = EventLog()
            let written = try await fleet.migrate(MigrationOptions(expectedDigest: summary.digest), run)
            #expect(Self.refusals(run) == rule.refused)
            #expect(written.counts == summary.counts)
        }
    }

    private static func refusals(_ log: EventLog) -> [String: String] {
        var refusals: [String: String] = [:]
        for planned in log.planned {
            if case .conflict(.refused(let rule)) = planned.action { refusals[planned.name.text] = rule }
        }
        return refusals
    }

    @Test func updateOfARowThatStandsIsTriedWithTheRowAsItIs() async throws {
        try await Fleet.withSchema { fleet in
            let own = try await fleet.addClinic("Own")
            for name in ["one", "two"] {
                try await fleet.addInstance(name, organization: own.organization, phone: "+123456789\(name.count)")
                try await fleet.run(
                    """
                    INSERT INTO healthcare.integrations (organization_id, type, provider, config)
                    VALUES ($1::uuid, 'whatsapp', 'evolution', jsonb_build_object('instance_name', $2::text))
                    """, [own.organization, name])
            }
            try await fleet.run(
                """
                ALTER TABLE healthcare.integrations
                    ADD CONSTRAINT no_phone CHECK (phone_number IS NULL OR config->>'instance_name' <> 'two')
                """)
            let before = try await Self.versions(fleet)
            let log = EventLog()
            let summary = try await fleet.migrate(MigrationOptions(isDryRun: true), log)
            #expect(summary.counts.updated == 1)
            #expect(Self.refusals(log) == ["two": "constraint no_phone"])
            #expect(try await Self.versions(fleet) == before)
        }
    }

    /// Which transaction wrote each row, and how many there are.
    private static func versions(_ fleet: Fleet) async throws -> [String] {
        try await fleet.database.pool.query(
            "SELECT id::text || ' ' || xmin::text AS version FROM healthcare.integrations ORDER BY id"
        ).map { try $0.decode("version") }
    }

    @Test func roleThatMayOnlyReadRehearsesAndIsTold() async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstances(["a", "b"])
            try await fleet.run(
                "ALTER TABLE healthcare.integrations ADD CONSTRAINT no_b CHECK (config->>'instance' <> 'b')")
            try await Self.withReader(fleet, rights: "") { reader in
                let summary = try await reader.migrate(MigrationOptions(isDryRun: true))
                #expect(summary.counts.inserted == 1)
                #expect(summary.counts.conflict == 1)
                #expect(
                    summary.rehearsal?.remarks == [
                        "this role may not write healthcare.integrations, and so could not carry the plan out"
                    ])
            }
        }
    }

    @Test func roleWithoutTemporaryTablesPlansAndIsToldWhatToGrant() async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstances(["a"])
            let database = fleet.database.name
            try await Self.withReader(fleet, rights: "REVOKE TEMP ON DATABASE \(database) FROM PUBLIC;") { reader in
                let summary = try await reader.migrate(MigrationOptions(isDryRun: true))
                #expect(summary.counts.inserted == 1)
                #expect(!summary.needsAttention)
                #expect(summary.rehearsal?.unavailable?.contains("GRANT TEMP ON DATABASE \(database)") == true)
            }
        }
    }

    private static func withReader(
        _ fleet: Fleet, rights: String, _ body: (Fleet) async throws -> Void
    ) async throws {
        let role = "rehearsal_\(fleet.database.name)"
        try await fleet.database.pool.execute(
            script: """
                CREATE ROLE \(role); \(rights)
                GRANT USAGE ON SCHEMA healthcare, core, hookgate TO \(role);
                GRANT SELECT ON ALL TABLES IN SCHEMA public, healthcare, core, hookgate TO \(role);
                """)
        let separator = fleet.database.url.contains("?") ? "&" : "?"
        let pool = PostgresPool(url: fleet.database.url + separator + "options=-c%20role%3D\(role)")
        let result = await Result { try await body(Fleet(fleet.database, pool: pool)) }
        await pool.close()
        try await fleet.database.pool.execute(script: "DROP OWNED BY \(role); DROP ROLE \(role)")
        try result.get()
    }

    @Test func otherPeoplesTriggersAreNamedAndNotTried() async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstances(["a"])
            try await fleet.database.pool.execute(
                script: """
                    CREATE TABLE public.noticed (what text);
                    CREATE FUNCTION public.notice() RETURNS trigger LANGUAGE plpgsql AS
                        $$ BEGIN INSERT INTO public.noticed VALUES (NEW.id::text); RETURN NEW; END $$;
                    CREATE TRIGGER notice BEFORE INSERT ON healthcare.integrations
                        FOR EACH ROW EXECUTE FUNCTION public.notice();
                    """)
            let summary = try await fleet.migrate(MigrationOptions(isDryRun: true))
            #expect(summary.rehearsal?.remarks == ["what these triggers would say was not tried: notice"])
            let noticed = try await fleet.database.pool.query("SELECT count(*) AS count FROM public.noticed")
            #expect(try noticed.first?.decode("count") == 0)
        }
    }

    @Test(arguments: [
        "", "CREATE TABLE healthcare.integrations (id uuid PRIMARY KEY, type text, provider text, config json)",
    ])
    func tableThatOurSchemaHasYetToCompleteIsRehearsedAsItWillBe(table: String) async throws {
        try await Fleet.withoutSchema(Fleet.clinics + Fleet.instances + table) { fleet in
            try await fleet.addInstances(["a", "b"])
            let images = try await fleet.images()
            let summary = try await fleet.migrate(MigrationOptions(isDryRun: true))
            #expect(summary.counts.inserted == 2)
            #expect(summary.rehearsal == RehearsalReport())
            #expect(try await fleet.images() == images)
        }
    }

    @Test func columnsOfTheCopyAreThoseThatTheSchemaMakes() async throws {
        try await Fleet.withSchema { fleet in
            let shapes = try await fleet.database.pool.query(
                """
                SELECT a.attname::text AS name, format_type(a.atttypid, NULL) AS type FROM pg_attribute a
                WHERE a.attrelid = 'healthcare.integrations'::regclass AND a.attnum > 0 AND NOT a.attisdropped
                """)
            var types: [String: String] = [:]
            for row in shapes { types[try row.decode("name")] = try row.decode("type") }
            for column in PostgresMigrationRehearsal.columns {
                let type = column.type == "timestamptz" ? "timestamp with time zone" : column.type
                #expect(types[column.name] == type, "\(column.name)")
            }
        }
    }

    /// A page each, so that a later batch meets what an earlier one left.
    @Test func rowsOfDifferentPagesCollideAsInTheRun() async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstances((1...1_100).map { "clinic-\($0)" })
            try await fleet.run(
                """
                UPDATE public.evolution_instances SET phone_number = '+4917099999'
                WHERE instance_name IN ('clinic-1', 'clinic-999')
                """)
            try await fleet.run(
                """
                CREATE UNIQUE INDEX one_phone ON healthcare.integrations (phone_number)
                WHERE phone_number <> '+1234567890'
                """)
            let dry = EventLog()
            try await fleet.migrate(MigrationOptions(isDryRun: true), dry)
            #expect(Self.refusals(dry) == ["clinic-999": "constraint one_phone"])
            let run = EventLog()
            try await fleet.migrate(MigrationOptions(), run)
            #expect(Self.refusals(run) == Self.refusals(dry))
        }
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do {
            self = .success(try await body())
        } catch {
            self = .failure(error)
        }
    }
}
