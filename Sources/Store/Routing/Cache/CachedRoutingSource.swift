import HookgateCore
import Synchronization

/// PostgreSQL with the shared cache in front of it: the tier between the table in memory and the source of truth.
///
/// The cache answers only what ``ChangeFence`` vouches for, which needs the stream of changes; so this is also what
/// the table in memory is fed from. While PostgreSQL cannot be asked, what the cache holds is given out as stale.
/// Nothing here depends on the cache: without it, or with a wrong one, the answers are PostgreSQL's.
final class CachedRoutingSource: RoutingSource {
    /// How long after the last poll a change may be unknown here: the promise for a change channel that died.
    private static let liveFor = Duration.seconds(5)

    private struct State {
        var fence: ChangeFence
        var origin: DatabaseIdentity?
        var lastPoll: ContinuousClock.Instant?
        /// The last that was heard of PostgreSQL was that it does not answer.
        var isSourceDown = false
        var owesFilling = false
        /// Writes that had failed before the last filling, which wrote the same or newer.
        var failuresMadeGood = 0
    }

    private let lookUps: PostgresRoutingSource
    private let feed: any RoutingSource
    private let cache: any RoutingCache
    private let state: Mutex<State>
    private let now: @Sendable () -> ContinuousClock.Instant
    let counters = RoutingCacheCounters()

    /// - Parameters:
    ///   - lookUps: asked for single keys.
    ///   - feed: followed for changes, over connections of its own.
    init(
        lookUps: PostgresRoutingSource, feed: any RoutingSource, cache: any RoutingCache,
        fence: ChangeFence = ChangeFence(),
        now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
    ) {
        self.lookUps = lookUps
        self.feed = feed
        self.cache = cache
        self.state = Mutex(State(fence: fence))
        self.now = now
    }

    // MARK: One key

    func fact(for key: RoutingKey) async throws(RoutingSourceError) -> RoutingFact {
        try await self.lookUp(key)
    }

    func facts(for keys: [RoutingKey]) async throws(RoutingSourceError) -> [RoutingKey: RoutingFact] {
        try await self.lookUps.facts(for: keys)
    }

    func answer(for key: RoutingKey) async throws(RoutingSourceError) -> RoutingAnswer {
        let cached = await self.cached(key)
        if let cached, self.isTrueStill(cached) {
            self.counters.hits.add()
            return .cache(cached.fact)
        }
        // Not asked while it is known to be down: its time-outs are longer than a webhook may wait.
        if self.isSourceDown, let stale = self.stale(cached) { return stale }
        do throws(RoutingSourceError) {
            let fact = try await self.lookUp(key)
            if cached != nil { self.counters.unproven.add() }
            return .source(fact)
        } catch {
            guard let stale = self.stale(cached) else { throw error }
            return stale
        }
    }

    private func lookUp(_ key: RoutingKey) async throws(RoutingSourceError) -> RoutingFact {
        do throws(RoutingSourceError) {
            let finding = try await self.lookUps.finding(for: key)
            self.state.withLock { $0.isSourceDown = false }
            await self.remember(finding, for: key)
            return finding.fact
        } catch {
            self.state.withLock { $0.isSourceDown = true }
            throw error
        }
    }

    private func cached(_ key: RoutingKey) async -> CachedRouting? {
        do throws(RoutingCacheError) {
            let cached = try await self.cache.routing(for: key)
            if cached == nil { self.counters.misses.add() }
            return cached
        } catch {
            self.counters.failedReads.add()
            return nil
        }
    }

    private func isTrueStill(_ cached: CachedRouting) -> Bool {
        let now = self.now()
        return self.state.withLock { state in
            guard let lastPoll = state.lastPoll, now - lastPoll <= Self.liveFor else { return false }
            return state.fence.vouches(for: cached)
        }
    }

    private var isSourceDown: Bool { self.state.withLock { $0.isSourceDown } }

    private func stale(_ cached: CachedRouting?) -> RoutingAnswer? {
        guard let cached, cached.isAcceptance, !self.state.withLock({ $0.fence.contradicts(cached) }) else {
            return nil
        }
        self.counters.stale.add()
        return .stale(cached.fact)
    }

    private func remember(_ finding: RoutingFinding, for key: RoutingKey) async {
        guard !finding.changes.isEmpty, let origin = await self.origin() else { return }
        var records = finding.changes.map { CachedRecord($0, origin: origin, asOf: finding.asOf) }
        if case (.instance(let name), .instance(let entry)) = (key, finding.fact) {
            records.append(CachedRecord(nameOf: name, entry.integrationID, origin: origin, asOf: finding.asOf))
        }
        await self.store(records)
    }

    // MARK: Everything, and what changes

    func loadAll(
        page: @Sendable ([RoutingChange]) async -> Void
    ) async throws(RoutingSourceError) -> RoutingCursor {
        try await self.watchingSource { () throws(RoutingSourceError) in
            try await self.feed.loadAll(page: page)
        }
    }

    func changes(
        since cursor: RoutingCursor
    ) async throws(RoutingSourceError) -> (changes: [RoutingChange], next: RoutingCursor) {
        let begun = self.now()
        let (changes, next) = try await self.watchingSource { () throws(RoutingSourceError) in
            try await self.feed.changes(since: cursor)
        }
        let origin = await self.origin()
        self.state.withLock { state in
            if let origin, !state.fence.hasBegun { state.fence.begin(at: cursor, of: origin) }
            state.fence.note(changes, upTo: next)
            state.lastPoll = begun
        }
        if let origin { await self.passOn(changes, of: origin, asOf: next.transaction) }
        return (changes, next)
    }

    func changeNotices() async throws(RoutingSourceError) -> AsyncStream<Void> {
        try await self.feed.changeNotices()
    }

    /// Brings changes into the cache, where replicas that start while PostgreSQL is down will read them.
    private func passOn(_ changes: [RoutingChange], of origin: DatabaseIdentity, asOf: UInt64) async {
        guard !changes.isEmpty else { return }
        var records: [CachedRecord] = []
        for change in changes {
            records.append(CachedRecord(change, origin: origin, asOf: asOf))
            if case .integration(let entry) = change, let name = entry.instanceName {
                records.append(CachedRecord(nameOf: name, nil, origin: origin, asOf: asOf))
            }
        }
        await self.store(records)
    }

    // MARK: Everything, into the cache

    /// Brings all there is into the cache when that is due. Whoever of the replicas comes first does it, twice in a
    /// record's life; and whoever had a write that did not get through, because a record that it should have replaced
    /// may have stayed. True when it was done.
    func fillCacheWhenDue() async throws(RoutingSourceError) -> Bool {
        let failures = self.counters.failedWrites.count
        let isClaimed = (try? await self.cache.claimFilling()) ?? false
        let isDue = self.state.withLock { state in
            state.owesFilling = state.owesFilling || isClaimed || failures > state.failuresMadeGood
            return state.owesFilling
        }
        guard isDue, try await self.fillCache() else { return false }
        self.state.withLock { state in
            state.owesFilling = false
            state.failuresMadeGood = failures
        }
        return true
    }

    private func fillCache() async throws(RoutingSourceError) -> Bool {
        guard let origin = await self.origin() else { return false }
        let failures = self.counters.failedWrites.count
        try await self.lookUps.loadAll { (cursor, changes) in
            // Without the cache there is no use in writing the rest.
            guard self.counters.failedWrites.count == failures else { return }
            await self.store(changes.map { CachedRecord($0, origin: origin, asOf: cursor.transaction) })
        }
        return self.counters.failedWrites.count == failures
    }

    private func store(_ records: [CachedRecord]) async {
        do throws(RoutingCacheError) {
            try await self.cache.store(records)
            self.counters.writes.add(records.count)
        } catch {
            self.counters.failedWrites.add()
        }
    }

    /// Which database answers; asked once, because a process follows one history of transactions.
    private func origin() async -> DatabaseIdentity? {
        if let known = self.state.withLock({ $0.origin }) { return known }
        // Unknown, nothing is cached and nothing of the cache is vouched for.
        guard let origin = try? await self.lookUps.identity() else { return nil }
        self.state.withLock { $0.origin = origin }
        return origin
    }

    private func watchingSource<T>(
        _ work: () async throws(RoutingSourceError) -> T
    ) async throws(RoutingSourceError) -> T {
        do throws(RoutingSourceError) {
            let value = try await work()
            self.state.withLock { $0.isSourceDown = false }
            return value
        } catch {
            self.state.withLock { $0.isSourceDown = true }
            throw error
        }
    }
}
