import FoundationEssentials
import HookgateCore
import Testing

struct ResolutionTests {
    private static let now = Date(timeIntervalSince1970: 1_761_300_000)

    private static func entry(isEnabled: Bool = true, hasClinic: Bool = true) -> RoutingEntry {
        RoutingEntry(
            integrationID: IntegrationID(UUID()), organizationID: nil, clinicID: hasClinic ? ClinicID(UUID()) : nil,
            instanceName: InstanceName("clinica-aurora"), isEnabled: isEnabled, revision: 1)
    }

    @Test(arguments: [false, true])
    func anEnabledIntegrationWithAClinicIsDelivered(byToken: Bool) {
        let entry = Self.entry()
        let fact: RoutingFact = byToken ? .token(entry, .current) : .instance(entry)
        #expect(Resolution(fact, at: Self.now) == .deliverable(entry))
    }

    @Test(arguments: [false, true])
    func aDisabledIntegrationHoldsBackBeforeAMissingClinicDoes(byToken: Bool) {
        for hasClinic in [false, true] {
            let entry = Self.entry(isEnabled: false, hasClinic: hasClinic)
            let fact: RoutingFact = byToken ? .token(entry, .current) : .instance(entry)
            #expect(Resolution(fact, at: Self.now) == .held(entry, .integrationDisabled))
        }
        let entry = Self.entry(hasClinic: false)
        let fact: RoutingFact = byToken ? .token(entry, .current) : .instance(entry)
        #expect(Resolution(fact, at: Self.now) == .held(entry, .noClinic))
    }

    @Test func graceEndsAtItsInstant() {
        let entry = Self.entry()
        let fact = RoutingFact.token(entry, .grace(until: Self.now))
        #expect(Resolution(fact, at: Self.now.addingTimeInterval(-0.001)) == .deliverable(entry))
        #expect(Resolution(fact, at: Self.now) == .held(entry, .tokenRetired))
        #expect(Resolution(fact, at: Self.now.addingTimeInterval(1)) == .held(entry, .tokenRetired))
    }

    @Test func graceDoesNotEnableADisabledIntegration() {
        let entry = Self.entry(isEnabled: false)
        let fact = RoutingFact.token(entry, .grace(until: Self.now.addingTimeInterval(60)))
        #expect(Resolution(fact, at: Self.now) == .held(entry, .integrationDisabled))
    }

    @Test func whatHasNoIntegrationIsDecidedByWhatIsKnown() {
        #expect(Resolution(.token(Self.entry(), .revoked), at: Self.now) == .revoked)
        #expect(Resolution(.token(Self.entry(isEnabled: false), .revoked), at: Self.now) == .revoked)
        #expect(Resolution(.revokedToken, at: Self.now) == .revoked)
        #expect(Resolution(.duplicateInstance, at: Self.now) == .held(nil, .duplicateInstance))
        #expect(Resolution(.legacyInstance, at: Self.now) == .held(nil, .noIntegration))
        #expect(Resolution(.nothing, at: Self.now) == .unknown)
    }

    @Test func aKeyKnowsItsRoute() {
        #expect(RoutingKey.token(TokenDigest(of: "x")).route == .token)
        #expect(RoutingKey.instance(InstanceName("x")).route == .instance)
        #expect(RoutingKey.token(TokenDigest(of: "x")) != .instance(InstanceName("x")))
    }
}
