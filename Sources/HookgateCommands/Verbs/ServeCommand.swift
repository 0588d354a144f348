import ArgumentParser
import Gateway
import Glibc
import Logging
import NIOCore
import PostgresClient

/// `hookgate serve`: the gateway.
struct ServeCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Receive webhooks on both URL forms, store each before the 200, ship them to the inbox.",
        discussion: """
            The console is at / and its API at /api/v1, on the same port or at HOOKGATE_CONSOLE_LISTEN. The first start \
            prints an admin's key once, unless HOOKGATE_ADMIN_TOKEN gives one. Without DATABASE_URL it keeps a private PostgreSQL in the data directory. It adds what the schema lacks \
            unless --no-schema. SIGTERM ends it: what is in flight is answered, and what is spooled is shipped or \
            stays on disk for the next start.

            Example:
              DATABASE_URL=postgresql://… hookgate serve --listen 0.0.0.0:8080
            """
    )

    @OptionGroup var global: GlobalOptions

    @Flag(name: .customLong("no-schema"), help: "Do not add what the schema lacks.")
    var noSchema = false

    func perform() async throws -> ExitStatus {
        let configuration = try global.configuration()
        LogBootstrap.start(configuration)
        let logger = Logger(label: "hookgate")
        let directory = try DataDirectory(locking: configuration.dataDirectory)
        let cluster = try await Self.privateCluster(configuration, directory, logger)
        let status: ExitStatus
        do {
            try await Self.serve(
                configuration, url: configuration.databaseURL ?? cluster?.url() ?? "", spool: directory.spool,
                appliesSchema: !noSchema, logger: logger)
            status = .done
        } catch {
            await cluster?.stop()
            throw error
        }
        await cluster?.stop()
        return status
    }

    private static func serve(
        _ configuration: Configuration, url: String, spool: String, appliesSchema: Bool, logger: Logger
    ) async throws {
        if configuration.demoClock != nil {
            // Opening the database refuses the clock where it does not belong.
            try await Database.use(configuration, url: url) { _ in }
        }
        let gateway = try await GatewayAssembly(
            configuration, databaseURL: url, spoolDirectory: spool,
            connections: try connections(configuration, logger), appliesSchema: appliesSchema, logger: logger)
        do {
            try await gateway.run { address, isConsole in
                configuration.announcements.line(
                    "\(isConsole ? "the console" : "hookgate") listens on http://\(address)")
            }
        } catch let error as IOError where error.errnoCode == EADDRINUSE || error.errnoCode == EACCES {
            let places = ([configuration.listen] + [configuration.consoleListen].compactMap(\.self)).map(\.description)
            throw CommandFailure(
                "Cannot listen on \(places.joined(separator: " and ")): \(String(cString: strerror(error.errnoCode))). "
                    + "Stop what listens there, or choose another: --listen HOST:PORT")
        }
    }

    /// As many connections as are configured, where the system lets this process open so many files. What nobody asked
    /// for gives way to the system's bound and is said; what somebody asked for is not quietly made less.
    private static func connections(_ configuration: Configuration, _ logger: Logger) throws -> Int {
        let wanted = configuration.gatewayMaxConnections
        let files = OpenFiles.raiseLimit()
        let possible = OpenFiles.connections(within: files)
        guard wanted > possible else { return wanted }
        let remedy =
            "raise the hard limit of open files (LimitNOFILE= in systemd, --ulimit nofile= in Docker, ulimit -Hn)"
        guard configuration.settings.first(where: { $0.setting == .gatewayMaxConnections })?.origin == .fallback else {
            throw CommandFailure(
                "This process may open \(files) files, which leaves room for \(possible) connections, and "
                    + "gateway-max-connections is \(wanted). Lower it, or \(remedy).")
        }
        logger.warning(
            "fewer connections are held than by default: the system's limit of open files is lower",
            metadata: ["open_files": "\(files)", "connections": "\(possible)", "remedy": "\(remedy)"])
        return possible
    }

    /// The private PostgreSQL of the data directory; nil where a database is configured.
    private static func privateCluster(
        _ configuration: Configuration, _ directory: borrowing DataDirectory, _ logger: Logger
    ) async throws -> PrivateCluster? {
        guard configuration.databaseURL == nil else { return nil }
        logger.notice("no DATABASE_URL: starting the private PostgreSQL of the data directory")
        return try await PrivateCluster.start(PrivateClusterOptions(directory: directory.database))
    }
}
