import HookgateCore

/// Tells whether a cached record is true still, by what this process was told of changes. Pure.
///
/// A record says which transactions it knows of. The fence holds every change from a place in their stream on. A
/// record that knows of everything before that place, and whose row has not changed behind it, is what the source
/// of truth would say as well: so it does not matter who wrote it into the cache, when, or over what.
struct ChangeFence: Sendable {
    private let bound: Int
    private var origin: DatabaseIdentity?
    /// Every change at or above this transaction is in the fence; nil while nothing is known.
    private var since: UInt64?
    private var tokens: [TokenDigest: UInt64] = [:]
    private var integrations: [IntegrationID: UInt64] = [:]
    /// The newest change of an integration that has the name.
    private var names: [InstanceName: UInt64] = [:]

    init(bound: Int = 100_000) {
        self.bound = bound
    }

    var hasBegun: Bool { self.since != nil }

    /// Every change at or above the cursor is told from now on.
    mutating func begin(at cursor: RoutingCursor, of origin: DatabaseIdentity) {
        self = ChangeFence(bound: self.bound)
        self.origin = origin
        self.since = cursor.transaction
    }

    mutating func note(_ changes: [RoutingChange], upTo next: RoutingCursor) {
        guard self.since != nil else { return }
        for change in changes { self.note(change) }
        guard self.tokens.count + self.integrations.count + self.names.count > self.bound else { return }
        self.forget(upTo: next)
    }

    /// Too much to remember: only records that know of all of it can be vouched for from now on. That is later than
    /// the cursor: what is forgotten may have been told early, because a transaction that runs holds the cursor back.
    private mutating func forget(upTo next: RoutingCursor) {
        let newest =
            [self.tokens.values.max(), self.integrations.values.max(), self.names.values.max()]
            .compactMap(\.self).max() ?? 0
        self.tokens = [:]
        self.integrations = [:]
        self.names = [:]
        self.since = max(next.transaction, newest + 1)
    }

    /// Whether all of it is known to be true.
    func vouches(for routing: CachedRouting) -> Bool {
        guard let since = self.since, let origin = self.origin, !self.contradicts(routing) else { return false }
        return routing.records.allSatisfy { $0.stamp.origin == origin && $0.stamp.asOf >= since }
    }

    /// Whether some of it is known to be outdated, or of another database.
    func contradicts(_ routing: CachedRouting) -> Bool {
        routing.records.contains { record in
            if let origin = self.origin, record.stamp.origin != origin { return true }
            return self.hasChanged(behind: record)
        }
    }

    private func hasChanged(behind record: CachedRecord) -> Bool {
        func isNewer(_ change: UInt64?) -> Bool { change.map { $0 > record.stamp.revision } ?? false }
        return switch record.content {
        case .integration(let entry): isNewer(self.integrations[entry.integrationID])
        case .withheld(let id), .deleted(let id): isNewer(self.integrations[id])
        case .token(let digest, _, _): isNewer(self.tokens[digest])
        // Whoever took the name has revisions of his own: what counts is whether the record knew of him.
        case .name(let name, _): self.names[name].map { $0 >= record.stamp.asOf } ?? false
        }
    }

    private mutating func note(_ change: RoutingChange) {
        func newer(_ old: UInt64?, _ new: UInt64) -> UInt64 { max(old ?? 0, new) }
        switch change {
        case .integration(let entry):
            self.integrations[entry.integrationID] = newer(self.integrations[entry.integrationID], entry.revision)
            if let name = entry.instanceName { self.names[name] = newer(self.names[name], entry.revision) }
        case .integrationDeleted(let id, let revision):
            self.integrations[id] = newer(self.integrations[id], revision)
        case .token(let digest, _, _, let revision):
            self.tokens[digest] = newer(self.tokens[digest], revision)
        }
    }
}
