import HookgateCore
import Logging
import PostgresClient
import Senders
import Store

/// What deliveries need besides the engine: destinations, what speaks with them, and the files they fetch.
struct DeliveryParts {
    /// One follows destinations, the others read files.
    private static let connections = 3
    private static let pause = Duration.seconds(1)

    let destinations: LiveDestinations
    let sender: DestinationSender
    let media: StoredEventMedia
    private let pool: PostgresPool

    init(_ configuration: Configuration, databaseURL: String, logger: Logger) throws {
        pool = PostgresPool(url: databaseURL, options: PostgresPoolOptions(maximumConnections: Self.connections))
        destinations = LiveDestinations(pool: pool, configured: configuration.delivery, logger: logger)
        let media = StoredEventMedia(
            archive: PostgresEventArchive(pool: pool, bodies: BodyVault(masterKeys: configuration.bodyMasterKeys)),
            key: PostgresMediaKey(pool: pool))
        self.media = media
        sender = try DestinationSender(configuration: configuration, secrets: destinations) {
            media.key.map { MediaLinks(base: configuration.publicURL, key: $0) }
        }
    }

    /// Follows destinations and keeps connections to them until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await destinations.run() }
            group.addTask { await sender.run() }
            group.addTask { await prepareMedia() }
        }
    }

    func close() async { await pool.close() }

    /// The database may be away, or its schema not there yet.
    private func prepareMedia() async {
        while media.key == nil, !Task.isCancelled {
            try? await media.prepare()
            guard (try? await Task.sleep(for: Self.pause)) != nil else { return }
        }
    }
}
