import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Migration
import PostgresClient
import Testing

@Suite(.timeLimit(.minutes(3))) struct CheckTests {
    @Test func eachInstanceHasItsOwnNextStep() async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstances(["ready", "switched", "fell back"])
            try await fleet.migrate()
            try await fleet.addInstances(["late"])
            let organization = UUID()
            try await fleet.addClinic("A", organization: organization, id: World.clinicA.uuid)
            try await fleet.addClinic("B", organization: organization, id: World.clinicB.uuid)
            try await fleet.addInstance("undecided", organization: organization)
            try await fleet.run(
                """
                INSERT INTO healthcare.integrations (type, provider, config)
                VALUES ('whatsapp', 'evolution', '{"instance_name": "new"}')
                """)
            try await fleet.run(
                """
                INSERT INTO hookgate.route_traffic (instance_name, route, day, first_seen, last_seen, count) VALUES
                    ('switched', 'instance', '2026-01-01', '2026-01-01Z', '2026-01-01Z', 1),
                    ('switched', 'token', '2026-01-02', '2026-01-02Z', '2026-01-02Z', 1),
                    ('fell back', 'token', '2026-01-01', '2026-01-01Z', '2026-01-01Z', 1),
                    ('fell back', 'instance', '2026-01-02', '2026-01-02Z', '2026-01-02Z', 1)
                """)
            let (report, states) = try await fleet.check()
            #expect(states["ready"]?.nextStep == .switchOver)
            #expect(states["switched"]?.nextStep == .done)
            #expect(states["switched"]?.sightings.lastSeen[.token] == Timestamp("2026-01-02T00:00:00.000000Z"))
            #expect(states["fell back"]?.nextStep == .switchOver)
            #expect(states["late"]?.nextStep == .migrate)
            #expect(states["late"]?.becomes == "a new integration")
            #expect(states["ready"]?.becomes?.hasSuffix(", which has it all") == true)
            #expect(states["undecided"]?.becomes == "nothing until a person decides")
            #expect(states["new"]?.becomes == nil)
            #expect(states["undecided"]?.nextStep.description.hasPrefix("decide: ambiguous between A and B") == true)
            #expect(states["new"]?.nextStep == .assignClinic)
            #expect(states["new"]?.legacyRows.isEmpty == true)
            #expect(report.legacy == 5)
            #expect(report.migrated == 3)
            #expect(report.needMigration == 1)
            #expect(report.needDecision == 2)
            #expect(report.onlyInNew == 1)
            #expect(report.analysis == .partial)
        }
    }

    @Test func fleetWithoutLegacyRowsUsesTheNewSystem() async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.run(
                """
                INSERT INTO healthcare.integrations (type, provider, config)
                VALUES ('whatsapp', 'evolution', '{"instance_name": "new"}')
                """)
            #expect(try await fleet.check().report.analysis == .newSystemIncomplete, "it has no clinic yet")
            try await fleet.run("UPDATE healthcare.integrations SET clinic_id = gen_random_uuid()")
            #expect(try await fleet.check().report.analysis == .newSystemInUse)
        }
    }

    /// The original printed MIGRATION COMPLETE here, and then crashed on the missing token.
    @Test func oneUnrelatedRowIsNoCompleteMigration() async throws {
        try await Fleet.withoutSchema { fleet in
            try await fleet.addInstances(["one"])
            try await fleet.database.pool.execute(
                script: """
                    CREATE TABLE healthcare.integrations (
                        id uuid PRIMARY KEY DEFAULT gen_random_uuid(), type text, provider text, config jsonb);
                    INSERT INTO healthcare.integrations (type, provider, config)
                    VALUES ('whatsapp', 'evolution', '{"instance_name": "unrelated"}');
                    """)
            let (report, states) = try await fleet.check()
            #expect(report.analysis == .needed)
            #expect(report.withoutToken == 1)
            #expect(states["unrelated"]?.nextStep == .makeToken)
        }
    }
}
