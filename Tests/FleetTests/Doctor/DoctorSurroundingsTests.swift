import Fleet
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Store
import Testing

/// The doctor where little is there, or little may be read.
@Suite(.timeLimit(.minutes(3))) struct DoctorSurroundingsTests {
    @Test func anEmptyDatabaseLacksTheSchemaAndNothingElse() async throws {
        try await withDatabase { database in
            // A new Supabase project has these roles, and nothing for them to read yet.
            try await Ward(database).run(WellFleet.publicRoles)
            for (check, finding) in try await Ward(database).diagnose() {
                #expect(
                    finding.result == (check == .pendingSchema ? .attention : .ok),
                    "\(check.rawValue): \(finding.summary)")
            }
        }
    }

    @Test func theOldSystemAloneIsUnderstood() async throws {
        try await withDatabase { database in
            let ward = Ward(database)
            try await ward.run(
                WellFleet.oldTables + """
                    CREATE TABLE healthcare.integrations (
                        id uuid PRIMARY KEY DEFAULT gen_random_uuid(), organization_id uuid, clinic_id uuid, type text,
                        provider text, status text, config jsonb, enabled boolean);
                    INSERT INTO healthcare.integrations (organization_id, clinic_id, type, provider, status, config, enabled)
                    VALUES ('\(WellFleet.otherOrganization)', '\(WellFleet.north)', 'whatsapp', 'evolution', 'disconnected',
                        '{"instance": "b-south"}', false);
                    """)
            let findings = try await ward.diagnose()
            #expect(findings[.pendingSchema]?.evidence.total == SchemaFile.builtIn.count)
            #expect(findings[.missingTokens]?.evidence.items.map(\.subject) == ["b-south"])
            #expect(findings[.overwrittenInstances]?.evidence.items.map(\.subject) == ["b-north"])
            #expect(findings[.unmigratedInstances]?.evidence.items.map(\.subject) == ["a-one", "a-two"])
            #expect(findings[.instanceNameKey]?.result == .attention)
            #expect(findings[.disabledByMigration]?.result == .attention)
            #expect(findings[.oldRouteTraffic]?.result == .cannotTell)
            #expect(findings[.interruptedRun]?.result == .ok)
            #expect(findings[.schemaObjects]?.result == .ok)
        }
    }

    @Test func configOfAnyShapeBreaksNothing() async throws {
        for type in ["json", "text"] {
            try await withDatabase { database in
                let ward = Ward(database)
                try await ward.run(
                    WellFleet.oldTables + """
                        CREATE TABLE healthcare.integrations (
                            id int PRIMARY KEY, type varchar(20), provider text, config \(type), organization_id text);
                        INSERT INTO healthcare.integrations VALUES (1, 'whatsapp', 'evolution', '[1]', 'x'),
                            (2, 'whatsapp', 'evolution', '{"instance": "b-south"}', ''), (3, 'whatsapp', NULL, NULL, NULL);
                        """)
                for (check, finding) in try await ward.diagnose() where check != .oldRouteTraffic {
                    #expect(finding.result != .cannotTell, "\(type) \(check.rawValue): \(finding.summary)")
                }
            }
        }
    }

    @Test func aRoleWithoutRightsIsToldWhatToGrant() async throws {
        try await Ward.withWellFleet { ward in
            try await ward.database.makeRole("doctor_without_rights")
            try await ward.run("GRANT USAGE ON SCHEMA healthcare TO doctor_without_rights")
            let findings = try await Ward(ward.database, url: ward.database.url(as: "doctor_without_rights")).diagnose()
            for check in [DoctorCheck.missingTokens, .duplicateInstances, .overwrittenInstances, .interruptedRun] {
                #expect(findings[check]?.result == .cannotTell, "\(check.rawValue)")
            }
            #expect(
                findings[.missingTokens]?.remedy?.commands == [
                    "GRANT SELECT ON healthcare.integrations TO doctor_without_rights;"
                ])
            #expect(findings[.readableTokens]?.result == .ok, "the catalogue is open to everybody")
            try await ward.run("GRANT SELECT (id, type, config) ON healthcare.integrations TO doctor_without_rights")
            let finding = try await Ward(ward.database, url: ward.database.url(as: "doctor_without_rights"))
                .diagnose(.missingTokens)
            #expect(finding?.remedy?.commands.first?.contains("(clinic_id, ") == true, "\(finding as Any)")
            try await ward.run("DROP OWNED BY doctor_without_rights")
        }
    }

    @Test func rowsThatRowLevelSecurityMayHideAreNotVouchedFor() async throws {
        try await Ward.withWellFleet { ward in
            try await ward.database.makeRole("doctor_behind_policies")
            try await ward.run(
                """
                GRANT USAGE ON SCHEMA healthcare TO doctor_behind_policies;
                GRANT SELECT ON ALL TABLES IN SCHEMA healthcare TO doctor_behind_policies;
                ALTER TABLE healthcare.integrations ENABLE ROW LEVEL SECURITY;
                """)
            let finding = try await Ward(ward.database, url: ward.database.url(as: "doctor_behind_policies"))
                .diagnose(.missingTokens)
            #expect(finding?.result == .cannotTell)
            #expect(finding?.summary.contains("row level security") == true)
            try await ward.run("DROP OWNED BY doctor_behind_policies")
        }
    }

    @Test func credentialsBehindAPolicyThatLetsNobodyThroughAreNotReadable() async throws {
        try await Ward.withWellFleet { ward in
            try await ward.run(
                """
                GRANT SELECT (config) ON healthcare.integrations TO anon;
                ALTER TABLE healthcare.integrations ENABLE ROW LEVEL SECURITY;
                """)
            #expect(try await ward.diagnose(.readableCredentials)?.result == .ok)
            try await ward.run("CREATE POLICY everybody ON healthcare.integrations FOR SELECT USING (true)")
            #expect(try await ward.diagnose(.readableCredentials)?.result == .attention)
        }
    }

    @Test func noFindingHoldsASecret() async throws {
        let token = "inherited-token-nobody-may-see"
        try await Ward.withWellFleet { ward in
            try await ward.run(
                """
                DROP INDEX healthcare.hookgate_integrations_token, healthcare.hookgate_integrations_instance;
                GRANT SELECT ON healthcare.integrations TO anon;
                UPDATE healthcare.integrations SET webhook_token = '\(token)',
                    webhook_url = 'https://user:password-in-url@else.example.com/webhooks/evolution/whatsapp/\(token)x',
                    config = config || '{"instance": "other", "webhook_url": "https://e.example.com/webhook/\(token)"}'
                """)
            let findings = try await ward.diagnose(limit: 100)
            #expect(findings.values.count { $0.result == .attention } >= 5)
            for finding in findings.values {
                for secret in [token, Ward.key, "password-in-url"] {
                    #expect(!"\(finding)".contains(secret), "\(finding.check.rawValue)")
                }
            }
        }
    }
}
