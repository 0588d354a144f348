import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Migration
import PostgresClient
import Testing

@Suite(.timeLimit(.minutes(3))) struct VerifyTests {
    @Test func swappedClinicsAreCaught() async throws {
        try await Fleet.withSchema { fleet in
            let organization = UUID()
            let a = try await fleet.addClinic("A", organization: organization)
            let b = try await fleet.addClinic("B", organization: organization)
            for clinic in [a, b] {
                try await fleet.addInstance("clinic-\(clinic.clinic.uuidString)", organization: organization)
            }
            try await fleet.migrate()
            #expect(try await fleet.verify().summary.holds)
            try await fleet.run(
                """
                UPDATE healthcare.integrations
                SET clinic_id = CASE clinic_id WHEN $1::uuid THEN $2::uuid ELSE $1::uuid END
                """, [a.clinic, b.clinic])
            let verification = try await fleet.verify()
            #expect(verification.summary.mismatched == 2)
            #expect(!verification.summary.holds)
        }
    }

    /// A statement that changes one mapped field, whether it must be a mismatch, and the field.
    struct Change: Sendable, CustomTestStringConvertible {
        let field: MappedField
        let assignment: String
        var testDescription: String { assignment }
    }

    @Test(arguments: [
        Change(field: .organization, assignment: "organization_id = gen_random_uuid()"),
        Change(field: .clinic, assignment: "clinic_id = gen_random_uuid()"),
        Change(field: .clinic, assignment: "clinic_id = NULL"),
        Change(field: .status, assignment: "status = 'error'"),
        Change(field: .enabled, assignment: "enabled = false"),
        Change(field: .phoneNumber, assignment: "phone_number = '+1999999999'"),
        Change(field: .displayName, assignment: "display_name = 'Else'"),
        Change(field: .connectedAt, assignment: "connected_at = connected_at + interval '1 microsecond'"),
        Change(field: .lastSeenAt, assignment: "last_seen_at = NULL"),
        Change(field: .createdAt, assignment: "created_at = created_at - interval '1 microsecond'"),
        Change(field: .config("instance"), assignment: #"config = config || '{"instance": "else"}'"#),
        Change(field: .config("instance_key"), assignment: #"config = config || '{"instance_key": "else"}'"#),
        Change(field: .config("instance_key"), assignment: "config = config - 'instance_key'"),
    ])
    func everyMappedFieldChangedInSQLIsFound(change: Change) async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstances(["one", "two"])
            try await fleet.migrate()
            try await fleet.run(
                "UPDATE healthcare.integrations SET \(change.assignment) WHERE config->>'instance_name' = 'one'")
            let (summary, results) = try await fleet.verify()
            let found = results["one"]?.findings.compactMap { finding in
                switch finding {
                case .mismatch(let difference), .edited(let difference): difference.field
                default: nil
                }
            }
            #expect(found?.contains(change.field) == true)
            #expect((results["one"]?.outcome == .mismatch) == change.field.decidesOwner)
            #expect(results["two"]?.findings == [])
            #expect(summary.holds != change.field.decidesOwner)
        }
    }

    @Test func renamedInstanceIsMissing() async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstances(["one"])
            try await fleet.migrate()
            try await fleet.run(
                #"UPDATE healthcare.integrations SET config = '{"instance_name": "else", "instance": "else"}'"#)
            #expect(try await fleet.verify().results["one"]?.outcome == .missing)
        }
    }

    @Test func missingMalformedAndSharedTokensAreFound() async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstances(["one", "two", "three", "four"])
            try await fleet.migrate()
            // What the schema forbids can still be in a database that somebody repaired by hand.
            try await fleet.database.pool.execute(
                script: """
                    DROP INDEX healthcare.hookgate_integrations_token;
                    ALTER TABLE healthcare.integrations DISABLE TRIGGER USER;
                    UPDATE healthcare.integrations SET webhook_token = NULL WHERE config->>'instance' = 'one';
                    UPDATE healthcare.integrations SET webhook_token = 'hgw_broken' WHERE config->>'instance' = 'two';
                    UPDATE healthcare.integrations SET webhook_token = 'c2FtZXNhbWVzYW1lc2FtZXNhbWVzYW1l'
                        WHERE config->>'instance' IN ('three', 'four');
                    """)
            let results = try await fleet.verify().results
            #expect(results["one"]?.findings.contains(.tokenMissing) == true)
            #expect(results["two"]?.findings.contains(.tokenMalformed) == true)
            #expect(results["three"]?.findings.contains(.tokenShared) == true)
            #expect(results.values.allSatisfy { $0.outcome == .mismatch })
        }
    }

    @Test func bothRoutesAreResolvedThroughTheRealCode() async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstances(["one"])
            try await fleet.migrate()
            // The ledger is what the token route reads: without its entry the token leads nowhere.
            try await fleet.run("UPDATE hookgate.tokens SET state = 'revoked'")
            let result = try await fleet.verify().results["one"]
            #expect(result?.findings == [.tokenRoute(.leadsNowhere)])
            #expect(result?.outcome == .mismatch)
        }
    }

    @Test func switchedOffIntegrationIsNoFault() async throws {
        try await Fleet.withSchema { fleet in
            let own = try await fleet.addClinic("Own")
            try await fleet.addInstance("one", organization: own.organization, status: "disabled")
            #expect(try await fleet.migrate().verification?.verified == 1)
        }
    }
}
