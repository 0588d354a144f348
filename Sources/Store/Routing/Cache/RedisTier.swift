package import HookgateCore
package import Logging
package import RedisClient

/// Redis as the second tier of routing, put together: its connection, the source that reads through it, and the loop
/// that keeps it full.
package final class RedisTier: Sendable {
    /// How often it is asked whether somebody should fill the cache.
    private static let fillingCheck = Duration.seconds(20)

    private let client: RedisClient
    private let cached: CachedRoutingSource
    private let logger: Logger
    /// One pending wake-up stands for all that came meanwhile.
    private let fillings = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

    /// - Parameters:
    ///   - databaseURL: tells apart what gateways of different databases keep in one Redis.
    ///   - lookUps: for single keys and for filling; `feed` is followed for changes.
    package init(
        address: RedisAddress, databaseURL: String, lookUps: PostgresRoutingSource, feed: any RoutingSource,
        logger: Logger
    ) {
        self.logger = logger
        let waker = self.fillings.continuation
        self.client = RedisClient(address) { status in
            Self.report(status, address, logger)
            if status == .connected { waker.yield() }
        }
        let cache = RedisRoutingCache(
            client: self.client, scope: RedisRoutingCache.scope(ofDatabaseURL: databaseURL))
        self.cached = CachedRoutingSource(
            lookUps: lookUps, feed: feed, cache: cache)
    }

    /// The source for look-ups and for the feed, with Redis in front.
    package var source: any RoutingSource { self.cached }

    package var statistics: RoutingCacheStatistics { self.cached.counters.statistics }

    package var isConnected: Bool { self.client.status == .connected }

    /// Why Redis is not used at this moment; nil when it is.
    package var failure: String? {
        switch self.client.status {
        case .connected: nil
        case .connecting: "there is no connection to Redis yet"
        case .lost(let error): "\(error)"
        }
    }

    /// Keeps the connection, and the cache full, until the task is cancelled.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.client.run() }
            group.addTask { await self.keepFull() }
            group.addTask {
                // Nobody tells of a Redis that was emptied; asking is one small command.
                while (try? await Task.sleep(for: Self.fillingCheck)) != nil { self.fillings.continuation.yield() }
            }
        }
    }

    private func keepFull() async {
        for await _ in self.fillings.stream where self.isConnected {
            do throws(RoutingSourceError) {
                guard try await self.cached.fillCacheWhenDue() else { continue }
                self.logger.info("routing was brought into Redis")
            } catch {
                self.logger.debug("routing cannot be brought into Redis now", metadata: ["reason": "\(error)"])
            }
        }
    }

    private static func report(_ status: RedisClient.Status, _ address: RedisAddress, _ logger: Logger) {
        switch status {
        case .connecting: break
        case .connected: logger.info("Redis is connected", metadata: ["address": "\(address)"])
        case .lost(let error):
            logger.warning(
                "Redis is not used for now; routing is looked up in PostgreSQL",
                metadata: ["address": "\(address)", "reason": "\(error)"])
        }
    }
}
