package import FoundationEssentials

/// One destination as people look at it: with what waits for it, and how it did lately.
package struct DestinationStanding: Sendable, Equatable {
    package let scope: DestinationScope
    /// Nil for a default that has no row.
    package let record: DestinationRecord?
    /// As in ``KeptDestination``; nil where there is no row.
    package let revision: String?
    /// Events that go there next, and since when the oldest of them waits.
    package let waiting: Int
    package let oldest: Date?
    /// Attempts of the last hour.
    package let attempts: Int
    package let failedAttempts: Int

    package init(
        scope: DestinationScope, kept: KeptDestination?, waiting: Int, oldest: Date?, attempts: Int,
        failedAttempts: Int
    ) {
        self.scope = scope
        self.record = kept?.record
        self.revision = kept?.revision
        self.waiting = waiting
        self.oldest = oldest
        self.attempts = attempts
        self.failedAttempts = failedAttempts
    }
}

/// Lists destinations with how they do. Filled by the store.
package protocol DestinationStandings: Sendable {
    /// The default first, then by name; each list is one statement.
    /// - Parameters:
    ///   - organization: only its own, its clinics' and its integrations'; nil for all.
    ///   - cursor: where the page before ended.
    func standings(
        of organization: OrganizationID?, after cursor: DestinationScope?, limit: Int, at now: Date
    ) async throws -> [DestinationStanding]

    /// One of them; nil where there is none, or none that this organization may see.
    func standing(
        of scope: DestinationScope, seenBy organization: OrganizationID?, at now: Date
    ) async throws -> DestinationStanding?

    /// Whether all events that would go there are this organization's. A clinic is where all of its integrations are.
    func belongs(_ scope: DestinationScope, to organization: OrganizationID) async throws -> Bool
}

/// The circuit breakers of the destinations that one process delivers to. Filled by the delivery.
package protocol DestinationBreakers: Sendable {
    /// From memory, at once. A destination that nothing goes to from here has none.
    func breakers() -> [DestinationID: CircuitBreaker.State]
}
