import FoundationEssentials

/// Reads the inbox in the order in which it became readable, from any place in it, without gaps. Filled by the store.
package protocol EventTail: Sendable {
    /// The place behind one event; nil when it is not in the inbox.
    func place(behind id: EventID) async throws -> TailPlace?

    /// The place behind all that can be read now.
    func end() async throws -> TailPlace

    /// What comes behind a place and passes the filter (its cursor and limit are not looked at), at most `limit`
    /// events; fewer say that this is all for now.
    func next(behind place: TailPlace, _ filter: EventFilter, limit: Int) async throws -> TailPage
}

/// A place in the inbox: a transaction and, within it, an event.
package struct TailPlace: Sendable, Equatable {
    package let transaction: UInt64
    package let event: EventID

    package init(transaction: UInt64, event: EventID) {
        self.transaction = transaction
        self.event = event
    }

    /// Before everything.
    package static let beginning = TailPlace(before: 0)

    /// Before everything that a transaction stored.
    package init(before transaction: UInt64) {
        self.transaction = transaction
        // No id is smaller; none is ever given out.
        self.event = EventID(UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)))
    }
}

/// Some events, and the place to go on from.
package struct TailPage: Sendable, Equatable {
    package let events: [EventSummary]
    package let next: TailPlace

    package init(events: [EventSummary], next: TailPlace) {
        self.events = events
        self.next = next
    }
}
