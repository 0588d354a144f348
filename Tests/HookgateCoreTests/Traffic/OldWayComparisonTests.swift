import FoundationEssentials
import HookgateCore
import Testing

/// One request, resolved both ways.
struct OldWayComparisonTests {
    private static let organization = OrganizationID(UUID())
    private static let other = OrganizationID(UUID())
    private static let clinic = ClinicID(UUID())
    private static let otherClinic = ClinicID(UUID())

    private static func outcome(_ new: InstanceOwner?, _ old: OldWayAnswer) -> OldWayOutcome {
        let comparison = OldWayComparison(of: InstanceName("a"), new: new, old: old, at: Date())
        #expect((comparison.reason == nil) == (comparison.outcome == .same))
        return comparison.outcome
    }

    @Test func bothAnswersMakeTheOutcome() {
        let old = OldWayAnswer.owner(Self.organization, Self.clinic)
        let own = InstanceOwner(organizationID: Self.organization, clinicID: Self.clinic)
        #expect(Self.outcome(own, old) == .same)
        #expect(Self.outcome(InstanceOwner(organizationID: nil, clinicID: Self.clinic), old) == .same)
        #expect(Self.outcome(InstanceOwner(organizationID: Self.other, clinicID: Self.clinic), old) == .different)
        #expect(
            Self.outcome(InstanceOwner(organizationID: Self.organization, clinicID: Self.otherClinic), old)
                == .different)
        #expect(Self.outcome(InstanceOwner(organizationID: Self.organization, clinicID: nil), old) == .different)
        #expect(Self.outcome(own, .undecided("two clinics fit")) == .undecidable)
        #expect(Self.outcome(nil, old) == .undecidable)
    }
}
