import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Migration
import PostgresClient
import Testing

/// What the journal keeps of an instance, and what it does not.
@Suite(.timeLimit(.minutes(3))) struct JournalTests {
    private static let firstSecret = "FIRST-SECRET-4711"
    private static let secondSecret = "SECOND-SECRET-0815"

    @Test func journalHoldsNoMemberOfConfigAndUndoGivesThemBackExactly() async throws {
        try await Fleet.withSchema { fleet in
            let own = try await fleet.addClinic("Own")
            try await fleet.addInstance(
                "adopted", organization: own.organization, config: Self.config(Self.firstSecret))
            try await fleet.addInstance("new", organization: own.organization, config: Self.config(Self.firstSecret))
            try await fleet.run("ALTER TABLE healthcare.integrations ADD COLUMN credentials jsonb")
            try await fleet.run(
                """
                INSERT INTO healthcare.integrations (organization_id, type, provider, config, credentials, webhook_url)
                VALUES ($1::uuid, 'whatsapp', 'evolution', '{"instance": "adopted", "password": "OWN-SECRET-1", "note": null}',
                    '{"x": "OWN-SECRET-2"}', 'https://example.com/OWN-SECRET-3')
                """, [own.organization])
            let untouched = try await fleet.imagesBesideOurs()
            let first = try #require(try await fleet.migrate().run)
            let afterFirst = try await fleet.imagesBesideOurs()

            try await fleet.run(
                "UPDATE public.evolution_instances SET config = $1::jsonb", [Self.config(Self.secondSecret)])
            let second = try #require(try await fleet.migrate().run)
            #expect(try await fleet.value("config->>'instance_key'", of: "new") == Self.secondSecret)
            #expect(try await fleet.value("config->>'instance_key'", of: "adopted") == Self.secondSecret)

            let journal = try await journalText(fleet)
            #expect(journal.contains("adopted") && journal.contains("config.instance_key"))
            for secret in [Self.firstSecret, Self.secondSecret, "NESTED", "OWN-SECRET"] {
                #expect(!journal.contains(secret))
                #expect(!journal.contains(Data(secret.utf8).base64EncodedString().prefix(12)))
                #expect(!journal.contains(secret.utf8.map { String($0, radix: 16) }.joined()))
            }

            #expect(try await fleet.undo(first).values.allSatisfy { $0 == .changedBy(second) })
            #expect(try await fleet.undo(second).values.allSatisfy { $0 == .restored })
            var images = try await fleet.imagesBesideOurs()
            images["public.evolution_instances"] = afterFirst["public.evolution_instances"]
            #expect(images == afterFirst)
            #expect(try await fleet.undo(first).values.allSatisfy { $0 == .restored })
            images = try await fleet.imagesBesideOurs()
            images["public.evolution_instances"] = untouched["public.evolution_instances"]
            #expect(images == untouched)
        }
    }

    @Test func valueSealedWithALostKeyIsSaidAndNothingIsHalfUndone() async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstances(["one"])
            try await fleet.migrate()
            try await fleet.run(#"UPDATE public.evolution_instances SET config = '{"instance_key": "L"}'"#)
            let run = try #require(try await fleet.migrate().run)
            try await fleet.run("UPDATE hookgate.server_keys SET key = sha256('else') WHERE name = 'journal'")
            await #expect(throws: MigrationError.sealBroken(InstanceName("one"))) { try await fleet.undo(run) }
            #expect(try await fleet.value("config->>'instance_key'", of: "one") == "L")
        }
    }

    /// A run that fills one field must not make the journal forget that another was never carried over.
    @Test func mismatchStaysAMismatchAfterAnotherFieldWasFilled() async throws {
        try await Fleet.withSchema { fleet in
            let own = try await fleet.addClinic("Own")
            try await fleet.addInstance("one", organization: own.organization, phone: nil)
            try await fleet.migrate()
            try await fleet.run("UPDATE healthcare.integrations SET status = 'error'")
            try await fleet.run(
                "UPDATE public.evolution_instances SET status = 'disconnected', phone_number = '+1234567890'")
            let filled = try await fleet.migrate()
            #expect(filled.counts.updated == 1, "the telephone number was missing")
            #expect(filled.verification?.mismatched == 1)
            let findings = try await fleet.verify().results["one"]?.findings
            #expect(
                findings == [
                    .mismatch(
                        FieldDifference(
                            field: .status, seen: "active", legacy: "disconnected", integration: "error"))
                ])
        }
    }

    /// What stood there before any run was never the legacy row's, so it cannot have moved away from it.
    @Test func valueOfAnAdoptedIntegrationIsItsOwnWhateverTheLegacyRowDoes() async throws {
        try await Fleet.withSchema { fleet in
            let own = try await fleet.addClinic("Own")
            try await fleet.addInstance("one", organization: own.organization)
            try await fleet.run(
                """
                INSERT INTO healthcare.integrations (organization_id, type, provider, status, config)
                VALUES ($1::uuid, 'whatsapp', 'evolution', 'pending', '{"instance": "one"}')
                """, [own.organization])
            try await fleet.migrate()
            try await fleet.run(
                "UPDATE public.evolution_instances SET status = 'disconnected', phone_number = '+1234567890'")
            let further = try await fleet.migrate()
            #expect(further.counts.updated == 1)
            #expect(further.verification?.mismatched == 0)
            #expect(try await fleet.value("status", of: "one") == "pending")
        }
    }

    @Test func valueThatTheLegacyRowLostAndGotAgainIsStillFollowed() async throws {
        try await Fleet.withSchema { fleet in
            let own = try await fleet.addClinic("Own")
            try await fleet.addInstance("one", organization: own.organization, phone: "+1234567890")
            try await fleet.migrate()
            try await fleet.run("UPDATE public.evolution_instances SET phone_number = NULL, status = 'disconnected'")
            try await fleet.migrate()
            try await fleet.run("UPDATE public.evolution_instances SET phone_number = '+1234567899'")
            try await fleet.migrate()
            #expect(try await fleet.value("phone_number", of: "one") == "+1234567899")
        }
    }

    private static func config(_ secret: String) -> String {
        #"{"instance_key": "\#(secret)", "auth": {"deep": "NESTED \#(secret)"}, "n": 1.50}"#
    }

    private func journalText(_ fleet: Fleet) async throws -> String {
        try await fleet.database.pool.query(
            "SELECT string_agg(m::text, '') AS text FROM hookgate.migration_rows m"
        ).first?.decode("text") ?? ""
    }
}
