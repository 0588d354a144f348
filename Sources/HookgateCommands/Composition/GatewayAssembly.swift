import Fleet
import Gateway
import HookgateCore
import Logging
import Migration
import PostgresClient
import RedisClient
import ServiceLifecycle
import Store
import UnixSignals

/// The gateway, wired: every port of ours filled, every loop a service of one group.
struct GatewayAssembly {
    /// Look-ups, the feed and shipping have their own each, so that none starves another: strangers who are looked up
    /// must not keep a revocation waiting.
    private static let routingConnections = 3
    private static let feedConnections = 1
    private static let shippingConnections = 2
    private static let choreConnections = 2

    private let routingPool: PostgresPool
    private let feedPool: PostgresPool
    private let shippingPool: PostgresPool
    /// For what nobody waits for, such as reading the old tables, which may take its time.
    private let chorePool: PostgresPool
    private let spool: Spool
    private let shipper: Shipper
    private let feed: RoutingFeed
    private let quarantine: QuarantineBounds
    private let factorTallies: SecondFactorTallies
    private let trafficLog: TrafficLog
    private let refusals: RefusalTally
    private let coverage: CoverageKeeper
    private let oldWay: OldWayWatch
    private let fleet: FleetWatch
    private let status: GatewayStatus
    /// Nil where nobody is to be told of alarms.
    private let alarms: AlarmWatch?
    private let metrics: GatewayMetrics
    private let delivery: DeliveryParts
    private let snapshots: RoutingSnapshots
    private let preparation: DatabasePreparation
    private let retention: RetentionKeeper
    private let statuses: StatusKeeper
    /// Nil where no Redis is configured.
    private let redis: RedisTier?
    private let console: ConsoleAssembly
    private let trafficMinutes: TrafficMinutes
    private let server: WebhookServer
    /// Nil where one port serves all.
    private let consoleServer: WebhookServer?
    private let logger: Logger

    /// - Parameters:
    ///   - databaseURL: the configured database, or the private one.
    ///   - spoolDirectory: inside the data directory that this process has locked.
    ///   - connections: as many as the process has open files for.
    init(
        _ configuration: Configuration, databaseURL: String, spoolDirectory: String, connections: Int,
        appliesSchema: Bool, logger: Logger
    ) async throws {
        // What the configuration alone gets wrong is said before there is anything to close.
        try ConsoleAssembly.check(configuration)
        _ = try EvolutionServers.optional(configuration)
        let alarmSender = try HTTPAlarmSender(configuration)
        self.logger = logger
        let directURL = configuration.databaseDirectURL ?? databaseURL
        routingPool = PostgresPool(
            url: databaseURL, options: PostgresPoolOptions(maximumConnections: Self.routingConnections))
        feedPool = PostgresPool(
            url: databaseURL, options: PostgresPoolOptions(maximumConnections: Self.feedConnections))
        shippingPool = PostgresPool(
            url: databaseURL, options: PostgresPoolOptions(maximumConnections: Self.shippingConnections))
        chorePool = PostgresPool(
            url: databaseURL,
            options: PostgresPoolOptions(maximumConnections: Self.choreConnections, warmConnections: 0))
        var spoolOptions = SpoolOptions()
        spoolOptions.maximumUndecidedBytes = configuration.undecidedMaxBytes
        spool = try await Spool.open(
            directory: spoolDirectory, options: spoolOptions, sharesProcessor: Processors.available == 1)
        for warning in spool.recovery.warnings { logger.warning("\(warning)") }

        delivery = try DeliveryParts(
            configuration, databaseURL: databaseURL, directURL: directURL, logger: logger)
        let metrics = GatewayMetrics()
        self.metrics = metrics
        let source = PostgresRoutingSource(pool: routingPool, listenURL: directURL)
        let feedSource = PostgresRoutingSource(pool: feedPool, listenURL: directURL)
        redis = configuration.redis.map {
            RedisTier(address: $0, databaseURL: databaseURL, lookUps: source, feed: feedSource, logger: logger)
        }
        let table = RoutingTable()
        let lastKnown = LastKnownRouting()
        snapshots = RoutingSnapshots(
            store: RoutingSnapshotFile(directory: configuration.dataDirectory), table: table, lastKnown: lastKnown,
            logger: logger)
        // Before anything is listened to: who is not known yet would be undecided.
        await snapshots.load()
        var lookUps = Resolver.Settings()
        lookUps.concurrentLookUps = Self.routingConnections
        let resolver = Resolver(
            table: table, source: redis?.source ?? source, settings: lookUps, metrics: metrics,
            lastKnown: lastKnown)
        feed = RoutingFeed(
            source: redis?.source ?? feedSource, table: table, resolver: resolver, metrics: metrics, logger: logger)
        // What was undecided is decided for good, so PostgreSQL itself is asked.
        shipper = Shipper(
            spool: spool, pool: shippingPool, routing: source,
            bodies: BodyVault(masterKeys: configuration.bodyMasterKeys),
            secondFactor: configuration.secondFactorPolicy, logger: logger)
        preparation = DatabasePreparation(
            pool: feedPool, directURL: directURL, publicURL: configuration.statedPublicURL,
            appliesSchema: appliesSchema, logger: logger)
        quarantine = QuarantineBounds(limits: configuration.quarantineLimits, logger: logger)
        coverage = CoverageKeeper(
            ledger: PostgresCoverageLedger(pool: chorePool, gatewayID: spool.gatewayID),
            shelf: LocalCoverageShelf(directory: spoolDirectory), clock: configuration.time,
            pace: configuration.demoClock?.scale ?? 1, logger: logger)
        refusals = RefusalTally()
        oldWay = OldWayWatch(
            inventory: PostgresMigrationInventory(pool: chorePool), ledger: PostgresOldWayLedger(pool: chorePool))
        fleet = FleetWatch(
            fleet: FleetMonitor(
                fleet: PostgresFleetTraffic(pool: chorePool), traffic: PostgresTrafficHistory(pool: chorePool),
                coverage: PostgresCoverageHistory(pool: chorePool), time: .system),
            isReady: { [preparation] in !preparation.probeKeys.isEmpty })
        retention = RetentionKeeper(
            pool: chorePool, times: configuration.retention, holder: spool.gatewayID,
            isReady: { [preparation] in !preparation.probeKeys.isEmpty }, logger: logger)
        statuses = try StatusKeeper(
            configuration,
            database: Database(
                pool: chorePool, url: databaseURL, directURL: directURL,
                bodies: BodyVault(masterKeys: configuration.bodyMasterKeys), time: configuration.time),
            holder: spool.gatewayID, isReady: { [preparation] in !preparation.probeKeys.isEmpty })
        alarms = alarmSender.map { AlarmWatch(sender: $0, logger: logger) }
        status = GatewayStatus(
            spool: spool, shipper: shipper, table: table, preparation: preparation, quarantine: quarantine,
            coverage: coverage, oldWay: oldWay, fleet: fleet, alarms: alarms, redis: redis, retention: retention,
            statuses: statuses,
            snapshots: snapshots, lastKnown: lastKnown, delivery: delivery.engine)
        trafficLog = TrafficLog(logger: logger, metrics: metrics)
        factorTallies = SecondFactorTallies(logger: logger)
        let intake = WebhookIntake(
            resolver: resolver, spool: Self.durable(spool, configuration.durability),
            probeKeys: { [preparation] in preparation.probeKeys }, quarantine: quarantine,
            secondFactor: SecondFactorCheck(
                policy: configuration.secondFactorPolicy, metrics: metrics, tallies: factorTallies),
            log: trafficLog, refusals: refusals, legacyRequests: oldWay)
        trafficMinutes = TrafficMinutes(
            metrics: metrics, ledger: PostgresTrafficMinutes(pool: chorePool, gatewayID: spool.gatewayID),
            logger: logger)
        console = try ConsoleAssembly(
            configuration, databaseURL: databaseURL, directURL: directURL, reporting: status,
            breakers: delivery.engine, logger: logger)
        let service = WebhookService(
            intake: intake, resolver: resolver, reporting: status, metrics: metrics,
            limits: configuration.gatewayLimits(connections: connections),
            legacyRoute: LegacyRouteNotice(sunset: configuration.legacySunset),
            surface: configuration.consoleListen == nil ? .everything : .webhooks,
            console: configuration.consoleListen == nil ? console.site : nil,
            media: MediaReads(source: delivery.media))
        server = WebhookServer(
            WebhookServer.Configuration(host: configuration.listen.host, port: configuration.listen.port),
            service: service, logger: logger)
        consoleServer = configuration.consoleListen.map { [status, site = console.site] address in
            var own = WebhookServer.Configuration(host: address.host, port: address.port)
            own.loops = 1
            // Its metrics are nobody's webhooks: a connection that it refuses is no mishap of the gateway.
            return WebhookServer(
                own,
                service: WebhookService(
                    intake: intake, resolver: resolver, reporting: status, metrics: GatewayMetrics(),
                    limits: .console, surface: .console(metricsOf: service), console: site),
                logger: logger)
        }
    }

    private static func durable(_ spool: Spool, _ durability: Durability) -> any EventSpool {
        switch durability {
        case .local: spool
        case .shared: SharedSpool(spool)
        }
    }

    /// Serves until SIGTERM or SIGINT. The server is stopped first and the shipper last, so that what was accepted
    /// meanwhile still goes out.
    /// - Parameter onListening: told of the webhooks' address, and of the console's where that is another.
    func run(
        onListening: @escaping @Sendable (WebhookServer.ListeningAddress, _ isConsole: Bool) -> Void
    ) async throws {
        let shipping = LoopService(name: "shipper") { [shipper] in await shipper.run() }
        var services: [any Service] = [
            shipping,
            LoopService(name: "database preparation") { [preparation, console] in
                await preparation.run { try await console.prepare() }
            },
            LoopService(name: "routing feed") { [feed] in await feed.run() },
            LoopService(name: "quarantine bounds") { [quarantine, feedPool, spool] in
                await quarantine.run(PostgresQuarantine(pool: feedPool)) {
                    let statistics = spool.statistics()
                    return (statistics.acceptedRecords, statistics.shippedRecords + statistics.lostRecords)
                }
            },
            LoopService(name: "refused requests") { [refusals, chorePool, logger] in
                await refusals.run(PostgresRefusalLedger(pool: chorePool), logger: logger)
            },
            LoopService(name: "comparison with the old way") { [oldWay] in await oldWay.run() },
            LoopService(name: "fleet watch") { [fleet] in await fleet.run() },
            LoopService(name: "coverage") { [coverage, server, spool, metrics] in
                await coverage.run {
                    let isAnswered = await server.answersItself()
                    return CoverageKeeper.Finding(
                        isAnswered: isAnswered, isStorable: spool.statistics().takesEvents, mishaps: metrics.mishaps)
                }
            },
            LoopService(name: "retention") { [retention] in await retention.run() },
            LoopService(name: "integration statuses") { [statuses] in await statuses.run() },
            LoopService(name: "destinations") { [delivery] in await delivery.run() },
            // After what it sends with, so that it has ended when that goes.
            DeliveryService(engine: delivery.engine),
            LoopService(name: "routing snapshot") { [snapshots] in await snapshots.run() },
            LoopService(name: "second factor tallies") { [factorTallies, chorePool] in
                await factorTallies.run(PostgresSecondFactors(pool: chorePool))
            },
            LoopService(name: "traffic log") { [trafficLog] in await trafficLog.run() },
            LoopService(name: "webhooks by minute") { [trafficMinutes] in await trafficMinutes.run() },
        ]
        if let consoleServer {
            services.append(
                ServerService(name: "console server", server: consoleServer) { onListening($0, true) })
        }
        services.append(ServerService(name: "webhook server", server: server) { onListening($0, false) })
        // Ended first: what goes to another replica must not meet a gateway of which half is gone.
        services.append(LoopService(name: "long work") { [console] in await console.keepWork() })
        if let alarms {
            services.append(LoopService(name: "alarms") { [status] in await alarms.run(status) })
        }
        if let redis { services.insert(LoopService(name: "Redis") { await redis.run() }, at: 1) }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services.map { .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup) },
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        let result: Result<Void, any Error>
        do { result = .success(try await group.run()) } catch { result = .failure(error) }
        await snapshots.writeIfNeeded()
        await spool.close()
        await shipper.shipRemainder()
        await refusals.flush(to: PostgresRefusalLedger(pool: chorePool), logger: logger)
        await delivery.close()
        await console.close()
        await routingPool.close()
        await feedPool.close()
        await shippingPool.close()
        await chorePool.close()
        try result.get()
    }
}

/// A loop that runs until the process ends.
private struct LoopService: Service, CustomStringConvertible {
    let name: String
    let loop: @Sendable () async -> Void

    var description: String { name }

    func run() async throws {
        await cancelWhenGracefulShutdown { await loop() }
    }
}

private struct ServerService: Service, CustomStringConvertible {
    let name: String
    let server: WebhookServer
    let onListening: @Sendable (WebhookServer.ListeningAddress) -> Void

    var description: String { name }

    func run() async throws {
        try await withGracefulShutdownHandler {
            try await server.run(onListening: onListening)
        } onGracefulShutdown: {
            server.shutdown()
        }
    }
}

extension Configuration {
    fileprivate func gatewayLimits(connections: Int) -> GatewayLimits {
        var limits = GatewayLimits()
        limits.bodyBytes = maxBodyBytes
        limits.connections = connections
        limits.tenantRequests = integrationMaxRequests
        limits.tenantBodyBytes = integrationMaxBytes
        return limits
    }
}
