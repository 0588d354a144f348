import HookgateCore
import Logging
import PostgresClient
import ServiceLifecycle
import Store
import Synchronization

/// What a gateway does once with its database, however long that takes to answer: the additive schema, the URLs
/// that only we can fill in, the key that tells our probes from traffic. Webhooks are stored meanwhile.
final class DatabasePreparation: Sendable {
    private static let firstPause = Duration.milliseconds(500)
    private static let longestPause = Duration.seconds(15)

    private let pool: PostgresPool
    private let directURL: String
    private let publicURL: PublicURL?
    private let appliesSchema: Bool
    private let logger: Logger
    private let keys = Mutex<[ProbeKey]>([])
    private let failure = Mutex<String?>(nil)

    init(pool: PostgresPool, directURL: String, publicURL: PublicURL?, appliesSchema: Bool, logger: Logger) {
        self.pool = pool
        self.directURL = directURL
        self.publicURL = publicURL
        self.appliesSchema = appliesSchema
        self.logger = logger
    }

    /// Why the database is not prepared; nil once it is, and before the first try.
    var lastFailure: String? { failure.withLock { $0 } }

    /// Empty until the database has answered.
    var probeKeys: [ProbeKey] { keys.withLock { $0 } }

    /// Tries until it succeeds, then waits for the end.
    /// - Parameter next: what needs a schema and is done once.
    func run(next: @Sendable () async throws -> Void) async {
        var pause = Self.firstPause
        while !Task.isCancelled {
            do {
                try await prepare()
                try await next()
                failure.withLock { $0 = nil }
                break
            } catch {
                failure.withLock { $0 = "\(error)" }
                logger.error(
                    "the database is not prepared yet; webhooks are stored meanwhile",
                    metadata: ["reason": "\(error)", "next_try": "\(pause)"])
            }
            // A database that is down announces its return to nobody: asking again is all there is.
            guard (try? await Task.sleep(for: pause)) != nil else { return }
            pause = min(pause * 2, Self.longestPause)
        }
        try? await gracefulShutdown()
    }

    private func prepare() async throws {
        if appliesSchema {
            let outcome = try await SchemaApplier(url: directURL).apply()
            for item in outcome.attention {
                logger.warning("the schema needs attention", metadata: ["what": "\(item)"])
            }
        }
        if let publicURL {
            let filled = try await PostgresIntegrationCatalog(pool: pool).fillWebhookURLs(base: publicURL)
            if filled > 0 { logger.info("filled in webhook_url", metadata: ["rows": "\(filled)"]) }
        }
        let key = try await PostgresProbeEvidence(pool: pool).signingKey()
        keys.withLock { $0 = [key] }
    }
}
