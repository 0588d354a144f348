import Delivery
import HookgateCore
import Logging
import PostgresClient
import Senders
import Store

/// Deliveries, wired: the engine, the destinations it asks for, what speaks with them, and the files they fetch.
struct DeliveryParts {
    /// One follows destinations, the others read files.
    private static let connections = 3
    /// The engine's own: leases, bodies, outcomes and what waits, side by side.
    private static let engineConnections = 4
    private static let pause = Duration.seconds(1)

    let destinations: LiveDestinations
    let sender: DestinationSender
    let media: StoredEventMedia
    let engine: DeliveryEngine
    private let pool: PostgresPool
    private let enginePool: PostgresPool

    init(_ configuration: Configuration, databaseURL: String, directURL: String, logger: Logger) throws {
        let bodies = BodyVault(masterKeys: configuration.bodyMasterKeys)
        pool = PostgresPool(url: databaseURL, options: PostgresPoolOptions(maximumConnections: Self.connections))
        destinations = LiveDestinations(pool: pool, configured: configuration.delivery, logger: logger)
        let media = StoredEventMedia(
            archive: PostgresEventArchive(pool: pool, bodies: bodies),
            key: PostgresMediaKey(pool: pool))
        self.media = media
        sender = try DestinationSender(configuration: configuration, secrets: destinations) {
            media.key.map { MediaLinks(base: configuration.publicURL, key: $0) }
        }
        enginePool = PostgresPool(
            url: databaseURL, options: PostgresPoolOptions(maximumConnections: Self.engineConnections))
        engine = DeliveryEngine(
            queue: PostgresDeliveryQueue(pool: enginePool, listenURL: directURL, bodies: bodies), sender: sender,
            directory: destinations, logger: logger)
    }

    /// Follows destinations and keeps connections to them until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await destinations.run() }
            group.addTask { await sender.run() }
            group.addTask { await prepareMedia() }
        }
    }

    func close() async {
        await enginePool.close()
        await pool.close()
    }

    /// The database may be away, or its schema not there yet.
    private func prepareMedia() async {
        while media.key == nil, !Task.isCancelled {
            try? await media.prepare()
            // A database announces its return to nobody.
            guard (try? await Task.sleep(for: Self.pause)) != nil else { return }
        }
    }
}
