import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Migration
import PostgresClient
import Testing

/// What must not depend on how a fleet is cut into pages.
@Suite(.timeLimit(.minutes(3))) struct PagesTests {
    private static let names = (1...700).map { "clinic-\($0)" }

    /// A fleet of seven pages and more, in which every tenth name has rows in two tables.
    private func addFleet(to fleet: Fleet) async throws {
        try await fleet.addInstances(Self.names)
        try await fleet.database.pool.execute(
            script: """
                CREATE TABLE public.evolution_integrations AS
                SELECT gen_random_uuid() AS id, organization_id, instance_name, 'baileys' AS connection_type
                FROM public.evolution_instances WHERE instance_name LIKE '%7';
                """)
    }

    @Test func planHasOneDigestHoweverItIsCutAndWhetherItIsCarriedOut() async throws {
        try await Fleet.withSchema { fleet in
            try await addFleet(to: fleet)
            let whole = try await fleet.migrate(MigrationOptions(isDryRun: true))
            #expect(whole.counts.inserted == Self.names.count)
            let inPages = Fleet(fleet.database, pageSize: 99)
            #expect(try await inPages.migrate(MigrationOptions(isDryRun: true)).digest == whole.digest)
            let log = EventLog()
            let run = try await inPages.migrate(MigrationOptions(expectedDigest: whole.digest, batchSize: 70), log)
            #expect(run.digest == whole.digest)
            #expect(log.migrated.map(\.name) == Self.names.map { InstanceName($0) }.sorted())
            #expect(run.verification?.verified == Self.names.count)
            #expect(try await Fleet(fleet.database, pageSize: 13).verify().summary == run.verification)
        }
    }

    @Test func instanceWithMoreRowsThanAPageStaysOne() async throws {
        try await Fleet.withSchema { fleet in
            let clinic = try await fleet.addClinic("Own")
            for _ in 1...7 { try await fleet.addInstance("many", organization: clinic.organization) }
            try await fleet.addInstance("one", organization: clinic.organization)
            let log = EventLog()
            try await Fleet(fleet.database, pageSize: 2).migrate(MigrationOptions(isDryRun: true), log)
            #expect(log.planned.map(\.name.text) == ["many", "one"])
        }
    }

    @Test func whatStopsTheWorkOnAPageStopsTheReadingOfTheNext() async throws {
        try await Fleet.withSchema { fleet in
            try await addFleet(to: fleet)
            await #expect(throws: Stopped.self) {
                try await Fleet(fleet.database, pageSize: 50).service.migrate(MigrationOptions(isDryRun: true)) {
                    event in
                    if case .planned = event { throw Stopped() }
                }
            }
            // The connection is free again and in no transaction.
            #expect(try await fleet.migrate(MigrationOptions(isDryRun: true)).counts.inserted == Self.names.count)
        }
    }

    @Test func integrationsAreFoundBeforeAnyIndexOfOursIsThere() async throws {
        let old = """
            CREATE TABLE healthcare.integrations (
                id uuid PRIMARY KEY DEFAULT gen_random_uuid(), organization_id uuid, clinic_id uuid, type text, provider text,
                status text, enabled boolean, phone_number text, display_name text, config jsonb);
            """
        try await Fleet.withoutSchema(Fleet.clinics + Fleet.instances + old) { fleet in
            try await fleet.addInstances((1...5).map { "clinic-\($0)" })
            try await fleet.run(
                """
                INSERT INTO healthcare.integrations (organization_id, type, provider, config)
                SELECT organization_id, 'whatsapp', 'evolution', jsonb_build_object('instance', instance_name)
                FROM public.evolution_instances WHERE instance_name IN ('clinic-2', 'clinic-4')
                """)
            let counts = try await Fleet(fleet.database, pageSize: 2).migrate(MigrationOptions(isDryRun: true)).counts
            #expect(counts.updated == 2)
            #expect(counts.inserted == 3)
        }
    }

    @Test func everySharedTokenIsFoundHoweverManyThereAre() async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstances((1...450).map { "clinic-\($0)" })
            try await fleet.migrate(MigrationOptions(verifies: false))
            // Pairs that stand far apart in the order of names, each with a token of its own. The schema forbids them,
            // and they can still be in a database that somebody repaired by hand.
            try await fleet.database.pool.execute(
                script: """
                    DROP INDEX healthcare.hookgate_integrations_token;
                    WITH numbered AS (
                        SELECT id, row_number() OVER (ORDER BY config->>'instance_name') % 150 AS n
                        FROM healthcare.integrations)
                    UPDATE healthcare.integrations i SET webhook_token = 'c2FtZXNhbWVzYW1lc2FtZXNhbWV' || lpad(n::text, 5, '0')
                    FROM numbered WHERE numbered.id = i.id;
                    """)
            let verification = try await Fleet(fleet.database, pageSize: 100).verify()
            #expect(verification.summary.mismatched == 450)
            #expect(verification.results.values.allSatisfy { $0.findings.contains(.tokenShared) })
        }
    }
}

private struct Stopped: Error {}
