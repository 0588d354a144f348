package import FoundationEssentials

/// The members of a body that acceptance needs, found without decoding it.
package struct BodyFacts: Sendable, Equatable {
    /// The body's `event`, as it came; nil when absent or not a string.
    package var event: String?
    /// The body's `instance` (or the oldest dialect's `instanceName`).
    package var instance: String?
    /// WhatsApp's message id: `data.key.id`, else `data.keyId`.
    package var messageID: String?
    /// The chat's full JID: `data.key.remoteJid`, else `data.remoteJid`.
    package var chat: String?

    package init(event: String? = nil, instance: String? = nil, messageID: String? = nil, chat: String? = nil) {
        self.event = event
        self.instance = instance
        self.messageID = messageID
        self.chat = chat
    }
}

/// One webhook body that is to be stored: what the spool writes and the shipper sends on.
package struct AcceptedEvent: Sendable, Equatable {
    /// What was decided of it before the 200.
    package enum Disposition: Sendable, Equatable {
        case pending
        case quarantined(QuarantineReason)
        /// No tier could say whose it is; looked up again when it is shipped.
        case undecided(RoutingKey)
        /// Proven by its signature to come from `hookgate test`.
        case probe
    }

    package let id: EventID
    package let receivedAt: Date
    package let route: Route
    package let eventSuffix: String?
    package let disposition: Disposition
    package let integrationID: IntegrationID?
    package let organizationID: OrganizationID?
    package let clinicID: ClinicID?
    /// The integration's instance, or else the name in the URL or the body.
    package let instanceName: InstanceName?
    package let facts: BodyFacts
    /// The body, byte for byte as it came; empty while it lies in a file of its own (``SpoolBody``).
    package let body: [UInt8]
    /// Of the body, wherever it lies.
    package let bodyByteCount: Int

    package init(
        id: EventID, receivedAt: Date, route: Route, eventSuffix: String?, disposition: Disposition,
        integrationID: IntegrationID?, organizationID: OrganizationID?, clinicID: ClinicID?,
        instanceName: InstanceName?, facts: BodyFacts, body: [UInt8], bodyByteCount: Int? = nil
    ) {
        self.id = id
        self.receivedAt = receivedAt
        self.route = route
        self.eventSuffix = eventSuffix
        self.disposition = disposition
        self.integrationID = integrationID
        self.organizationID = organizationID
        self.clinicID = clinicID
        self.instanceName = instanceName
        self.facts = facts
        self.body = body
        self.bodyByteCount = bodyByteCount ?? body.count
    }
}
