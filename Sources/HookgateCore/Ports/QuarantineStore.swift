/// What is held back, and the decisions over it. Filled by the store.
package protocol QuarantineStore: Sendable {
    /// The largest groups first, at most `limit` of them.
    func groups(_ filter: QuarantineFilter, limit: Int) async throws -> [QuarantineGroup]

    /// Held events, oldest first, from behind a place in that order.
    func held(_ filter: QuarantineFilter, after cursor: EventCursor?, limit: Int) async throws -> [HeldEvent]

    /// The state of each of these events, held or not; what is missing does not exist.
    func states(of ids: [EventID]) async throws -> [EventID: EventState]

    /// An integration as routing sees it now; nil when it is gone.
    func integration(_ id: IntegrationID) async throws -> RoutingEntry?

    /// Lets events go to their integrations, in one transaction with the note of it.
    /// - Returns: those that were still held.
    func release(_ events: [ReleasedEvent], act: QuarantineAct) async throws -> Set<EventID>

    /// Discards the oldest `limit` held events that match; the rows stay.
    /// - Returns: how many; fewer than `limit` says that there are no more.
    func discard(_ filter: QuarantineFilter, limit: Int, act: QuarantineAct) async throws -> Int
}

/// An event that goes, and to whom.
package struct ReleasedEvent: Sendable, Equatable {
    package let event: EventSummary
    package let entry: RoutingEntry

    package init(event: EventSummary, entry: RoutingEntry) {
        self.event = event
        self.entry = entry
    }
}
