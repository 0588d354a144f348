import HookgateCore
import Migration
import Testing

/// Verification of one instance: every mapped field, changed behind its back, must be found.
struct InstanceComparisonTests {
    private let planned = World.plan(
        rows: [World.row(phone: "+1234567890", config: ["instance_key": #""K""#])])

    @Test func whatWasMigratedMatches() throws {
        let draft = try draft()
        #expect(findings(World.migrated(draft), draft, seen: SeenValues(draft)).isEmpty)
    }

    @Test(arguments: Mutation.all)
    func everyMappedFieldChangedBehindItsBackIsFound(mutation: Mutation) throws {
        let draft = try draft()
        var row = World.migrated(draft)
        mutation.apply(&row)
        let seen = SeenValues(draft)
        let found = findings(row, draft, seen: seen)
        let expected = FieldDifference(
            field: mutation.field, seen: seen[mutation.field], legacy: draft.value(of: mutation.field),
            integration: row.value(of: mutation.field))
        #expect(found == [mutation.field.decidesOwner ? .mismatch(expected) : .edited(expected)])
    }

    @Test(arguments: Mutation.all)
    func everyFieldThatTheLegacyRowChangedSinceIsAMismatch(mutation: Mutation) throws {
        let draft = try draft()
        let row = World.migrated(draft)
        var before = row
        mutation.apply(&before)
        // What was seen then differs from what the legacy row says now, and the integration has neither.
        let seen = SeenValues(
            Dictionary(
                uniqueKeysWithValues: draft.fields.compactMap { field in
                    (field == mutation.field ? "something older" : draft.value(of: field)).map {
                        (field, SeenValues.form(of: $0, in: field))
                    }
                }))
        #expect(
            findings(before, draft, seen: seen) == [
                .mismatch(
                    FieldDifference(
                        field: mutation.field, seen: seen[mutation.field], legacy: draft.value(of: mutation.field),
                        integration: before.value(of: mutation.field)))
            ])
    }

    @Test func tokenMustBeThereAndWellFormed() throws {
        let draft = try draft()
        var row = World.migrated(draft)
        row.token = .missing
        #expect(findings(row, draft, seen: nil) == [.tokenMissing])
        row.token = .malformed
        #expect(findings(row, draft, seen: nil) == [.tokenMalformed])
    }

    @Test func clinicThatOnlyTheIntegrationVouchesForIsHeldAgainstTheJournal() throws {
        let draft = try draft()
        var row = World.migrated(draft)
        row.clinicID = World.clinicB
        var now = draft
        now.clinicID = World.clinicB
        let clinic = ClinicCandidate(clinic: World.clinicB, name: nil, evidence: [.integration])
        let comparison = InstanceComparison(row: row, draft: now, clinic: clinic, seen: SeenValues(draft))
        #expect(
            comparison.findings == [
                .mismatch(
                    FieldDifference(
                        field: .clinic, seen: World.clinicA.text, legacy: World.clinicA.text,
                        integration: World.clinicB.text))
            ])
    }

    @Test(arguments: [nil, "connected"])
    func aStatusThatHookgateKeepsIsNobodysFault(seenStatus: String?) throws {
        let draft = try draft()
        var row = World.migrated(draft)
        row.status = "disconnected"
        row.isStatusKept = true
        var seen = draft
        if seenStatus != nil { seen.status = .error }
        let found = findings(row, draft, seen: SeenValues(seen))
        #expect(found.count == 1)
        #expect(found.allSatisfy { !$0.isFault && !$0.isOpenEdit })
        row.isEnabled = !draft.isEnabled
        #expect(findings(row, draft, seen: SeenValues(draft)).contains { $0.isOpenEdit })
    }

    @Test func secretsAreNotShown() throws {
        let draft = try draft()
        var row = World.migrated(draft)
        row.config.set("instance_key", toString: "OTHER")
        let text = findings(row, draft, seen: SeenValues(draft)).map(\.description).joined()
        #expect(text.contains("instance_key"))
        #expect(!text.contains("OTHER"))
        #expect(!text.contains("\"K\""))
    }

    private func draft() throws -> IntegrationDraft {
        guard let draft = planned.action.draft else { throw Unexpected(planned.action) }
        return draft
    }

    private func findings(_ row: IntegrationRow, _ draft: IntegrationDraft, seen: SeenValues?) -> [Finding] {
        InstanceComparison(row: row, draft: draft, clinic: planned.clinic, seen: seen).findings
    }
}

/// One mapped field of an integration, changed.
struct Mutation: Sendable, CustomTestStringConvertible {
    let field: MappedField
    let apply: @Sendable (inout IntegrationRow) -> Void

    var testDescription: String { field.name }

    static let all: [Mutation] = [
        Mutation(field: .organization) { $0.organizationID = World.otherOrganization },
        Mutation(field: .clinic) { $0.clinicID = World.clinicB },
        Mutation(field: .status) { $0.status = "error" },
        Mutation(field: .enabled) { $0.isEnabled = false },
        Mutation(field: .phoneNumber) { $0.phoneNumber = "+1999999999" },
        Mutation(field: .displayName) { $0.displayName = nil },
        Mutation(field: .connectedAt) { $0.connectedAt = Timestamp("1999-01-01T00:00:00.000000Z") },
        Mutation(field: .lastSeenAt) { $0.lastSeenAt = nil },
        Mutation(field: .createdAt) { $0.createdAt = Timestamp("1999-01-01T00:00:00.000000Z") },
        Mutation(field: .config("instance")) { $0.config.set("instance", toString: "else") },
        Mutation(field: .config("instance_name")) { $0.config.set("instance_name", toString: "else") },
        Mutation(field: .config("instance_key")) { $0.config.set("instance_key", toString: "OTHER") },
    ]
}
