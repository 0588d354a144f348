package import FoundationEssentials
package import HookgateCore
package import Logging
package import RedisClient
package import Store

/// The whole configuration, typed and checked.
///
/// Made by ``ConfigurationResolver`` alone. Printing it shows what `hookgate config` shows: no secrets.
package struct Configuration: Sendable {
    /// Nil means: start a private PostgreSQL cluster in the data directory.
    package let databaseURL: String?
    package let databaseDirectURL: String?
    /// Nil means: routing is resolved from memory and PostgreSQL alone.
    package let redis: RedisAddress?
    package let publicURL: PublicURL
    package let listen: ListenAddress
    package let consoleListen: ListenAddress?
    package let dataDirectory: String
    package let durability: Durability
    package let maxBodyBytes: Int
    package let quarantineLimits: QuarantineLimits
    package let undecidedMaxBytes: Int
    /// When the legacy route ends; nil while nobody has said.
    package let legacySunset: Date?
    package let gatewayMaxConnections: Int
    package let integrationMaxRequests: Int
    package let integrationMaxBytes: Int
    package let secondFactorMode: SecondFactorMode
    /// The server of `EVOLUTION_API_URL`, called `default`, then those of the file.
    package let evolutionServers: [EvolutionServer]
    /// Zero for never.
    package let evolutionPollInterval: Duration
    package let evolutionWebhookSecret: Secret?
    package let deliverSecret: Secret?
    /// Where events go that have no destination of their own; nil means that they wait.
    package let delivery: ConfiguredDestination?
    package let allowsPrivateDestinations: Bool
    /// A PEM file of authorities that deliveries trust besides the system's.
    package let deliveryAuthorities: String?
    package let retention: RetentionTimes
    /// Nil means: bodies are stored in clear.
    package let bodyMasterKeys: BodyMasterKeys?
    package let adminToken: Secret?
    package let alertURL: String?
    package let alertSecret: Secret?
    /// Nil means the world's own time; anything else is refused but on a throw-away database.
    package let demoClock: ScaledClock?
    package let logLevel: Logger.Level
    package let logFormat: LogFormat

    /// Every setting with its origin, in the table's order.
    package let settings: [EffectiveSetting]
    /// What is not wrong but probably not meant either; for people to read.
    package let notes: [String]

    /// One Evolution API server and how to speak with it.
    package struct EvolutionServer: Sendable, Equatable {
        package static let defaultName = "default"
        package let name: String
        package let url: String
        package let key: Secret?
    }

    init(
        _ reader: inout SettingReader, servers: [ConfigurationFile.Server], fileName: String, notes: [String]
    ) throws(ConfigurationError) {
        self.databaseURL = reader.value(of: .databaseURL, SettingReading.databaseURL)
        self.databaseDirectURL = reader.value(of: .databaseDirectURL, SettingReading.databaseURL)
        self.redis = reader.value(of: .redisURL, SettingReading.redisURL)
        self.consoleListen = reader.value(of: .consoleListen, ListenAddress.init(configured:))
        self.legacySunset = reader.value(of: .legacySunset, SettingReading.day)
        self.evolutionServers = Self.servers(&reader, servers, fileName: fileName)
        self.evolutionWebhookSecret = reader.value(of: .evolutionWebhookSecret, SettingReading.secret)
        let deliverSecrets = reader.value(of: .deliverSecret, SettingReading.signingSecrets)
        self.deliverSecret = deliverSecrets.map { Secret($0.secretText) }
        self.delivery = Self.delivery(&reader, signedWith: deliverSecrets)
        let allowsPrivate = reader.value(of: .deliverPrivateNetworks, SettingReading.permission)
        self.deliveryAuthorities = reader.value(of: .deliverAuthorities) { (text) throws(InvalidSetting) in text }
        self.bodyMasterKeys = Self.bodyMasterKeys(&reader)
        self.adminToken = reader.value(of: .adminToken, SettingReading.secret)
        self.alertURL = reader.value(of: .alertURL, SettingReading.webURL)
        self.alertSecret = reader.value(of: .alertSecret, SettingReading.secret)
        self.demoClock = reader.value(of: .demoClock, SettingReading.scaledClock)
        let publicURL = reader.value(of: .publicURL, SettingReading.publicURL)
        let listen = reader.value(of: .listen, ListenAddress.init(configured:))
        let dataDirectory = reader.value(of: .dataDirectory) { (text) throws(InvalidSetting) in text }
        let durability = reader.value(of: .durability, SettingReading.durability)
        let maxBodyBytes = reader.value(of: .maxBody, SettingReading.bodyLimit)
        let heldEvents = reader.value(of: .quarantineMaxEvents, SettingReading.count)
        let heldBytes = reader.value(of: .quarantineMaxBytes, SettingReading.byteCount)
        let undecidedBytes = reader.value(of: .undecidedMaxBytes, SettingReading.byteCount)
        let retention = Self.retention(&reader)
        let connections = reader.value(of: .gatewayMaxConnections, SettingReading.count)
        let requests = reader.value(of: .integrationMaxRequests, SettingReading.count)
        let requestBytes = reader.value(of: .integrationMaxBytes, SettingReading.byteCount)
        let secondFactorMode = reader.value(of: .secondFactorMode, SettingReading.secondFactorMode)
        let pollInterval = reader.value(of: .evolutionPollInterval, SettingReading.pollInterval)
        let logLevel = reader.value(of: .logLevel, SettingReading.logLevel)
        let logFormat = reader.value(of: .logFormat, SettingReading.logFormat)
        if let listen, listen.port != 0, listen == consoleListen {
            reader.note(
                "the gateway listens on \(listen) already; choose another port, or leave this out to share it",
                at: reader.origin(of: .consoleListen))
        }
        guard let publicURL, let listen, let dataDirectory, let durability, let maxBodyBytes, let heldEvents,
            let heldBytes, let undecidedBytes, let retention, let connections, let requests, let requestBytes,
            let secondFactorMode, let pollInterval, let logLevel, let logFormat, let allowsPrivate,
            reader.problems.isEmpty
        else {
            throw ConfigurationError(reader.problems)
        }
        self.publicURL = publicURL
        self.listen = listen
        self.dataDirectory = dataDirectory
        self.durability = durability
        self.maxBodyBytes = maxBodyBytes
        self.quarantineLimits = QuarantineLimits(events: heldEvents, bytes: heldBytes)
        self.undecidedMaxBytes = undecidedBytes
        self.retention = retention
        self.allowsPrivateDestinations = allowsPrivate
        self.gatewayMaxConnections = connections
        self.integrationMaxRequests = requests
        self.integrationMaxBytes = requestBytes
        self.secondFactorMode = secondFactorMode
        self.evolutionPollInterval = pollInterval
        self.logLevel = logLevel
        self.logFormat = logFormat
        self.settings = reader.settings
        self.notes = notes
    }

    /// The public URL where somebody set it; nil where it is only the default, which is no address to write anywhere.
    package var statedPublicURL: PublicURL? {
        let origin = settings.first { $0.setting == .publicURL }?.origin
        return origin == .fallback ? nil : publicURL
    }

    private static func retention(_ reader: inout SettingReader) -> RetentionTimes? {
        let bodies = reader.value(of: .retainBodies, SettingReading.retentionTime)
        let events = reader.value(of: .retainEvents, SettingReading.retentionTime)
        guard let bodies, let events else { return nil }
        guard bodies <= events else {
            reader.note(
                "an event is not forgotten before its body: make this at least retain-bodies, or shorten that one",
                at: reader.origin(of: .retainEvents))
            return nil
        }
        return RetentionTimes(bodies: bodies, events: events)
    }

    private static func bodyMasterKeys(_ reader: inout SettingReader) -> BodyMasterKeys? {
        let key = reader.value(of: .bodyEncryptionKey, SettingReading.masterKey)
        let previous = reader.value(of: .bodyEncryptionOldKeys, SettingReading.masterKeys)
        return key.map { BodyMasterKeys(current: $0, previous: previous ?? []) }
    }

    private static func delivery(
        _ reader: inout SettingReader, signedWith secrets: SigningSecrets?
    ) -> ConfiguredDestination? {
        let format = reader.value(of: .deliverFormat, SettingReading.word(of: Destination.Format.self))
        let media = reader.value(of: .deliverMedia, SettingReading.word(of: Destination.Media.self))
        guard let format, let media else { return nil }
        return reader.value(of: .deliverURL) { (text) throws(InvalidSetting) in
            let delivery: ConfiguredDestination
            do throws(ConfiguredDestination.Flaw) {
                delivery = try ConfiguredDestination(text, format: format, media: media, secrets: secrets)
            } catch {
                throw InvalidSetting(error.description)
            }
            if case .redisStream(let target) = delivery.destination.kind {
                _ = try SettingReading.redisURL(target.address)
            }
            return delivery
        }
    }

    /// What second factors are judged by where an integration says nothing else.
    package var secondFactorPolicy: SecondFactorPolicy {
        SecondFactorPolicy(
            mode: secondFactorMode,
            signatureKey: evolutionWebhookSecret.flatMap { WebhookSignatureKey($0.secretText) })
    }

    private static func servers(
        _ reader: inout SettingReader, _ inFile: [ConfigurationFile.Server], fileName: String
    ) -> [EvolutionServer] {
        let key = reader.value(of: .evolutionAPIKey, SettingReading.secret)
        var servers: [EvolutionServer] = []
        if let url = reader.value(of: .evolutionAPIURL, SettingReading.baseURL) {
            servers.append(EvolutionServer(name: EvolutionServer.defaultName, url: url, key: key))
        }
        for server in inFile {
            let origin = SettingOrigin.file(name: fileName, line: server.url.line)
            if servers.contains(where: { $0.name == server.name }) {
                reader.note("\(server.name) is the server of evolution-api-url; give this one another name", at: origin)
            }
            guard let url = reader.value(of: server.url.text, at: origin, SettingReading.baseURL) else { continue }
            servers.append(EvolutionServer(name: server.name, url: url, key: server.key.map { Secret($0.text) }))
        }
        return servers
    }
}

extension Configuration: CustomStringConvertible, CustomReflectable {
    package var description: String { ConfigurationReport(self).text }

    package var customMirror: Mirror { Mirror(self, children: []) }
}
