package import HookgateCore
package import NIOHTTP1

/// A webhook request, read to its end.
package struct InboundWebhook: Sendable {
    package let address: WebhookAddress
    package let key: RoutingKey
    /// The value of ``ProbeSignature/headerName``, when the request has it.
    package let probeHeader: String?
    /// For the second factor, whose header only the integration can name.
    package let headers: HTTPHeaders
    /// The check of the signature over a body in memory; nil where no key is configured. A long body's was made as it
    /// was read.
    package let signature: WebhookSignature?
    package let body: InboundBody

    package init(
        address: WebhookAddress, key: RoutingKey, probeHeader: String? = nil, headers: HTTPHeaders = [:],
        signature: WebhookSignature? = nil, body: InboundBody
    ) {
        self.address = address
        self.key = key
        self.probeHeader = probeHeader
        self.headers = headers
        self.signature = signature
        self.body = body
    }

    /// The same, looked up by the name in its body.
    func keyed(by name: String) -> InboundWebhook {
        InboundWebhook(
            address: self.address, key: .instance(InstanceName(name)), probeHeader: self.probeHeader,
            headers: self.headers, signature: self.signature, body: self.body)
    }

    /// The same at an address that says it otherwise.
    func at(_ address: WebhookAddress) -> InboundWebhook {
        InboundWebhook(
            address: address, key: self.key, probeHeader: self.probeHeader, headers: self.headers,
            signature: self.signature, body: self.body)
    }

    /// What the signature over the body comes to; nil where no key is configured.
    var signatureOutcome: SecondFactorOutcome? {
        switch self.body {
        case .bytes(let bytes):
            guard var signature = self.signature else { return nil }
            signature.update(bytes)
            return signature.outcome
        case .long(let read, _): return read.signature
        }
    }
}

/// A body, read to its end.
package enum InboundBody: Sendable {
    case bytes([UInt8])
    /// Too long for memory: what was read of it as it came, and where it is.
    case long(ReadBody, any SpoolBody)

    var byteCount: Int {
        switch self {
        case .bytes(let bytes): bytes.count
        case .long(let read, _): read.byteCount
        }
    }

    /// What stays in memory of it.
    var bytes: [UInt8] {
        switch self {
        case .bytes(let bytes): bytes
        case .long: []
        }
    }

    func facts() throws(BodyError) -> BodyFacts {
        switch self {
        case .bytes(let bytes): try BodyScanner.scan(bytes)
        case .long(let read, _): try read.facts.get()
        }
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
