/// The source of truth for routing, asked when memory does not know. Filled by the store.
package protocol RoutingSource: Sendable {
    /// Looks one key up. Throws when the source cannot answer now, which is never a "no".
    func fact(for key: RoutingKey) async throws(RoutingSourceError) -> RoutingFact

    /// Looks many keys up with a number of queries that does not grow with them. For every key, however often it is
    /// given, the answer is that of ``fact(for:)``. Throws when the source cannot answer for all of them.
    func facts(for keys: [RoutingKey]) async throws(RoutingSourceError) -> [RoutingKey: RoutingFact]

    /// The same by the quickest way there is; says how far the fact can be relied on.
    func answer(for key: RoutingKey) async throws(RoutingSourceError) -> RoutingAnswer

    /// Streams everything there is, page by page, and returns the cursor from which ``changes(since:)`` goes on.
    func loadAll(page: @Sendable ([RoutingChange]) async -> Void) async throws(RoutingSourceError) -> RoutingCursor

    /// What changed since a cursor, oldest first. May repeat what was already seen; never skips.
    func changes(
        since cursor: RoutingCursor
    ) async throws(RoutingSourceError) -> (changes: [RoutingChange], next: RoutingCursor)

    /// Ticks when something may have changed. Ends when the channel is lost; polling goes on regardless.
    func changeNotices() async throws(RoutingSourceError) -> AsyncStream<Void>
}

extension RoutingSource {
    package func answer(for key: RoutingKey) async throws(RoutingSourceError) -> RoutingAnswer {
        .source(try await self.fact(for: key))
    }
}

/// A fact, and where it comes from.
package enum RoutingAnswer: Sendable, Equatable {
    /// Said by the source of truth, just now.
    case source(RoutingFact)
    /// Read from a cache that replicas share, and shown by the stream of changes to be true still.
    case cache(RoutingFact)
    /// Read from that cache while the source of truth cannot be asked: it was true when it was written. Never kept.
    case stale(RoutingFact)
}

/// Why the source of truth could not answer.
package enum RoutingSourceError: Error, Equatable {
    case unavailable(String)
    case timedOut
}

extension RoutingSourceError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unavailable(let reason): reason
        case .timedOut: "the database did not answer in time"
        }
    }
}

/// A place in the stream of changes: the oldest transaction that was still running when it was taken.
package struct RoutingCursor: Sendable, Equatable {
    package let transaction: UInt64

    package init(transaction: UInt64) {
        self.transaction = transaction
    }
}

/// One thing that became true of an integration or of a token.
package enum RoutingChange: Sendable, Equatable {
    case integration(RoutingEntry)
    case integrationDeleted(IntegrationID, revision: UInt64)
    case token(TokenDigest, IntegrationID?, TokenStanding, revision: UInt64)
}
