import Console
import Fleet
import FoundationEssentials
import Gateway
import HookgateCore
import Logging
import PostgresClient
import Store

/// The console, wired: its own connections, so that whoever looks keeps no webhook waiting.
struct ConsoleAssembly {
    private static let connections = 4
    /// A page that takes longer is of no use to anybody; long work is done behind a page.
    private static let statementTimeout = Duration.seconds(20)
    /// Who holds long work says so on connections of their own: neither a page nor the work itself may keep it from that.
    private static let leaseConnections = 2
    private static let leaseTimeout = Duration.seconds(4)
    /// A shorter one could be guessed.
    private static let shortestToken = 16

    let site: ConsoleSite
    let keys: any AccessKeyStore
    private let pool: PostgresPool
    private let leases: PostgresPool
    private let work: ConsoleWork
    private let needsFirstKey: Bool
    private let announcements: StandardStream

    /// What is wrong with the console's part of a configuration, found before anything is opened.
    static func check(_ configuration: Configuration) throws {
        if let token = configuration.adminToken, token.secretText.count < Self.shortestToken {
            throw CommandFailure(
                "HOOKGATE_ADMIN_TOKEN has fewer than \(Self.shortestToken) characters, so it could be guessed. Take a "
                    + "longer one, as of: openssl rand -base64 32", status: .wrongUsage)
        }
    }

    /// - Parameter breakers: of what this process delivers to; nil where it delivers nothing.
    init(
        _ configuration: Configuration, databaseURL: String, directURL: String, reporting: any GatewayReporting,
        breakers: (any DestinationBreakers)? = nil, logger: Logger
    ) throws {
        try Self.check(configuration)
        // Nobody looks most of the time: then it has none.
        var options = PostgresPoolOptions(maximumConnections: Self.connections, warmConnections: 0)
        options.connection.statementTimeout = Self.statementTimeout
        let pool = PostgresPool(url: databaseURL, options: options)
        let database = Database(
            pool: pool, url: databaseURL, directURL: directURL,
            bodies: BodyVault(masterKeys: configuration.bodyMasterKeys), time: configuration.time)
        self.pool = pool
        var leasing = PostgresPoolOptions(
            maximumConnections: Self.leaseConnections, acquireTimeout: Self.leaseTimeout, warmConnections: 0)
        leasing.connection = PostgresConnectionOptions(
            connectTimeout: Self.leaseTimeout, statementTimeout: Self.leaseTimeout)
        leases = PostgresPool(url: databaseURL, options: leasing)
        keys = PostgresAccessKeys(pool: pool)
        needsFirstKey = configuration.adminToken == nil
        announcements = configuration.announcements
        var parts = database.consoleParts(
            configuration, reporting: reporting, work: PostgresLongWork(pool: leases))
        parts.integrations = database.integrations(configuration, try EvolutionServers.optional(configuration))
        parts.tokens = database.tokenParts(configuration)
        parts.delivery = DestinationParts(
            standings: PostgresDestinationStandings(pool: pool), breakers: breakers,
            configured: configuration.delivery?.destination, allowsPrivate: configuration.allowsPrivateDestinations)
        parts.complain = { what in
            logger.error("the console could not answer a request", metadata: ["reason": "\(what)"])
        }
        parts.isPassing = { ($0 as? PostgresError)?.isPassing == true }
        work = ConsoleWork(configuration, databaseURL: databaseURL, directURL: directURL)
        try work.add(to: &parts, configuration, pages: pool)
        site = ConsoleSite(parts, configuredToken: configuration.adminToken.map { TokenDigest(of: $0.secretText) })
    }

    /// Makes the first key and prints it, once in the life of a database, where no token is configured.
    func prepare() async throws {
        guard needsFirstKey, let draft = AccessKeyDraft(name: "first", role: .admin) else { return }
        let secret = AccessSecret.random(.key)
        do {
            guard try await keys.createFirst(draft, secret, by: "hookgate serve", at: Date()) != nil else { return }
        } catch let error as PostgresError where error.sqlState == "42P01" {
            // The schema is not applied, and was not to be: then there is no console either.
            return
        }
        announcements.line("The console's first key, of role admin, shown this once: \(secret.secretText)")
    }

    /// Goes on with long work of replicas that are gone, until its task is cancelled.
    func keepWork() async { await site.keepWork() }

    func close() async {
        await site.endWork()
        await leases.close()
        await work.close()
        await pool.close()
    }
}

extension Database {
    fileprivate func consoleParts(
        _ configuration: Configuration, reporting: any GatewayReporting, work: any LongWorkLedger
    ) -> ConsoleParts {
        ConsoleParts(
            keys: PostgresAccessKeys(pool: pool), users: PostgresUsers(pool: pool),
            sessions: PostgresConsoleSessions(pool: pool),
            idempotency: PostgresIdempotency(pool: pool), fleet: PostgresFleetOverview(pool: pool),
            reporting: reporting, events: PostgresEventArchive(pool: pool, bodies: bodies),
            keeping: PostgresEventKeeping(pool: pool),
            quarantine: QuarantineDesk(
                store: PostgresQuarantine(pool: pool, bodies: bodies), routing: routing, time: .system),
            destinations: destinations, doctor: doctor(publicURL: configuration.statedPublicURL),
            audit: PostgresAuditReader(pool: pool), deeds: PostgresAuditWriter(pool: pool), work: work,
            migration: migration,
            settings: configuration.settings.map {
                ConsoleSetting(
                    name: $0.setting.name, value: $0.shown, isMasked: $0.isMasked, origin: $0.origin?.description)
            },
            publicURL: configuration.publicURL)
    }
}

extension PostgresError {
    /// Whether it is of the moment: the server went away, or was too slow, and nothing was wrong with what was asked.
    fileprivate var isPassing: Bool {
        switch kind {
        case .connectionFailed, .connectionLost, .timedOut, .statementTimedOut: true
        // It is shutting down or starting, has no connection left, or gave way in a deadlock.
        case .server(let sqlState): ["57P01", "57P02", "57P03", "53300", "40P01", "40001"].contains(sqlState)
        case .encoding, .decoding, .cancelled, .closed, .misuse: false
        }
    }
}
