import HookgateCore
import Migration
import Testing

struct ClinicEvidenceTests {
    private let two = [World.clinic(World.clinicA, name: "A"), World.clinic(World.clinicB, name: "B")]

    @Test func onlyClinicOfTheOrganizationIsTaken() {
        #expect(World.plan().clinic?.evidence == [.onlyClinic])
    }

    @Test func twoClinicsWithoutEvidenceAreAmbiguous() {
        let planned = World.plan(directory: World.directory(two))
        let candidates = [
            ClinicCandidate(clinic: World.clinicA, name: "A", evidence: []),
            ClinicCandidate(clinic: World.clinicB, name: "B", evidence: []),
        ]
        #expect(planned.action == .ambiguous(candidates, clinicCount: 2))
        #expect(planned.action.obstacle?.hasPrefix("ambiguous between A and B") == true)
    }

    @Test(arguments: [
        "clinic-\(World.clinicB)", "clinic-\(World.clinicB)-1758000000000", World.clinicB.text,
        "clinic-\(World.clinicB.text.uppercased())",
    ])
    func idInTheNameDecides(name: String) {
        let planned = World.plan(name, directory: World.directory(two))
        #expect(planned.clinic == ClinicCandidate(clinic: World.clinicB, name: "B", evidence: [.idInName]))
    }

    @Test func clinicColumnDecides() {
        let planned = World.plan(rows: [World.row(clinic: World.clinicB.text)], directory: World.directory(two))
        #expect(planned.clinic?.evidence == [.clinicColumn])
        #expect(planned.clinic?.clinic == World.clinicB)
    }

    @Test func clinicColumnOfAnotherOrganizationIsIgnoredAndNoted() {
        let foreign = World.clinic(World.stranger, of: World.otherOrganization)
        let planned = World.plan(
            rows: [World.row(clinic: World.stranger.text)], directory: World.directory(two, strangers: [foreign]))
        guard case .ambiguous = planned.action else {
            Issue.record("a foreign clinic decided: \(planned.action)")
            return
        }
        #expect(planned.notes.contains(.foreignClinicColumn(World.stranger.text)))
    }

    @Test func columnAndNameThatPointApartAreAmbiguous() {
        let planned = World.plan(
            "clinic-\(World.clinicA)", rows: [World.row(clinic: World.clinicB.text)], directory: World.directory(two))
        guard case .ambiguous(let candidates, _) = planned.action else {
            Issue.record("contradicting evidence of one rank decided: \(planned.action)")
            return
        }
        #expect(candidates.map(\.clinic) == [World.clinicA, World.clinicB])
        #expect(candidates.map(\.evidence) == [[.idInName], [.clinicColumn]])
    }

    @Test func settingsThatNameTheInstanceDecide() {
        let directory = World.directory(two, settings: [InstanceName("reception"): [World.clinicB]])
        #expect(World.plan("reception", directory: directory).clinic?.evidence == [.clinicSettings])
        guard case .ambiguous = World.plan("Reception", directory: directory).action else {
            Issue.record("names must match exactly")
            return
        }
    }

    @Test(arguments: ["+49 170 1234567", "0049-170-1234567", "491701234567", "491701234567@s.whatsapp.net"])
    func phoneOfAClinicDecides(phone: String) {
        let clinics = [two[0], World.clinic(World.clinicB, name: "B", number: "+49 (170) 1234567")]
        let planned = World.plan(rows: [World.row(phone: phone)], directory: World.directory(clinics))
        #expect(planned.clinic == ClinicCandidate(clinic: World.clinicB, name: "B", evidence: [.phone]))
    }

    @Test func strongerEvidenceDecidesAndTheWeakerIsNoted() {
        let clinics = [two[0], World.clinic(World.clinicB, name: "B", number: "+491701234567")]
        let planned = World.plan(
            "clinic-\(World.clinicA)", rows: [World.row(phone: "+491701234567")],
            directory: World.directory(clinics))
        #expect(planned.clinic?.clinic == World.clinicA)
        #expect(planned.notes.contains(.weakerEvidence(.phone, World.clinicB)))
    }

    @Test func oneNumberAtTwoClinicsIsAmbiguous() {
        let clinics = [World.clinicA, World.clinicB].map { World.clinic($0, number: "+491701234567") }
        let planned = World.plan(rows: [World.row(phone: "+491701234567")], directory: World.directory(clinics))
        guard case .ambiguous(let candidates, _) = planned.action else {
            Issue.record("a shared number decided: \(planned.action)")
            return
        }
        #expect(candidates.allSatisfy { $0.evidence == [.phone] })
    }

    @Test func idOfAnotherOrganizationsClinicNeverCounts() {
        let foreign = World.clinic(World.stranger, of: World.otherOrganization)
        let planned = World.plan(
            "clinic-\(World.stranger)", directory: World.directory([two[0]], strangers: [foreign]))
        #expect(planned.clinic?.clinic == World.clinicA)
        #expect(planned.clinic?.evidence == [.onlyClinic])
        #expect(planned.notes.contains(.foreignClinicInName(World.stranger)))
    }

    @Test func organizationsIdInTheNameSaysNothingOfTheClinic() {
        let namesake = World.clinic(ClinicID(World.organization.uuid), name: "Namesake")
        let planned = World.plan("clinic-\(World.organization)", directory: World.directory([namesake, two[0]]))
        guard case .ambiguous = planned.action else {
            Issue.record("the organization's id decided for a clinic: \(planned.action)")
            return
        }
        #expect(planned.notes.contains(.nameHoldsOrganization))
    }

    @Test func clinicOfTheExistingIntegrationStandsWhereNothingElseDecides() throws {
        guard let draft = World.plan().action.draft else { throw Unexpected(World.plan().action) }
        var row = World.migrated(draft)
        row.clinicID = World.clinicB
        let planned = World.plan(directory: World.directory(two), integrations: [row])
        #expect(planned.clinic?.evidence == [.integration])
        #expect(planned.clinic?.clinic == World.clinicB)
    }

    @Test func personsDecisionComesBeforeAnyEvidence() {
        let name = InstanceName("clinic-\(World.clinicA)")
        let decisions = MigrationDecisions(clinics: [name: World.clinicB])
        let planned = World.plan(name.text, directory: World.directory(two), decisions: decisions)
        #expect(planned.clinic == ClinicCandidate(clinic: World.clinicB, name: "B", evidence: [.decision]))
        #expect(planned.notes.contains(.weakerEvidence(.idInName, World.clinicA)))
    }

    @Test func decisionForAnotherOrganizationsClinicIsIgnoredAndNoted() {
        let decisions = MigrationDecisions(clinics: [InstanceName("clinic-abc123"): World.stranger])
        let planned = World.plan(directory: World.directory(two), decisions: decisions)
        #expect(planned.action.needsDecision)
        #expect(planned.notes.contains(.foreignDecision(World.stranger)))
    }

    @Test func excludedInstanceIsLeftOutWithItsReason() {
        let decisions = MigrationDecisions(excluded: [InstanceName("clinic-abc123"): "closed in May"])
        let planned = World.plan(decisions: decisions)
        #expect(planned.action == .excluded(reason: "closed in May"))
        #expect(!planned.action.needsDecision)
    }

    @Test func organizationWithoutClinicIsListed() {
        #expect(
            World.plan(directory: World.directory([])).action
                == .noClinic(.organizationWithoutClinic(World.organization)))
    }

    @Test func organizationThatIsAClinicsIdIsExplained() {
        let namesake = World.clinic(
            ClinicID(World.organization.uuid), of: World.otherOrganization, name: "Misplaced")
        let planned = World.plan(directory: World.directory([], strangers: [namesake]))
        #expect(
            planned.action == .noClinic(.organizationIsClinic(ClinicID(World.organization.uuid), name: "Misplaced")))
    }

    @Test(
        arguments: [
            (nil, .noOrganization), ("org-7", .malformedOrganization("org-7")),
        ] as [(String?, NoClinicReason)])
    func rowWithoutAnOrganizationHasNoClinic(organization: String?, reason: NoClinicReason) {
        #expect(World.plan(rows: [World.row(organization: organization)]).action == .noClinic(reason))
    }

    @Test func inactiveClinicIsTakenAndNoted() {
        let planned = World.plan(directory: World.directory([World.clinic(World.clinicA, isActive: false)]))
        #expect(planned.clinic?.clinic == World.clinicA)
        #expect(planned.notes.contains(.inactiveClinic))
    }
}
