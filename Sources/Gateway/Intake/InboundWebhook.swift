package import HookgateCore

/// A webhook request, read to its end.
package struct InboundWebhook: Sendable {
    package let address: WebhookAddress
    package let key: RoutingKey
    /// The value of ``ProbeSignature/headerName``, when the request has it.
    package let probeHeader: String?
    package let body: [UInt8]

    package init(address: WebhookAddress, key: RoutingKey, probeHeader: String? = nil, body: [UInt8]) {
        self.address = address
        self.key = key
        self.probeHeader = probeHeader
        self.body = body
    }
}

/// What became of a webhook.
package enum IntakeResult: Sendable, Equatable {
    case stored(EventID)
    case quarantined(EventID, QuarantineReason)
    case undecided(EventID)
    /// A probe of our own, and whether its address led to an integration.
    case probe(EventID, isResolved: Bool)
    case malformed(BodyError)
    case refused(Refusal)
    case notStored(SpoolError)
    /// As many events of its integration are held back as may be.
    case quarantineFull
}

extension IntakeResult {
    init(storedAs event: AcceptedEvent, isResolved: Bool) {
        switch event.disposition {
        case .pending: self = .stored(event.id)
        case .quarantined(let reason): self = .quarantined(event.id, reason)
        case .undecided: self = .undecided(event.id)
        case .probe: self = .probe(event.id, isResolved: isResolved)
        }
    }
}
