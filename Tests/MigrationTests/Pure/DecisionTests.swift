import HookgateCore
import Migration
import Testing

struct DecisionTests {
    private static let name = InstanceName("clinic-abc123")

    @Test func decidedClinicCountsThoughTheDirectoryDoesNotListIt() {
        // A page lists ten clinics of a large organization, and those that evidence points to.
        let others = (1...9).map { World.clinic(ClinicID(World.uuid("00000000-0000-4000-8000-10000000000\($0)"))) }
        let page = InventoryPage(
            instances: [LegacyInstance(name: Self.name, rows: [World.row()])], directory: World.directory(others))
        let decisions = MigrationDecisions(clinics: [Self.name: World.clinicA])
        let planner = MigrationPlanner(decisions, decidedClinics: [World.clinic(World.clinicA, name: "The eleventh")])
        let planned = planner.plan(page).first
        #expect(planned?.clinic?.clinic == World.clinicA)
        #expect(planned?.clinic?.name == "The eleventh")
        #expect(planned?.clinic?.evidence == [.decision])
    }

    @Test func acceptedClinicIsNoConflictAndStays() throws {
        let draft = try #require(World.plan().action.draft)
        var moved = World.migrated(draft)
        moved.clinicID = World.clinicB
        moved.phoneNumber = nil
        #expect(World.plan(integrations: [moved]).action.word == "conflict")
        let accepted = MigrationDecisions(accepted: [Self.name: [.clinic: "moved"]])
        let planned = World.plan(
            rows: [World.row(phone: "+1234567890")], integrations: [moved], decisions: accepted)
        guard case .update(_, let changes, _) = planned.action else { throw Unexpected(planned.action) }
        #expect(changes.map(\.field) == [.phoneNumber], "the gap is filled, the clinic stays")
    }

    @Test func acceptedDifferenceIsNoFault() {
        let difference = FieldDifference(field: .status, seen: nil, legacy: "active", integration: nil)
        let result = InstanceVerification(
            name: Self.name, integrationID: nil, outcome: .mismatch, findings: [.mismatch(difference)])
        #expect(result.accepting([.clinic: "another field"]).outcome == .mismatch)
        let accepted = result.accepting([.status: "on purpose"])
        #expect(accepted.outcome == .verified)
        #expect(accepted.findings == [.accepted(difference, reason: "on purpose")])
        let withoutToken = InstanceVerification(
            name: Self.name, integrationID: nil, outcome: .mismatch,
            findings: [.mismatch(difference), .tokenMissing])
        #expect(withoutToken.accepting([.status: "on purpose"]).outcome == .mismatch)
    }

    @Test func scopeIsNamesWithinOrganizations() {
        let own = LegacyInstance(name: Self.name, rows: [World.row()])
        let other = LegacyInstance(
            name: InstanceName("other"), rows: [World.row(organization: World.otherOrganization.text)])
        #expect(PlanScope.everything.covers(own))
        let organization = PlanScope(organizations: [World.organization])
        #expect(organization.covers(own) && !organization.covers(other))
        let both = PlanScope(only: [Self.name], organizations: [World.otherOrganization])
        #expect(!both.covers(own) && !both.covers(other))
    }

    @Test func digestOfAScopeIsNotTheDigestOfAnother() {
        let scopes: [PlanScope] = [
            .everything, PlanScope(only: [Self.name]), PlanScope(only: [InstanceName("other")]),
            PlanScope(organizations: [World.organization]), PlanScope(organizations: [World.otherOrganization]),
        ]
        let digests = scopes.map { PlanDigest(scope: $0).text() }
        #expect(Set(digests).count == scopes.count)
        #expect(PlanDigest().text() == digests[0])
    }

    @Test(arguments: [
        ("instance_key", "\"K\""), ("apikey", "\"K\""), ("authentication", "\"K\""), ("jwt", "\"K\""),
        ("nested", "{\"inner\": \"K\"}"), ("list", "[\"K\"]"), ("legacy_config", "\"instance_key=K\""),
        ("webhook_url", "\"https://example.org/webhooks/K\""),
    ])
    func valuesThatMayHideASecretAreNotShown(key: String, value: String) {
        #expect(!MappedField.config(key).shown(value).contains("K"))
    }

    @Test func plainValuesAreShown() {
        #expect(MappedField.config("sync_enabled").shown("true") == "true")
        #expect(MappedField.status.shown("active") == "active")
        #expect(MappedField.status.shown(nil) == "nothing")
    }
}
