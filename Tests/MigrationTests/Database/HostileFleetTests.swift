import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Migration
import PostgresClient
import Store
import Testing

/// Fleets that broke the original, by name.
@Suite(.timeLimit(.minutes(3))) struct HostileFleetTests {
    @Test func organizationWithTwoClinicsAndTwoInstancesHasTwoRightRows() async throws {
        try await Fleet.withSchema { fleet in
            let organization = UUID()
            let a = try await fleet.addClinic("A", organization: organization, number: "+49 170 1111111")
            let b = try await fleet.addClinic("B", organization: organization)
            try await fleet.addInstance("front desk", organization: organization, phone: "491701111111")
            try await fleet.addInstance("clinic-\(b.clinic.uuidString)", organization: organization)
            try await fleet.migrate()
            #expect(try await fleet.value("clinic_id", of: "front desk") == a.clinic.uuidString.lowercased())
            #expect(
                try await fleet.value("clinic_id", of: "clinic-\(b.clinic.uuidString)")
                    == b.clinic.uuidString.lowercased())
        }
    }

    @Test func clinicWithTwoNumbersHasTwoRows() async throws {
        try await Fleet.withSchema { fleet in
            let own = try await fleet.addClinic("Own")
            try await fleet.addInstance("one", organization: own.organization, phone: "+1234567890")
            try await fleet.addInstance("two", organization: own.organization, phone: "+1234567891")
            #expect(try await fleet.migrate().counts.inserted == 2)
            #expect(try await fleet.value("display_name", of: "one") == "Own (+1234567890)")
            #expect(try await fleet.value("display_name", of: "two") == "Own (+1234567891)")
        }
    }

    @Test func organizationWithTwoClinicsAndTwoInstancesStopsWhereNothingDecides() async throws {
        try await Fleet.withSchema { fleet in
            let organization = UUID()
            try await fleet.addClinic("A", organization: organization)
            try await fleet.addClinic("B", organization: organization)
            try await fleet.addInstance("front desk", organization: organization)
            try await fleet.addInstance("back office", organization: organization)
            let summary = try await fleet.migrate()
            #expect(summary.counts.ambiguous == 2)
            #expect(summary.needsAttention)
            #expect(try await fleet.integrationCount() == 0)
        }
    }

    @Test func statusNullOrErrorOrUnknownIsMigratedAndReported() async throws {
        try await Fleet.withSchema { fleet in
            let becomes: [(word: String?, status: IntegrationStatus)] = [
                (nil, .pending), ("error", .error), ("banana", .pending), ("", .pending),
            ]
            for (number, (word, _)) in becomes.enumerated() {
                let own = try await fleet.addClinic("Clinic \(number)")
                try await fleet.addInstance("clinic-\(number)", organization: own.organization, status: word)
            }
            let plan = try await fleet.plan()
            let summary = try await fleet.migrate()
            #expect(summary.counts.inserted == becomes.count)
            #expect(summary.verification?.verified == becomes.count)
            for (number, (word, status)) in becomes.enumerated() {
                let name = "clinic-\(number)"
                #expect(plan[name]?.notes == [.oddStatus(word == "" ? nil : word, becomes: status)])
                #expect(try await fleet.value("status", of: name) == status.rawValue)
                #expect(try await fleet.value("enabled", of: name) == "true")
            }
        }
    }

    @Test func disconnectedAtMigrationTimeIsRoutableOnceItReconnects() async throws {
        try await Fleet.withSchema { fleet in
            let own = try await fleet.addClinic("Own")
            try await fleet.addInstance("offline", organization: own.organization, status: "disconnected")
            try await fleet.migrate()
            let token = try #require(
                try await fleet.value("webhook_token", of: "offline").flatMap { WebhookToken($0) })
            let routing = PostgresRoutingSource(pool: fleet.database.pool, listenURL: nil)
            for key in [RoutingKey.token(token.digest), .instance(InstanceName("offline"))] {
                let resolution = Resolution(try await routing.fact(for: key), at: Date())
                guard case .deliverable(let entry) = resolution else {
                    Issue.record("\(key) was resolved as \(resolution)")
                    continue
                }
                #expect(entry.clinicID?.uuid == own.clinic)
            }
        }
    }

    @Test func rowAlreadyInTargetWithConfigInstanceNameGetsItsGapsFilledAlone() async throws {
        try await Fleet.withSchema { fleet in
            let own = try await fleet.addClinic("Own")
            try await fleet.addInstance("one", organization: own.organization, phone: "+1234567890")
            try await fleet.run(
                """
                INSERT INTO healthcare.integrations
                    (organization_id, clinic_id, type, provider, status, display_name, config)
                VALUES ($1::uuid, $2::uuid, 'whatsapp', 'evolution', 'pending', 'Reception',
                    '{"instance_name": "one", "api_url": "kept"}')
                """, [own.organization, own.clinic])
            let token = try await fleet.value("webhook_token", of: "one")
            #expect(try await fleet.migrate().counts.updated == 1)
            #expect(try await fleet.integrationCount() == 1)
            for (column, value) in [
                ("display_name", "Reception"), ("status", "pending"), ("config->>'api_url'", "kept"),
                ("phone_number", "+1234567890"), ("config->>'instance'", "one"),
            ] { #expect(try await fleet.value(column, of: "one") == value, "\(column)") }
            #expect(try await fleet.value("webhook_token", of: "one") == token)
        }
    }

    @Test func reRunAfterOperatorEditsLeavesThemUntouched() async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstances(["one", "two"])
            try await fleet.migrate()
            try await fleet.run(
                """
                UPDATE healthcare.integrations
                SET display_name = 'Reception', status = 'pending', enabled = false, phone_number = '+4917012345'
                WHERE config->>'instance_name' = 'one'
                """)
            let images = try await fleet.images(except: [Fleet.verifications])
            #expect(try await fleet.migrate().counts.written == 0)
            #expect(try await fleet.images(except: [Fleet.verifications]) == images)
        }
    }

    @Test func targetRowWithoutTokenGetsOneOnce() async throws {
        let table = """
            CREATE TABLE healthcare.integrations (
                id uuid PRIMARY KEY DEFAULT gen_random_uuid(), organization_id uuid, type text, provider text, config jsonb,
                webhook_token text);
            """
        try await Fleet.withoutSchema(Fleet.clinics + Fleet.instances + table) { fleet in
            let own = try await fleet.addClinic("Own")
            try await fleet.addInstance("one", organization: own.organization)
            try await fleet.run(
                """
                INSERT INTO healthcare.integrations (organization_id, type, provider, config)
                VALUES ($1::uuid, 'whatsapp', 'evolution', '{"instance_name": "one"}')
                """, [own.organization])
            _ = try await SchemaApplier(url: fleet.database.url).apply()
            let token = try await fleet.value("webhook_token", of: "one")
            #expect(token.flatMap { WebhookToken($0) }?.isChecksummed == true)
            for _ in 1...2 {
                try await fleet.migrate()
                _ = try await SchemaApplier(url: fleet.database.url).apply()
                #expect(try await fleet.value("webhook_token", of: "one") == token)
            }
            #expect(try await fleet.integrationCount() == 1)
        }
    }

    @Test func fifteenHundredLegacyRowsAreAllMigrated() async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstances((1...1_500).map { "clinic-\($0)" })
            let summary = try await fleet.migrate()
            #expect(summary.counts.inserted == 1_500)
            #expect(summary.verification?.verified == 1_500)
        }
    }

    @Test func uuidInNameIsAClinicIdOrAnOrganizationIdAndEvidenceResolvesIt() async throws {
        try await Fleet.withSchema { fleet in
            let organization = UUID()
            let named = try await fleet.addClinic("Named", organization: organization)
            // A clinic with its organization's own id, as the old system made once.
            try await fleet.addClinic("Namesake", organization: organization, id: organization)
            let other = try await fleet.addClinic("Called", organization: organization, number: "+4917011111")
            try await fleet.addInstance("clinic-\(named.clinic)-1700000000000", organization: organization)
            try await fleet.addInstance("org-\(organization)", organization: organization, phone: "+4917011111")
            try await fleet.addInstance("clinic-\(organization)", organization: organization)
            let foreign = try await fleet.addClinic("Foreign")
            try await fleet.addInstance("clinic-\(foreign.clinic)", organization: organization)
            let plan = try await fleet.plan()
            #expect(plan["clinic-\(named.clinic)-1700000000000"]?.clinic?.clinic.uuid == named.clinic)
            #expect(plan["org-\(organization)"]?.clinic?.clinic.uuid == other.clinic)
            #expect(plan["clinic-\(organization)"]?.action.word == "ambiguous", "the id is the organization's")
            #expect(plan["clinic-\(foreign.clinic)"]?.action.word == "ambiguous", "another organization's clinic")
        }
    }

    @Test func organizationWithoutClinicIsListedAndIsNoSuccess() async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstances(["fine"])
            let organization = UUID()
            try await fleet.addInstance("homeless", organization: organization)
            let summary = try await fleet.migrate()
            #expect(summary.counts.noClinic == 1)
            #expect(summary.needsAttention)
            #expect(summary.verification?.undecided == 1)
            let state = try await fleet.check().states["homeless"]
            #expect(state?.nextStep.description.contains("create the clinic") == true)
        }
    }

    @Test func twoOrganizationsWithTheSameInstanceNameAreAConflict() async throws {
        try await Fleet.withSchema { fleet in
            let one = try await fleet.addClinic("One")
            let two = try await fleet.addClinic("Two")
            try await fleet.addInstance("shared", organization: one.organization)
            try await fleet.addInstance("shared", organization: two.organization)
            let summary = try await fleet.migrate()
            #expect(summary.counts.conflict == 1)
            #expect(try await fleet.integrationCount() == 0)
        }
    }

    @Test func twilioAndMetaRowsArePresentAndLeftAlone() async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstances(["one"])
            try await fleet.run(
                """
                INSERT INTO healthcare.integrations (type, provider, config) VALUES
                    ('whatsapp', 'twilio', '{"instance_name": "one"}'), ('calendar', 'google', '{}')
                """)
            let summary = try await fleet.migrate()
            #expect(summary.counts.inserted == 1)
            #expect(summary.verification?.verified == 1)
            #expect(try await fleet.check().report.survey.integrations.rowCount == 1)
        }
    }

    @Test(arguments: [
        "with \"quotes\" and 'more' \\ {braces}", "line\nbreak\ttab", "🦷 zahnarzt", "UPPER Lower",
        String(repeating: "long", count: 50), "..", "a%2Fb", "whatsapp", "test", "e\u{301}",
    ])
    func hostileInstanceNamesAreMatchedExactly(name: String) async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstances([name, name + "x", name.uppercased() + "Y", "\u{E9}"])
            let summary = try await fleet.migrate()
            #expect(summary.counts.inserted == 4)
            #expect(summary.verification?.verified == 4)
            #expect(try await fleet.value("config->>'instance'", of: name) == name)
            #expect(try await fleet.migrate().counts.written == 0)
        }
    }
}
