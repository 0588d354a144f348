import FoundationEssentials
import PostgresClient
import Store

/// The database that a command works on.
struct Database {
    let pool: PostgresPool
    /// For statements: may lead through a transaction pooler.
    let url: String
    /// For what needs a session of its own: LISTEN, locks, schema.
    let directURL: String
    let bodies: BodyVault

    private static let commandConnections = 3

    /// Opens the configured database, or the private one of a gateway that is running in the data directory,
    /// for as long as `body` runs.
    static func use<T>(_ configuration: Configuration, _ body: (Database) async throws -> T) async throws -> T {
        let url = try configuration.databaseURL ?? privateURL(configuration)
        let pool = PostgresPool(url: url, options: PostgresPoolOptions(maximumConnections: commandConnections))
        let database = Database(
            pool: pool, url: url, directURL: configuration.databaseDirectURL ?? url,
            bodies: BodyVault(masterKeys: configuration.bodyMasterKeys))
        do {
            let result = try await body(database)
            await pool.close()
            return result
        } catch {
            await pool.close()
            throw error
        }
    }

    private static func privateURL(_ configuration: Configuration) throws -> String {
        let directory = DataDirectory.database(in: configuration.dataDirectory)
        guard let url = PrivateCluster.runningURL(directory: directory) else {
            throw CommandFailure(
                "No database is configured. Set DATABASE_URL (Supabase: Settings, Database, connection string), or "
                    + "start `hookgate serve`, which keeps a private PostgreSQL in \(configuration.dataDirectory).",
                status: .wrongUsage)
        }
        return url
    }
}
