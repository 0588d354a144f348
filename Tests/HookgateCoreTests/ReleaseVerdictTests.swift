import FoundationEssentials
import HookgateCore
import Testing

/// What a release of a held event comes to.
struct ReleaseVerdictTests {
    private static let organization = OrganizationID(UUID())
    private static let name = InstanceName("clinic-a")

    private static func entry(name: InstanceName? = name, organization: OrganizationID? = organization) -> RoutingEntry
    {
        RoutingEntry(
            integrationID: IntegrationID(UUID()), organizationID: organization, clinicID: ClinicID(UUID()),
            instanceName: name, isEnabled: true, revision: 1)
    }

    private static func held(
        route: Route = .token, integration: IntegrationID? = IntegrationID(UUID()), name: InstanceName? = name,
        naming: HeldEvent.Naming = .instance(name), organization: OrganizationID? = organization,
        reason: QuarantineReason = .integrationDisabled
    ) -> HeldEvent {
        HeldEvent(
            summary: EventSummary(
                id: EventID(UUID()), receivedAt: .distantPast, integrationID: integration, clinicID: nil,
                instanceName: name, route: route, kind: nil, messageID: nil, chat: nil, state: .quarantined,
                quarantineReason: reason.rawValue, bodyBytes: 1),
            organizationID: organization, naming: naming)
    }

    @Test func anEventGoesToTheIntegrationThatIsRightNow() {
        let entry = Self.entry()
        #expect(Self.held().verdict(.deliverable(entry)) == .release(entry))
        #expect(Self.held(naming: .nobody).verdict(.deliverable(entry)) == .release(entry))
        #expect(Self.held(organization: nil).verdict(.deliverable(entry)) == .release(entry))
    }

    @Test func aReasonThatStillHoldsIsGiven() {
        #expect(Self.held().verdict(.held(nil, .noClinic)) == .refuse(.stillHeld(.noClinic)))
        #expect(Self.held().verdict(.revoked) == .refuse(.stillHeld(.tokenRevoked)))
        #expect(Self.held().verdict(.unknown) == .refuse(.integrationGone))
        #expect(Self.held(integration: nil).verdict(.unknown) == .refuse(.stillHeld(.unknownSender)))
    }

    @Test func aBodyThatNamesAnotherInstanceStaysHeld() {
        let held = Self.held(naming: .instance(InstanceName("clinic-b")))
        #expect(held.verdict(.deliverable(Self.entry())) == .refuse(.stillHeld(.instanceMismatch)))
    }

    @Test func anEventNeverGoesToAnotherOrganization() {
        let other = Self.entry(organization: OrganizationID(UUID()))
        #expect(Self.held().verdict(.deliverable(other)) == .refuse(.anotherOrganization))
    }

    @Test func withoutABodyThereIsNothingToDeliver() {
        #expect(Self.held(naming: .bodyGone).verdict(.deliverable(Self.entry())) == .refuse(.bodyGone))
    }

    @Test func aBodysNameCountsOnlyWhereAPersonVouchesForIt() {
        let stranger = Self.held(integration: nil, reason: .tokenRevoked)
        #expect(stranger.lookUp(trustingName: false) == nil)
        #expect(stranger.verdictWithoutLookUp == .refuse(.stillHeld(.tokenRevoked)))
        #expect(stranger.lookUp(trustingName: true) == .instance(Self.name))
    }

    @Test func whatABodyAloneLedToNeedsAPersonsWord() {
        let held = Self.held(route: .instance, reason: .bodyRouted)
        #expect(held.lookUp(trustingName: false) == nil)
        #expect(held.verdictWithoutLookUp == .refuse(.stillHeld(.bodyRouted)))
        #expect(held.lookUp(trustingName: true) == .instance(Self.name))
    }

    @Test func onTheLegacyRouteTheNameInTheURLIsLookedUp() {
        let held = Self.held(route: .instance, integration: nil, reason: .noIntegration)
        #expect(held.lookUp(trustingName: false) == .instance(Self.name))
    }
}
