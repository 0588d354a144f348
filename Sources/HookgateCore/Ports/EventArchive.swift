package import FoundationEssentials

/// Reads the inbox for people. Filled by the store.
package protocol EventArchive: Sendable {
    /// Newest first, at most `filter.limit` of them.
    func list(_ filter: EventFilter) async throws -> EventPage

    /// Nil when there is no such event.
    func event(_ id: EventID) async throws -> StoredEvent?

    /// Every attempt to deliver it, oldest first; the last thousand of them.
    func attempts(of id: EventID) async throws -> [RecordedAttempt]

    /// Notes in the audit log that somebody is shown a body in clear.
    func noteReveal(of id: EventID, reason: String, actor: String, at now: Date) async throws

    /// The event that the one with this id repeats, when that was not stored for this reason in the last days.
    func original(of id: EventID) async throws -> EventID?
}
