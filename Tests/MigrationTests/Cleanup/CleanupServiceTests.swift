import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Migration
import PostgresClient
import Store
import Testing

/// The whole clean-up against PostgreSQL: each gate by itself, and what comes after.
@Suite(.timeLimit(.minutes(2)))
struct CleanupServiceTests {
    @Test func withEveryGateHoldingTheTablesAreMoved() async throws {
        try await ReadyFleet.run { fleet in
            let plan = try await fleet.service().plan(CleanupOptions())
            #expect(plan.isOpen, "\(plan.obstacles)")
            #expect(plan.findings.map(\.gate) == CleanupGate.allCases)
            #expect(plan.tables.first { $0.source == .evolutionInstances }?.rows == 2)
            let archive = try await fleet.service().run(CleanupOptions(), expecting: plan.digest, by: "anna@desk")
            #expect(archive.name == plan.archive)
            #expect(archive.archivedBy == "anna@desk")
            let after = try await fleet.service().plan(CleanupOptions())
            #expect(!after.hasTables)
            #expect(after.archives == [archive])
            await #expect(throws: CleanupError.nothingToArchive) { try await fleet.cleanUp() }
        }
    }

    @Test func whatIsPrintedIsWhatIsRun() async throws {
        try await ReadyFleet.run { fleet in
            let plan = try await fleet.service().plan(CleanupOptions())
            let again = try await fleet.service().plan(CleanupOptions())
            #expect(plan.digest == again.digest)
            #expect(plan.statements.contains { $0.sql.hasPrefix("ALTER TABLE public.evolution_instances SET SCHEMA") })
            #expect(!plan.statements.contains { $0.sql.contains("public.integrations") })
            try await fleet.pool.query("DROP TABLE core.whatsapp_business_accounts")
            await #expect(throws: CleanupError.self) {
                _ = try await fleet.service().run(CleanupOptions(), expecting: plan.digest, by: "tester")
            }
            #expect(try await fleet.service().archives().isEmpty)
        }
    }

    // MARK: Each gate by itself

    private struct Trouble: Sendable {
        let gate: CleanupGate
        var sql = "SELECT 1"
        var standings: ReadyFleet.Standings?
        var state = CleanupFinding.State.notMet
    }

    private static let troubles = [
        Trouble(
            gate: .instances,
            sql: "DELETE FROM healthcare.integrations WHERE config->>'instance_name' = 'clinic-b'"),
        Trouble(gate: .instances, sql: "TRUNCATE hookgate.verifications", state: .unknown),
        Trouble(
            gate: .switchOvers,
            sql: "UPDATE hookgate.switch_overs SET state = 'configured' WHERE instance_name = 'clinic-b'"),
        Trouble(gate: .webhooks, standings: .all(.onOldURL)),
        Trouble(
            gate: .webhooks,
            standings: ReadyFleet.Standings(said: [], failures: [("default", .unreachable("down"))]), state: .unknown),
        Trouble(
            gate: .legacyTraffic,
            sql: """
                INSERT INTO hookgate.route_traffic (instance_name, route, day, first_seen, last_seen, last_live, count)
                SELECT 'clinic-a', 'instance', '2025-11-20', t, t, t, 1 FROM (SELECT timestamptz '2025-11-20 10:00Z' AS t) x
                """),
        Trouble(gate: .observation, sql: "TRUNCATE hookgate.coverage"),
        Trouble(gate: .dependents, sql: "CREATE VIEW public.overview AS SELECT status FROM public.evolution_instances"),
        Trouble(
            gate: .dependents,
            sql: """
                CREATE FUNCTION public.by_name(n text) RETURNS uuid LANGUAGE sql AS
                'SELECT organization_id FROM evolution_instances WHERE instance_name = n'
                """),
        Trouble(
            gate: .dependents,
            sql: """
                CREATE FUNCTION public.sync() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN UPDATE Public.Evolution_Instances SET status = 'x'; RETURN NULL; END $$
                """),
        Trouble(
            gate: .dependents,
            sql: "CREATE TABLE public.needs (i uuid REFERENCES public.evolution_instances (id))"),
        Trouble(
            gate: .dependents,
            sql: """
                CREATE POLICY p ON public.integrations USING (EXISTS (SELECT FROM public.evolution_instances))
                """),
        Trouble(gate: .dependents, sql: "CREATE TABLE public.rows (r public.evolution_instances)"),
        Trouble(gate: .dependents, sql: "CREATE TABLE public.child () INHERITS (core.whatsapp_business_accounts)"),
        Trouble(
            gate: .dependents,
            sql: "CREATE TABLE public.numbered (n int DEFAULT nextval('public.evolution_instances_number_seq'))"),
        Trouble(gate: .readers, sql: "SELECT count(*) FROM public.evolution_instances"),
        Trouble(gate: .readers, sql: "TRUNCATE hookgate.table_looks", state: .unknown),
    ]

    @Test(arguments: troubles.indices)
    func oneGateThatDoesNotHoldIsEnough(_ index: Int) async throws {
        let trouble = Self.troubles[index]
        try await ReadyFleet.run { fleet in
            try await fleet.others(trouble.sql)
            let plan = try await fleet.service(trouble.standings).plan(CleanupOptions())
            #expect(plan.obstacles.map(\.gate) == [trouble.gate], "\(plan.obstacles)")
            let finding = try #require(plan.obstacles.first)
            #expect(finding.state == trouble.state)
            #expect(finding.remedy != nil)
            let error = await #expect(throws: CleanupError.self) {
                _ = try await fleet.service(trouble.standings).run(CleanupOptions(), expecting: nil, by: "tester")
            }
            guard case .refused(let findings)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(findings.map(\.gate) == [trouble.gate])
            #expect(try await fleet.old.places().filter { !$0.hasPrefix("public.child") } == OldTables.originalPlaces)
        }
    }

    /// Whoever builds an index reads the table, so that this one never comes alone.
    @Test func twoIndexesOfOneNameDoNotFitIntoOneArchive() async throws {
        try await ReadyFleet.run { fleet in
            try await fleet.others("CREATE INDEX instances_by_status ON core.whatsapp_business_configs (business_name)")
            let plan = try await fleet.service().plan(CleanupOptions(acceptedReads: "the index"))
            #expect(plan.obstacles.map(\.gate) == [.dependents])
            #expect(plan.obstacles.first?.total == 2)
            try await fleet.others("ALTER INDEX core.instances_by_status RENAME TO configs_by_name")
            try await fleet.cleanUp(CleanupOptions(acceptedReads: "the index"))
        }
    }

    @Test func aChangedLegacyRowUndoesItsVerification() async throws {
        try await ReadyFleet.run { fleet in
            try await fleet.others("UPDATE public.evolution_instances SET status = 'connected'")
            #expect(try await fleet.obstacles() == [.instances, .readers])
        }
    }

    @Test func aSchemaThatIsNotAppliedLeavesTheRestUnknown() async throws {
        try await ReadyFleet.run { fleet in
            try await fleet.pool.query("DELETE FROM hookgate.schema_migrations WHERE name = '20251113_cleanup.sql'")
            let plan = try await fleet.service().plan(CleanupOptions())
            #expect(plan.findings.map(\.state) == [.notMet] + Array(repeating: .unknown, count: 8))
            await #expect(throws: CleanupError.self) { try await fleet.cleanUp() }
        }
    }

    @Test func beforeAnySchemaOfOursThePlanSaysSo() async throws {
        try await withDatabase { database in
            try await database.pool.execute(script: "CREATE TABLE public.evolution_instances (instance_name text)")
            let evidence = PostgresCleanupEvidence(pool: database.pool, directURL: database.url)
            #expect(try await evidence.facts().pendingSchema.isEmpty == false)
            #expect(try await PostgresLegacyArchives(pool: database.pool).all().isEmpty)
        }
    }

    @Test func whileAMigrationRunsNothingIsMoved() async throws {
        try await ReadyFleet.run { fleet in
            let ledger = PostgresMigrationLedger(pool: fleet.pool, lockURL: fleet.old.database.url)
            try await ledger.withRunLock(wait: .zero, onWait: {}) {
                try await ledger.beginRun(RunID(UUID()), at: ReadyFleet.now)
                #expect(try await fleet.obstacles() == [.migrationIdle])
                await #expect(throws: CleanupError.busy) { try await fleet.cleanUp() }
            }
            // Its process is gone without having closed it: that is no run any more.
            #expect(try await fleet.cleanUp().state == .archived)
        }
    }

    @Test func anInstanceLeftOutByADecisionIsNoObstacle() async throws {
        try await ReadyFleet.run { fleet in
            try await fleet.pool.query(
                "DELETE FROM healthcare.integrations WHERE config->>'instance_name' = 'clinic-b'")
            var decisions = MigrationDecisions.none
            decisions.excluded = [InstanceName("clinic-b"): "closed in March"]
            _ = try await fleet.migration.verify(decisions) { _ in }
            let plan = try await fleet.service().plan(CleanupOptions())
            #expect(plan.obstacles.isEmpty, "\(plan.obstacles)")
            let evidence = plan.findings.first { $0.gate == .instances }?.evidence
            #expect(evidence?.map(\.detail) == ["left out: closed in March"])
            try await fleet.cleanUp()
            let routing = PostgresRoutingSource(pool: fleet.pool, listenURL: nil)
            #expect(try await routing.fact(for: .instance(InstanceName("clinic-b"))) == .legacyInstance)
        }
    }

    @Test func readsThatAreVouchedForPass() async throws {
        try await ReadyFleet.run { fleet in
            try await fleet.others("SELECT count(*) FROM public.evolution_instances")
            #expect(try await fleet.obstacles() == [.readers])
            #expect(try await fleet.obstacles(nil, CleanupOptions(acceptedReads: "nightly pg_dump")).isEmpty)
        }
    }

    @Test func ourOwnCommandsAreNobodyElse() async throws {
        try await ReadyFleet.run { fleet in
            _ = try await fleet.migration.check { _ in }
            _ = try await fleet.migration.verify { _ in }
            _ = try await fleet.migration.migrate(MigrationOptions(isDryRun: true)) { _ in }
            try await PostgresDoctorEvidence(
                pool: fleet.pool, directURL: fleet.old.database.url, publicHost: nil
            ).collect(DoctorCheck.allCases, limit: 5, now: ReadyFleet.now) { _, _ in }
            #expect(try await fleet.obstacles() == [])
        }
    }

    // MARK: Afterwards

    @Test func everythingGoesOnWithoutTheTables() async throws {
        try await ReadyFleet.run { fleet in
            // A source that has looked at the tables before they go.
            let routing = PostgresRoutingSource(pool: fleet.pool, listenURL: nil)
            #expect(try await routing.fact(for: .instance(InstanceName("nobody"))) == .nothing)
            try await fleet.pool.query(
                "UPDATE healthcare.integrations SET config = '{}' WHERE config->>'instance_name' = 'clinic-b'")
            try await fleet.pool.query(
                "UPDATE healthcare.integrations SET config = '{\"instance_name\": \"clinic-b\"}' WHERE config = '{}'")
            // A gateway's look-up of a name that nobody has is counted as somebody's reading.
            try await fleet.cleanUp(CleanupOptions(acceptedReads: "a look-up"))
            for name in ["clinic-a", "clinic-b"] {
                guard case .instance = try await routing.fact(for: .instance(InstanceName(name))) else {
                    Issue.record("\(name) is not found any more")
                    continue
                }
            }
            #expect(try await routing.fact(for: .instance(InstanceName("nobody"))) == .nothing)
            _ = try await fleet.migration.check { _ in }
            let summary = try await fleet.migration.migrate(MigrationOptions()) { _ in }
            #expect(summary.counts.inserted == 0)
            try await PostgresDoctorEvidence(
                pool: fleet.pool, directURL: fleet.old.database.url, publicHost: nil
            ).collect(DoctorCheck.allCases, limit: 5, now: ReadyFleet.now) { check, evidence in
                if case .unknowable(let reason) = evidence { Issue.record("\(check): \(reason)") }
            }
        }
    }

    /// Its webhooks would be held while the table is there; so they are when it is archived, and when it is dropped.
    @Test func aNameThatOnlyAnArchivedRowHasIsNeverRefused() async throws {
        try await ReadyFleet.run { fleet in
            let routing = PostgresRoutingSource(pool: fleet.pool, listenURL: nil)
            let name = RoutingKey.instance(InstanceName("clinic-b"))
            // It has seen the tables, and believes for a while that they are there.
            _ = try await routing.fact(for: name)
            let archive = try await fleet.cleanUp()
            try await fleet.pool.query(
                "DELETE FROM healthcare.integrations WHERE config->>'instance_name' = 'clinic-b'")
            #expect(try await routing.fact(for: name) == .legacyInstance)
            #expect(try await routing.facts(for: [name])[name] == .legacyInstance)
            fleet.clock.move(to: ReadyFleet.now.addingTimeInterval(31 * ReadyFleet.day))
            _ = try await fleet.service().purge(archive.name, retention: CleanupOptions.defaultRetention, by: "tester")
            #expect(try await routing.fact(for: name) == .legacyInstance)
        }
    }

    @Test func aPurgeNeedsTheRetentionOverAndRehearsesARestore() async throws {
        try await ReadyFleet.run { fleet in
            let archive = try await fleet.cleanUp()
            let service = fleet.service()
            let end = ReadyFleet.now.addingTimeInterval(30 * ReadyFleet.day)
            fleet.clock.move(to: end.addingTimeInterval(-1))
            await #expect(throws: CleanupError.retained(archive.name, until: end)) {
                _ = try await service.purge(archive.name, retention: CleanupOptions.defaultRetention, by: "tester")
            }
            fleet.clock.move(to: end)
            try await fleet.pool.query("INSERT INTO \(archive.name).whatsapp_business_accounts VALUES (1)")
            await #expect(throws: CleanupError.self, "a restore would not succeed") {
                _ = try await service.purge(archive.name, retention: CleanupOptions.defaultRetention, by: "tester")
            }
            try await fleet.pool.query("DELETE FROM \(archive.name).whatsapp_business_accounts")
            let purged = try await service.purge(
                archive.name, retention: CleanupOptions.defaultRetention, by: "tester")
            #expect((purged.state, purged.rehearsedAt, purged.endedAt) == (.purged, end, end))
            await #expect(throws: CleanupError.notArchived(archive.name, .purged)) {
                _ = try await service.restore(archive.name, by: "tester")
            }
            let rows = try await fleet.pool.query(
                "SELECT action FROM hookgate.audit_log WHERE action LIKE 'cleanup.%' ORDER BY id")
            #expect(
                try rows.map { try $0.decode("action", as: String.self) } == [
                    "cleanup.run", "cleanup.rehearse", "cleanup.purge",
                ])
            #expect(try await AuditLog.verify(fleet.pool) == .whole(entries: 3))
        }
    }

    @Test func afterARestoreTheCleanUpCanBeRunAgain() async throws {
        try await ReadyFleet.run { fleet in
            let first = try await fleet.cleanUp()
            #expect(try await fleet.service().rehearse(first.name, by: "tester").rehearsedAt == ReadyFleet.now)
            #expect(try await fleet.service().restore(first.name, by: "tester").state == .restored)
            // Not by a dump of the rows, which would be somebody else's reading; ArchiveTests compare those.
            #expect(try await fleet.old.places() == OldTables.originalPlaces)
            fleet.clock.move(to: ReadyFleet.now.addingTimeInterval(2 * ReadyFleet.day))
            // The restore and its rehearsal read the rows to compare them, and that was nobody else.
            let second = try await fleet.cleanUp()
            #expect(second.name != first.name)
            #expect(try await fleet.service().archives().map(\.state) == [.archived, .restored])
        }
    }

    @Test func anUnknownArchiveIsNamedWithThoseThereAre() async throws {
        try await ReadyFleet.run { fleet in
            let archive = try await fleet.cleanUp()
            let other = try #require(ArchiveName("hookgate_archive_20000101"))
            await #expect(throws: CleanupError.unknownArchive(other, known: [archive.name])) {
                _ = try await fleet.service().restore(other, by: "tester")
            }
        }
    }
}
