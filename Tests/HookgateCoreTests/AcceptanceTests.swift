import FoundationEssentials
import HookgateCore
import Testing

struct AcceptanceTests {
    private static let now = Date(timeIntervalSince1970: 1_760_918_400)
    private static let id = EventID.timeOrdered(at: now, random: (1, 2))
    private static let tokenText = WebhookToken(randomBytes: Array(0...31)).secretText
    private static let tokenPath = "/webhooks/evolution/whatsapp/\(tokenText)"

    private func entry(name: InstanceName? = InstanceName("clinic-a")) -> RoutingEntry {
        RoutingEntry(
            integrationID: IntegrationID(UUID()), organizationID: OrganizationID(UUID()), clinicID: ClinicID(UUID()),
            instanceName: name, isEnabled: true, revision: 1)
    }

    private func decide(
        _ resolution: Resolution, path: String = tokenPath, instance: String? = nil, isProbe: Bool = false,
        lacksSecondFactor: Bool = false
    ) throws -> Acceptance {
        let address = try #require(WebhookAddress(requestTarget: path))
        let webhook = ArrivedWebhook(
            address: address, key: .instance(InstanceName("key")), facts: BodyFacts(instance: instance),
            isProbe: isProbe, lacksSecondFactor: lacksSecondFactor, body: [1, 2, 3])
        return Acceptance.decide(webhook, resolvedTo: resolution, at: Self.now, id: Self.id)
    }

    private func stored(_ acceptance: Acceptance) throws -> AcceptedEvent {
        guard case .store(let event) = acceptance else {
            throw NotStored()
        }
        return event
    }

    private struct NotStored: Error {}

    @Test func deliverableEventIsPendingForItsClinic() throws {
        let entry = entry()
        let event = try stored(decide(.deliverable(entry), path: Self.tokenPath + "/messages-upsert"))
        #expect(event.disposition == .pending)
        #expect(event.integrationID == entry.integrationID)
        #expect(event.organizationID == entry.organizationID)
        #expect(event.clinicID == entry.clinicID)
        #expect(event.eventSuffix == "messages-upsert")
        #expect(event.route == .token)
        #expect((event.id, event.receivedAt, event.body) == (Self.id, Self.now, [1, 2, 3]))
    }

    @Test func bodyOfAnotherInstanceIsHeldBack() throws {
        let event = try stored(decide(.deliverable(entry()), instance: "clinic-b"))
        #expect(event.disposition == .quarantined(.instanceMismatch))
        #expect(event.instanceName == InstanceName("clinic-a"))
    }

    @Test func bodyOfTheSameInstanceOrOfNoneIsNot() throws {
        #expect(try stored(decide(.deliverable(entry()), instance: "clinic-a")).disposition == .pending)
        #expect(try stored(decide(.deliverable(entry()), instance: nil)).disposition == .pending)
        #expect(try stored(decide(.deliverable(entry(name: nil)), instance: "clinic-b")).disposition == .pending)
    }

    @Test func twoSpellingsOfAnAccentAreTwoInstances() throws {
        let event = try stored(
            decide(.deliverable(entry(name: InstanceName("caf\u{E9}"))), instance: "cafe\u{301}"))
        #expect(event.disposition == .quarantined(.instanceMismatch))
    }

    @Test(arguments: QuarantineReason.allCases)
    func heldResolutionIsStoredWithItsReason(reason: QuarantineReason) throws {
        #expect(try stored(decide(.held(nil, reason))).disposition == .quarantined(reason))
        #expect(try stored(decide(.held(entry(), reason))).integrationID != nil)
    }

    @Test func revokedAndUnknownAreRefused() throws {
        #expect(try decide(.revoked) == .refuse(.revoked))
        #expect(try decide(.unknown) == .refuse(.unknown))
        #expect(try decide(.revoked, isProbe: true) == .refuse(.revoked))
    }

    @Test func undecidedIsStoredWithWhatItIsLookedUpBy() throws {
        #expect(try stored(decide(.undecided)).disposition == .undecided(.instance(InstanceName("key"))))
    }

    @Test func whatComesToAURLThatNamesNobodyIsHeldWhateverItResolvesTo() throws {
        let entry = entry()
        let resolutions: [Resolution] = [
            .deliverable(entry), .held(entry, .noClinic), .held(nil, .noIntegration), .revoked, .unknown, .undecided,
        ]
        for resolution in resolutions {
            let event = try stored(decide(resolution, path: "/webhooks/whatsapp/call", instance: "in-body"))
            #expect(event.disposition == .quarantined(.bodyRouted))
            #expect(event.integrationID == resolution.entry?.integrationID)
            #expect((event.route, event.eventSuffix) == (.instance, "call"))
        }
    }

    @Test func ofABodyAloneOnlyAKnownNameIsKept() throws {
        let path = "/webhooks/evolution"
        func name(_ resolution: Resolution) throws -> InstanceName? {
            try stored(decide(resolution, path: path, instance: "in-body")).instanceName
        }
        #expect(try name(.deliverable(entry())) == InstanceName("clinic-a"))
        #expect(try name(.held(nil, .noIntegration)) == InstanceName("in-body"))
        #expect(try name(.unknown) == nil)
        #expect(try name(.undecided) == nil)
    }

    @Test func instanceNameIsTheIntegrationsThenTheAddresssThenTheBodys() throws {
        let path = "/webhooks/evolution/in-url"
        #expect(try stored(decide(.deliverable(entry()), path: path)).instanceName == InstanceName("clinic-a"))
        #expect(try stored(decide(.undecided, path: path, instance: "in-body")).instanceName == InstanceName("in-url"))
        #expect(try stored(decide(.undecided, instance: "in-body")).instanceName == InstanceName("in-body"))
        #expect(try stored(decide(.undecided)).instanceName == nil)
    }

    @Test func probeIsNoTrafficWhateverItsResolution() throws {
        for resolution in [Resolution.deliverable(entry()), .held(entry(), .integrationDisabled), .undecided] {
            #expect(try stored(decide(resolution, instance: "other", isProbe: true)).disposition == .probe)
        }
    }

    /// The request is gone when the event is released; everything else can be looked at anew.
    @Test func missingSecondFactorGoesBeforeEveryOtherReason() throws {
        let resolutions: [Resolution] = [
            .deliverable(entry()), .held(entry(), .integrationDisabled), .held(entry(), .tokenRetired),
            .held(entry(), .noClinic),
        ]
        for resolution in resolutions {
            for instance in [nil, "clinic-a", "clinic-b"] {
                let event = try stored(decide(resolution, instance: instance, lacksSecondFactor: true))
                #expect(event.disposition == .quarantined(.secondFactorMissing))
            }
            let event = try stored(decide(resolution, path: "/webhooks/whatsapp", lacksSecondFactor: true))
            #expect(event.disposition == .quarantined(.secondFactorMissing))
        }
    }

    @Test func undecidedEventOfAnIntegrationThatEnforcesIsHeldWhenItIsSettled() throws {
        let factor = SecondFactor(
            mode: .enforce, secrets: FactorSecrets(header: SecretHeader(name: .standard, value: "x")))
        let event = try stored(decide(.undecided))
        for resolution in [
            Resolution.deliverable(FactorSample.entry(factor)),
            .held(FactorSample.entry(factor), .integrationDisabled),
        ] {
            let settled = try #require(event.settled(by: resolution))
            #expect(settled.disposition == .quarantined(.secondFactorMissing))
            #expect(settled.clinicID == resolution.entry?.clinicID)
        }
        let observed = SecondFactor(mode: .observe, secrets: factor.secrets)
        for entry in [
            FactorSample.entry(observed), FactorSample.entry(nil), FactorSample.entry(SecondFactor(mode: .enforce)),
        ] {
            let settled = event.settled(by: .deliverable(entry), secondFactor: SecondFactorPolicy(mode: .enforce))
            #expect(settled?.disposition == .pending)
        }
    }
}
