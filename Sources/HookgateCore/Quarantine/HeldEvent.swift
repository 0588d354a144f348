package import FoundationEssentials

/// One event that is held back, with everything that deciding it anew reads.
package struct HeldEvent: Sendable, Equatable {
    /// Whose the stored body says it is.
    package enum Naming: Sendable, Equatable {
        case instance(InstanceName)
        case nobody
        /// The body is not kept any more: there is nothing left to deliver.
        case bodyGone
    }

    package let summary: EventSummary
    package let organizationID: OrganizationID?
    package let naming: Naming

    package init(summary: EventSummary, organizationID: OrganizationID?, naming: Naming) {
        self.summary = summary
        self.organizationID = organizationID
        self.naming = naming
    }
}

/// Which held events are meant; everything that is nil lets all pass.
package struct QuarantineFilter: Sendable, Equatable {
    /// Nil for no choice by id; an empty list means no event.
    package var ids: [EventID]?
    package var reason: QuarantineReason?
    package var instance: InstanceName?
    package var organization: OrganizationID?
    package var clinic: ClinicID?
    package var receivedFrom: Date?

    package init() {}
}

/// What of one integration is held for one reason.
package struct QuarantineGroup: Sendable, Equatable {
    package let reason: String
    package let holder: QuarantineHolder
    package let instanceName: InstanceName?
    package let events: Int
    package let bytes: Int
    package let oldest: Date

    package init(
        reason: String, holder: QuarantineHolder, instanceName: InstanceName?, events: Int, bytes: Int, oldest: Date
    ) {
        self.reason = reason
        self.holder = holder
        self.instanceName = instanceName
        self.events = events
        self.bytes = bytes
        self.oldest = oldest
    }
}

/// Who decides over held events, when, and in which words.
package struct QuarantineAct: Sendable, Equatable {
    package let actor: String
    package let decidedAt: Date
    package let note: String?

    package init(actor: String, decidedAt: Date, note: String?) {
        self.actor = actor
        self.decidedAt = decidedAt
        self.note = note
    }
}
