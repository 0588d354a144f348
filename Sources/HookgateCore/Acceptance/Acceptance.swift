package import FoundationEssentials

/// What acceptance decides of one webhook: an event to store, or a refusal that is the sender's to mend.
///
/// There is no third case on purpose. Whatever is our own fault is stored or answered with a 503, never refused.
package enum Acceptance: Sendable, Equatable {
    case store(AcceptedEvent)
    case refuse(Refusal)
}

/// Why a well-formed webhook is not stored at all.
package enum Refusal: Sendable, Equatable, CaseIterable {
    /// Its token was revoked on purpose.
    case revoked
    /// Its token or name is known never to have existed.
    case unknown
}

/// One webhook as it arrived: everything the decision reads, and nothing it could do.
package struct ArrivedWebhook: Sendable, Equatable {
    package let address: WebhookAddress
    /// What the address was looked up with.
    package let key: RoutingKey
    package let facts: BodyFacts
    /// Whether a server key proves that `hookgate test` sent it.
    package let isProbe: Bool
    /// Whether its integration enforces a second factor and the request has not brought it.
    package let lacksSecondFactor: Bool
    /// Empty where it lies in a file of its own.
    package let body: [UInt8]
    package let bodyByteCount: Int

    package init(
        address: WebhookAddress, key: RoutingKey, facts: BodyFacts, isProbe: Bool, lacksSecondFactor: Bool = false,
        body: [UInt8], bodyByteCount: Int? = nil
    ) {
        self.address = address
        self.key = key
        self.facts = facts
        self.isProbe = isProbe
        self.lacksSecondFactor = lacksSecondFactor
        self.body = body
        self.bodyByteCount = bodyByteCount ?? body.count
    }
}

extension Acceptance {
    /// Decides. Pure: the same webhook, resolution, instant and id always give the same answer.
    package static func decide(
        _ webhook: ArrivedWebhook, resolvedTo resolution: Resolution, at now: Date, id: EventID
    ) -> Acceptance {
        let entry: RoutingEntry?
        let disposition: AcceptedEvent.Disposition
        switch resolution {
        case _ where webhook.address.target == .body:
            entry = resolution.entry
            disposition = .quarantined(Self.factorFirst(webhook, .bodyRouted) ?? .bodyRouted)
        case .revoked:
            return .refuse(.revoked)
        case .unknown:
            return .refuse(.unknown)
        case .deliverable(let found):
            entry = found
            let reason: QuarantineReason? = Self.names(webhook.facts, another: found) ? .instanceMismatch : nil
            disposition = Self.factorFirst(webhook, reason).map { .quarantined($0) } ?? .pending
        case .held(let found, let reason):
            entry = found
            disposition = .quarantined(Self.factorFirst(webhook, reason) ?? reason)
        case .undecided:
            entry = nil
            disposition = .undecided(webhook.key)
        }
        return .store(
            AcceptedEvent(
                id: id, receivedAt: now, route: webhook.address.route, eventSuffix: webhook.address.eventSuffix,
                disposition: webhook.isProbe ? .probe : disposition,
                integrationID: entry?.integrationID, organizationID: entry?.organizationID, clinicID: entry?.clinicID,
                instanceName: entry?.instanceName ?? webhook.address.instanceName
                    ?? Self.named(webhook, resolution),
                facts: webhook.facts, body: webhook.body, bodyByteCount: webhook.bodyByteCount))
    }

    /// The name in the body. Of a URL that anybody may post to, only one that is known: names that strangers invent
    /// must not each have a share of what may be held back.
    private static func named(_ webhook: ArrivedWebhook, _ resolution: Resolution) -> InstanceName? {
        if case .body = webhook.address.target {
            guard case .held(nil, _) = resolution else { return nil }
        }
        return webhook.facts.instance.map { InstanceName($0) }
    }

    /// Of several reasons the one that a release cannot look at anew: the request is gone by then.
    private static func factorFirst(_ webhook: ArrivedWebhook, _ reason: QuarantineReason?) -> QuarantineReason? {
        webhook.lacksSecondFactor ? .secondFactorMissing : reason
    }

    /// A body without an instance is fine (some events have none); one that names another instance than the
    /// integration's would put a patient's words before the wrong clinic.
    static func names(_ facts: BodyFacts, another entry: RoutingEntry) -> Bool {
        guard let named = facts.instance, let own = entry.instanceName else { return false }
        return InstanceName(named) != own
    }
}

extension WebhookAddress {
    /// The name in the URL of the legacy route.
    package var instanceName: InstanceName? {
        switch target {
        case .instance(let name): name
        case .token, .body: nil
        }
    }
}
