import HookgateCore

/// A cache of routing that replicas share. It may lose anything at any time, and be wrong: whoever reads from it
/// decides what may be believed.
protocol RoutingCache: Sendable {
    /// What it has for a key; nil when it has nothing that can be understood.
    func routing(for key: RoutingKey) async throws(RoutingCacheError) -> CachedRouting?

    /// Keeps records, each unless the cache has a newer one of the same row.
    func store(_ records: [CachedRecord]) async throws(RoutingCacheError)

    /// True for one asker in a while, who then brings everything there is into the cache.
    func claimFilling() async throws(RoutingCacheError) -> Bool
}

/// The cache did not answer; why is the cache's to report.
enum RoutingCacheError: Error, Equatable {
    case unavailable
}
