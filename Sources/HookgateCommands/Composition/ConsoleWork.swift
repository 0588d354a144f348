import Console
import HookgateCore
import PostgresClient
import Store

/// What the console begins and nobody waits for: on connections of its own, so that a long statement keeps no page
/// waiting, and no page's time limit ends it.
struct ConsoleWork {
    private static let connections = 4

    private let database: Database

    init(_ configuration: Configuration, databaseURL: String, directURL: String) {
        let pool = PostgresPool(
            url: databaseURL,
            options: PostgresPoolOptions(maximumConnections: Self.connections, warmConnections: 0))
        database = Database(
            pool: pool, url: databaseURL, directURL: directURL,
            bodies: BodyVault(masterKeys: configuration.bodyMasterKeys), time: configuration.time)
    }

    /// - Parameter pages: the connections of the pages.
    func add(to parts: inout ConsoleParts, _ configuration: Configuration, pages: PostgresPool) throws {
        parts.board = PostgresMigrationBoard(pool: pages)
        parts.migration = database.migration
        parts.doctor = database.doctor(publicURL: configuration.statedPublicURL)
        parts.cleanup = try database.cleanup(configuration)
        guard !configuration.evolutionServers.isEmpty else { return }
        let servers = try EvolutionServers.configured(configuration)
        parts.switchOver = SwitchOverParts(
            allowsRehearsal: configuration.evolutionServers.allSatisfy { PublicURL.isLoopback($0.url) }
        ) { [database] actor in database.switchOver(configuration, servers, actor: actor) }
    }

    func close() async {
        await database.pool.close()
    }
}
