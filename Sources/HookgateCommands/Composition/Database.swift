import FoundationEssentials
import HookgateCore
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
    let time: TimeSource

    private static let commandConnections = 3

    /// Opens the configured database, or the private one of a gateway that is running in the data directory,
    /// for as long as `body` runs.
    static func use<T>(_ configuration: Configuration, _ body: (Database) async throws -> T) async throws -> T {
        try await use(configuration, url: try configuration.databaseURL ?? privateURL(configuration), body)
    }

    /// Opens the database at `url`, whatever is configured.
    static func use<T>(
        _ configuration: Configuration, url: String, _ body: (Database) async throws -> T
    ) async throws -> T {
        let pool = PostgresPool(url: url, options: PostgresPoolOptions(maximumConnections: commandConnections))
        let database = Database(
            pool: pool, url: url, directURL: configuration.databaseDirectURL ?? url,
            bodies: BodyVault(masterKeys: configuration.bodyMasterKeys), time: configuration.time)
        do {
            try await refuseClock(configuration, unlessThrownAway: pool)
            let result = try await body(database)
            await pool.close()
            return result
        } catch {
            await pool.close()
            throw error
        }
    }

    /// A clock that runs faster would let a clean-up of a living database begin at once.
    private static func refuseClock(
        _ configuration: Configuration, unlessThrownAway executor: some PostgresExecutor
    ) async throws {
        guard configuration.demoClock != nil, try await !ThrowAwayMark.isSet(in: executor) else { return }
        throw CommandFailure(
            "HOOKGATE_DEMO_CLOCK is for databases that `hookgate demo` made to be thrown away, and this is none. Unset it.",
            status: .wrongUsage)
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

extension Configuration {
    /// What decisions take for now.
    var time: TimeSource { demoClock?.source() ?? .system }
}
