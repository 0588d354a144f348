import HookgateCore
import Migration
import Testing

struct MigrationPlannerTests {
    @Test func instanceWithoutIntegrationIsInserted() throws {
        let planned = World.plan(rows: [World.row(phone: "+1 (234) 567-890", config: ["instance_key": #""K1""#])])
        guard case .insert(let draft) = planned.action else { throw Unexpected(planned.action) }
        #expect(draft.organizationID == World.organization)
        #expect(draft.clinicID == World.clinicA)
        #expect(draft.status == .active)
        #expect(draft.isEnabled)
        #expect(draft.phoneNumber == "+1234567890")
        #expect(draft.displayName == "Shtern Dental Clinic")
        #expect(draft.createdAt == Timestamp("2025-01-02T03:04:05.000006Z"))
        #expect(draft.lastSeenAt == Timestamp("2025-02-03T04:05:06.000000Z"))
        #expect(draft.source == "public.evolution_instances:1")
        #expect(draft.config["instance_key"] == #""K1""#)
    }

    @Test(arguments: [
        "clinic-abc123", "Ünïcode 🦷", "with \"quotes\" and \\", "line\nbreak", "UPPER", "..", "a%2Fb", "whatsapp",
        String(repeating: "x", count: 200),
    ])
    func bothNameKeysHoldTheExactName(name: String) throws {
        let planned = World.plan(name)
        guard case .insert(let draft) = planned.action else { throw Unexpected(planned.action) }
        #expect(planned.name.text.utf8.elementsEqual(name.utf8))
        #expect(draft.config["instance_name"] == ConfigMembers.quoted(name))
        #expect(draft.config["instance"] == ConfigMembers.quoted(name))
    }

    @Test(
        arguments: [
            ("connected", .active, false), ("connecting", .pending, false), ("qr_pending", .pending, false),
            ("disconnected", .disconnected, false), ("error", .error, true), ("banana", .pending, true),
            (nil, .pending, true),
        ] as [(String?, IntegrationStatus, Bool)])
    func everyStatusIsMigratedEnabled(word: String?, status: IntegrationStatus, isReported: Bool) throws {
        let planned = World.plan(rows: [World.row(status: word)])
        guard case .insert(let draft) = planned.action else { throw Unexpected(planned.action) }
        #expect(draft.status == status)
        #expect(draft.isEnabled)
        #expect(draft.legacyStatus == word)
        #expect(planned.notes.contains(.oddStatus(word, becomes: status)) == isReported)
    }

    @Test(arguments: [World.row(isEnabled: false), World.row(status: "disabled")])
    func onlyARowThatSaysSoIsSwitchedOff(row: LegacyRow) throws {
        let planned = World.plan(rows: [row])
        guard case .insert(let draft) = planned.action else { throw Unexpected(planned.action) }
        #expect(!draft.isEnabled)
        #expect(planned.notes.contains(.switchedOff))
    }

    @Test func clinicWithTwoNumbersBecomesTwoIntegrationsWithDistinctNames() throws {
        let directory = World.directory([World.clinic(World.clinicA)], instanceCount: 2)
        let first = World.plan("one", rows: [World.row(phone: "+1234567890")], directory: directory)
        let second = World.plan("two", rows: [World.row(phone: "+1234567891")], directory: directory)
        #expect(first.action.draft?.displayName == "Shtern Dental Clinic (+1234567890)")
        #expect(second.action.draft?.displayName == "Shtern Dental Clinic (+1234567891)")
        #expect(first.action.draft?.clinicID == second.action.draft?.clinicID)
    }

    @Test func twoOrganizationsWithOneInstanceNameConflict() {
        let rows = [World.row(id: "1"), World.row(id: "2", organization: World.otherOrganization.text)]
        #expect(
            World.plan(rows: rows).action
                == .conflict(.organizations([World.organization.text, World.otherOrganization.text])))
    }

    @Test func oneOrganizationInTwoSpellingsIsNoConflict() {
        let rows = [World.row(id: "1"), World.row(id: "2", organization: World.organization.text.uppercased())]
        #expect(World.plan(rows: rows).action.draft != nil)
    }

    @Test func rowsOfSeveralTablesAreOneInstanceAndTheFirstValueCounts() throws {
        let rows = [
            World.row(status: "connected", config: ["instance_key": #""A""#]),
            World.row(.evolutionIntegrations, status: "disconnected"),
            World.row(
                .publicIntegrations, phone: "+1234567890", config: ["instance_key": #""B""#, "sync_enabled": "true"]),
        ]
        let planned = World.plan(rows: rows)
        guard case .insert(let draft) = planned.action else { throw Unexpected(planned.action) }
        #expect(draft.status == .active)
        #expect(draft.phoneNumber == "+1234567890")
        #expect(draft.config["instance_key"] == #""A""#)
        #expect(draft.config["sync_enabled"] == "true")
        #expect(planned.notes.contains(.contradiction(field: "status", values: ["connected", "disconnected"])))
    }

    @Test func unknownConfigKeysSurviveExactly() throws {
        let config = ["big": "123456789012345678901234567890.5", "nested": #"{"a": [1, null]}"#]
        let planned = World.plan(rows: [World.row(config: config)])
        #expect(planned.action.draft?.config["big"] == "123456789012345678901234567890.5")
        #expect(planned.action.draft?.config["nested"] == #"{"a": [1, null]}"#)
    }

    @Test func migratedInstanceIsUnchanged() throws {
        let draft = try insertedDraft()
        let row = World.migrated(draft)
        #expect(World.plan(integrations: [row], seen: SeenValues(draft)).action == .unchanged(row, draft))
    }

    @Test func integrationWithTheOldSingleKeyGetsOnlyTheMissingOne() throws {
        let draft = try insertedDraft()
        var row = World.migrated(draft)
        row.config = ConfigMembers(keys: ["instance"], values: [#""clinic-abc123""#])
        let planned = World.plan(integrations: [row])
        guard case .update(_, let changes, _) = planned.action else { throw Unexpected(planned.action) }
        #expect(
            changes == [
                FieldChange(field: .config("instance_name"), before: nil, after: #""clinic-abc123""#, kind: .gap)
            ])
    }

    @Test func existingValuesAreNeverOverwritten() throws {
        let draft = try insertedDraft(phone: "+1234567890")
        var row = World.migrated(draft)
        row.status = "qr_pending"
        row.displayName = "Reception"
        row.isEnabled = false
        row.phoneNumber = nil
        row.clinicID = nil
        let planned = World.plan(rows: [World.row(phone: "+1234567890")], integrations: [row])
        guard case .update(_, let changes, _) = planned.action else { throw Unexpected(planned.action) }
        #expect(changes.map(\.field) == [.clinic, .phoneNumber])
        #expect(changes.allSatisfy { $0.kind == .gap && $0.before == nil })
    }

    @Test func editsAfterTheMigrationStayEvenWhenTheyTakeAValueAway() throws {
        let draft = try insertedDraft(phone: "+1234567890")
        var row = World.migrated(draft)
        row.phoneNumber = nil
        row.displayName = "Reception"
        let planned = World.plan(
            rows: [World.row(phone: "+1234567890")], integrations: [row], seen: SeenValues(draft))
        #expect(planned.action == .unchanged(row, draft))
    }

    @Test func untouchedFieldFollowsItsLegacyRow() throws {
        let draft = try insertedDraft()
        let row = World.migrated(draft)
        let planned = World.plan(
            rows: [World.row(status: "disconnected")], integrations: [row], seen: SeenValues(draft))
        guard case .update(_, let changes, _) = planned.action else { throw Unexpected(planned.action) }
        #expect(
            changes == [FieldChange(field: .status, before: "active", after: "disconnected", kind: .followed)])
    }

    @Test func editedFieldDoesNotFollowItsLegacyRow() throws {
        let draft = try insertedDraft()
        var row = World.migrated(draft)
        row.status = "error"
        let planned = World.plan(
            rows: [World.row(status: "disconnected")], integrations: [row], seen: SeenValues(draft))
        #expect(!planned.action.writes)
    }

    @Test func integrationOfAnotherOrganizationConflicts() throws {
        var row = World.migrated(try insertedDraft())
        row.organizationID = World.otherOrganization
        #expect(
            World.plan(integrations: [row]).action
                == .conflict(
                    .integrationOrganization(integration: World.otherOrganization, legacy: World.organization)))
    }

    @Test func integrationOfAnotherClinicThanTheEvidenceConflicts() throws {
        var row = World.migrated(try insertedDraft())
        row.clinicID = World.clinicB
        let directory = World.directory([World.clinic(World.clinicA), World.clinic(World.clinicB)])
        let planned = World.plan("clinic-\(World.clinicA)", directory: directory, integrations: [row])
        #expect(
            planned.action == .conflict(.integrationClinic(integration: World.clinicB, decided: World.clinicA)))
    }

    @Test func severalIntegrationsOfOneNameConflict() throws {
        let draft = try insertedDraft()
        let rows = [World.migrated(draft, id: 2), World.migrated(draft, id: 1)]
        #expect(
            World.plan(integrations: rows).action == .conflict(.duplicateIntegrations([rows[1].id, rows[0].id])))
    }

    @Test func onlyNamesOfLegacyTablesArePlanned() {
        let page = InventoryPage(instances: [LegacyInstance(name: InstanceName("new"), rows: [])])
        #expect(MigrationPlanner().plan(page).isEmpty)
    }

    private func insertedDraft(phone: String? = nil) throws -> IntegrationDraft {
        let action = World.plan(rows: [World.row(phone: phone)]).action
        guard case .insert(let draft) = action else { throw Unexpected(action) }
        return draft
    }
}

/// Thrown where a test needs another plan than it got.
struct Unexpected: Error {
    let action: PlanAction

    init(_ action: PlanAction) {
        self.action = action
    }
}
