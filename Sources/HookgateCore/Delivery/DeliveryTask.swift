package import FoundationEssentials

/// One event on its way to a destination: all that a sender needs, and nothing of how it is kept.
package struct DeliveryTask: Sendable, Equatable {
    package let event: DeliveryEvent
    /// As it was stored: without the secrets it came with.
    package let body: [UInt8]
    package let destination: Destination
    /// 1 for the first.
    package let attempt: Int
    /// An edit or deletion whose message did not come in time, or never will.
    package let isOrphan: Bool

    package init(
        event: DeliveryEvent, body: [UInt8], destination: Destination, attempt: Int, isOrphan: Bool = false
    ) {
        self.event = event
        self.body = body
        self.destination = destination
        self.attempt = attempt
        self.isOrphan = isOrphan
    }
}

/// What the inbox knows of an event that is to be delivered.
package struct DeliveryEvent: Sendable, Equatable {
    package let id: EventID
    package let receivedAt: Date
    package let integrationID: IntegrationID?
    package let organizationID: OrganizationID?
    package let clinicID: ClinicID?
    package let instanceName: InstanceName?
    package let route: Route
    /// The body's `event`, as it came.
    package let kind: String?
    /// What stood behind the token or name in the URL, as it came.
    package let eventSuffix: String?
    package let chat: String?
    package let messageID: String?
    /// A person asked for it again.
    package let isReplay: Bool

    package init(
        id: EventID, receivedAt: Date, integrationID: IntegrationID?, organizationID: OrganizationID?,
        clinicID: ClinicID?, instanceName: InstanceName?, route: Route, kind: String?, eventSuffix: String?,
        chat: String?, messageID: String?, isReplay: Bool = false
    ) {
        self.id = id
        self.receivedAt = receivedAt
        self.integrationID = integrationID
        self.organizationID = organizationID
        self.clinicID = clinicID
        self.instanceName = instanceName
        self.route = route
        self.kind = kind
        self.eventSuffix = eventSuffix
        self.chat = chat
        self.messageID = messageID
        self.isReplay = isReplay
    }
}
