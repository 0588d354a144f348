package import FoundationEssentials

/// Which events a list shows; everything that is nil lets all pass.
package struct EventFilter: Sendable, Equatable {
    package static let largestPage = 1_000

    package var organization: OrganizationID?
    package var clinic: ClinicID?
    package var instance: InstanceName?
    package var state: EventState?
    /// Why it is or was held back.
    package var reason: QuarantineReason?
    /// The body's `event`, as Evolution spells it: `messages.upsert`.
    package var kind: String?
    /// These alone, where given.
    package var ids: [EventID]?
    package var receivedFrom: Date?
    package var receivedBefore: Date?
    /// How many at most.
    package var limit = 50
    /// Where the page before ended.
    package var cursor: EventCursor?

    package init() {}
}

/// A place in the list of events, newest first.
package struct EventCursor: Sendable, Equatable {
    package let receivedAt: Date
    package let id: EventID

    package init(receivedAt: Date, id: EventID) {
        self.receivedAt = receivedAt
        self.id = id
    }
}

/// One event as a list shows it: nothing of what a patient wrote.
package struct EventSummary: Sendable, Equatable {
    package let id: EventID
    package let receivedAt: Date
    package let integrationID: IntegrationID?
    package let clinicID: ClinicID?
    package let instanceName: InstanceName?
    package let route: Route
    package let kind: String?
    package let messageID: String?
    package let chat: String?
    package let state: EventState
    package let quarantineReason: String?
    package let bodyBytes: Int

    package init(
        id: EventID, receivedAt: Date, integrationID: IntegrationID?, clinicID: ClinicID?,
        instanceName: InstanceName?, route: Route, kind: String?, messageID: String?, chat: String?,
        state: EventState, quarantineReason: String?, bodyBytes: Int
    ) {
        self.id = id
        self.receivedAt = receivedAt
        self.integrationID = integrationID
        self.clinicID = clinicID
        self.instanceName = instanceName
        self.route = route
        self.kind = kind
        self.messageID = messageID
        self.chat = chat
        self.state = state
        self.quarantineReason = quarantineReason
        self.bodyBytes = bodyBytes
    }
}

/// Some events, and where the next page begins; nil at the end.
package struct EventPage: Sendable, Equatable {
    package let events: [EventSummary]
    package let next: EventCursor?

    package init(events: [EventSummary], next: EventCursor?) {
        self.events = events
        self.next = next
    }
}

/// One event with its body, as it was stored: without its secrets, with the patient's words.
package struct StoredEvent: Sendable, Equatable {
    package let summary: EventSummary
    package let storedAt: Date
    package let organizationID: OrganizationID?
    package let eventSuffix: String?
    package let body: Result<[UInt8], BodyAbsence>

    package init(
        summary: EventSummary, storedAt: Date, organizationID: OrganizationID?, eventSuffix: String?,
        body: Result<[UInt8], BodyAbsence>
    ) {
        self.summary = summary
        self.storedAt = storedAt
        self.organizationID = organizationID
        self.eventSuffix = eventSuffix
        self.body = body
    }
}
