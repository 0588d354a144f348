import Synchronization

/// What the shared cache has done, counted from any thread.
final class RoutingCacheCounters: Sendable {
    final class Counter: Sendable {
        private let value = Atomic<Int>(0)

        func add(_ amount: Int = 1) { self.value.add(amount, ordering: .relaxed) }

        var count: Int { self.value.load(ordering: .relaxed) }
    }

    /// Answers that were known to be true still.
    let hits = Counter()
    /// Answers given while PostgreSQL could not be asked.
    let stale = Counter()
    /// Found, and not known to be true still, so PostgreSQL was asked.
    let unproven = Counter()
    let misses = Counter()
    let failedReads = Counter()
    let writes = Counter()
    let failedWrites = Counter()
}

/// The same as a value, for metrics.
package struct RoutingCacheStatistics: Sendable, Equatable {
    package let hits: Int
    package let stale: Int
    package let unproven: Int
    package let misses: Int
    package let failedReads: Int
    package let recordsWritten: Int
    package let failedWrites: Int
}

extension RoutingCacheCounters {
    var statistics: RoutingCacheStatistics {
        RoutingCacheStatistics(
            hits: self.hits.count, stale: self.stale.count, unproven: self.unproven.count,
            misses: self.misses.count, failedReads: self.failedReads.count, recordsWritten: self.writes.count,
            failedWrites: self.failedWrites.count)
    }
}
