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
        _ resolution: Resolution, path: String = tokenPath, instance: String? = nil, isProbe: Bool = false
    ) throws -> Acceptance {
        let address = try #require(WebhookAddress(requestTarget: path))
        let webhook = ArrivedWebhook(
            address: address, key: .instance(InstanceName("key")), facts: BodyFacts(instance: instance),
            isProbe: isProbe, body: [1, 2, 3])
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
}
