extension Setting {
    package static let databaseURL = Setting(
        "database-url", inherited: ["DATABASE_URL", "SUPABASE_DB_URL"], flag: true, secrecy: .connection,
        help: "PostgreSQL, as libpq takes it: postgres://user:password@host/database")

    package static let databaseDirectURL = Setting(
        "database-direct-url", inherited: ["DATABASE_DIRECT_URL"], flag: true, secrecy: .connection,
        help: "the same database past a transaction pooler, for LISTEN, locks, schema and migrations")

    package static let redisURL = Setting(
        "redis-url", inherited: ["REDIS_URL"], flag: true, secrecy: .connection,
        help: "cache of routing that replicas share: redis://, rediss:// (TLS) or redis+unix://; optional")

    package static let publicURL = Setting(
        "public-url", inherited: ["WEBHOOK_BASE_URL"], flag: true, fallback: .text("http://localhost:8080"),
        help: "the address at which Evolution reaches the gateway; webhook URLs begin with it")

    package static let listen = Setting(
        "listen", inherited: [Variable("PORT", prefix: "0.0.0.0:")], flag: true, fallback: .text("127.0.0.1:8080"),
        help: "address and port of the gateway; PORT alone means 0.0.0.0:PORT")

    package static let consoleListen = Setting(
        "console-listen", help: "address and port of console, API and metrics, where they listen apart")

    package static let dataDirectory = Setting(
        "data-dir", flag: true, fallback: .stateDirectory,
        help: "spool and private cluster; one process at a time")

    package static let durability = Setting(
        "durability", flag: true, fallback: .text("local"),
        help: "what a 200 means: local (on this machine's disk) or shared (in PostgreSQL, for disks that do not last)")

    package static let maxBody = Setting(
        "max-body", flag: true, fallback: .text("64MiB"),
        help: "the longest webhook body; longer ones are answered with 413. Evolution sends up to 136MiB")

    package static let quarantineMaxEvents = Setting(
        "quarantine-max-events", fallback: .text("10000"),
        help: "how many events of one integration may be held back; more are answered with 503")

    package static let quarantineMaxBytes = Setting(
        "quarantine-max-bytes", fallback: .text("256MiB"),
        help: "how many bytes of one integration may be held back; more are answered with 503")

    package static let undecidedMaxBytes = Setting(
        "undecided-max-bytes", fallback: .text("4GiB"),
        help: "what the spool may hold of events that nobody can decide now; more are answered with 503")

    package static let legacySunset = Setting(
        "legacy-sunset", help: "the day on which the legacy route ends, as in 2027-01-31; its answers say so (Sunset)")

    package static let secondFactorMode = Setting(
        "second-factor-mode", fallback: .text("observe"),
        help: "off, observe (count) or enforce (hold events that lack it), for integrations that say nothing else")

    package static let gatewayMaxConnections = Setting(
        "gateway-max-connections", fallback: .text("12000"),
        help: "connections that the gateway holds, idle ones among them; more are told 503")

    package static let integrationMaxRequests = Setting(
        "integration-max-requests", fallback: .text("1000"),
        help: "webhooks of one integration in progress; more are answered with 503")

    package static let integrationMaxBytes = Setting(
        "integration-max-bytes", fallback: .text("32MiB"),
        help: "bytes of one integration's webhooks in progress, if there are several; more are answered with 503")

    package static let evolutionAPIURL = Setting(
        "evolution-api-url", inherited: ["EVOLUTION_API_URL", "EVOLUTION_SERVER_URL"],
        help: "the Evolution API server")

    package static let evolutionAPIKey = Setting(
        "evolution-api-key", inherited: ["EVOLUTION_API_KEY"], secrecy: .secret,
        help: "its global API key")

    package static let evolutionPollInterval = Setting(
        "evolution-poll-interval", fallback: .text("5m"),
        help: "how often one gateway asks the Evolution servers how instances are connected; 0 for never")

    package static let evolutionWebhookSecret = Setting(
        "evolution-webhook-secret", inherited: ["EVOLUTION_WEBHOOK_SECRET"], secrecy: .secret,
        help: "key of the signature over each body (X-Webhook-Signature), where something before Evolution adds one")

    package static let deliverURL = Setting(
        "deliver-url", secrecy: .connection,
        help: "where events go, unless a clinic has its own: https://…, redis://…?stream=NAME or stdout:")

    package static let deliverSecret = Setting(
        "deliver-secret", secrecy: .secret,
        help: "whsec_… or whsk_… that signs deliveries (Standard Webhooks); the old one behind it during a change")

    package static let deliverFormat = Setting(
        "deliver-format", fallback: .text("evolution"),
        help: "what is delivered to deliver-url: evolution (the webhook as it came) or envelope (our JSON)")

    package static let deliverMedia = Setting(
        "deliver-media", fallback: .text("inline"),
        help: "how media in base64 travel to deliver-url: inline, or reference (fetched by a signed URL)")

    package static let deliverPrivateNetworks = Setting(
        "deliver-private-networks", fallback: .text("refuse"),
        help: "allow or refuse private addresses in destinations that are not deliver-url")

    package static let deliverAuthorities = Setting(
        "deliver-authorities", help: "PEM file of certificate authorities that deliveries trust besides the system's")

    package static let adminToken = Setting(
        "admin-token", secrecy: .secret, help: "first log-in to the console and its API")

    package static let alertURL = Setting(
        "alert-url", secrecy: .capabilityURL, help: "receives a POST when an alarm is raised, repeated or cleared")

    package static let alertSecret = Setting(
        "alert-secret", secrecy: .secret,
        help: "key that signs these (Standard Webhooks); HOOKGATE_DELIVER_SECRET where this is not set")

    package static let retainBodies = Setting(
        "retain-bodies", fallback: .text("7d"),
        help: "how long the body of an event that is done with is kept; what waits for delivery or a person is kept on")

    package static let retainEvents = Setting(
        "retain-events", fallback: .text("90d"),
        help: "how long the rest of such an event is kept: ids, states, attempts, decisions, traffic by day")

    package static let bodyEncryptionKey = Setting(
        "body-encryption-key", secrecy: .secret,
        help: "32 bytes in base64: bodies are then sealed in the inbox with a key for each organization")

    package static let bodyEncryptionOldKeys = Setting(
        "body-encryption-old-keys", secrecy: .secret,
        help: "those it replaced, separated by commas, until `hookgate events rewrap-keys` was run")

    package static let demoClock = Setting(
        "demo-clock",
        help: "SCALE@TIME: from then on time runs so many times as fast; only on a throw-away database of hookgate demo"
    )

    package static let logLevel = Setting(
        "log-level", inherited: ["LOG_LEVEL"], flag: true, fallback: .text("info"),
        help: "trace, debug, info, notice, warning, error or critical")

    package static let logFormat = Setting(
        "log-format", inherited: ["LOG_FORMAT"], flag: true, fallback: .text("text"),
        help: "text for people or json for machines, on standard error")

    /// The one table, in the order in which people read it.
    package static let all: [Setting] = [
        databaseURL, databaseDirectURL, redisURL, publicURL, listen, consoleListen, dataDirectory, durability, maxBody,
        quarantineMaxEvents, quarantineMaxBytes, undecidedMaxBytes, legacySunset, gatewayMaxConnections,
        integrationMaxRequests, integrationMaxBytes, secondFactorMode, evolutionAPIURL, evolutionAPIKey,
        evolutionPollInterval, evolutionWebhookSecret, deliverURL, deliverSecret, deliverFormat, deliverMedia,
        deliverPrivateNetworks,
        deliverAuthorities, retainBodies, retainEvents, bodyEncryptionKey, bodyEncryptionOldKeys, adminToken, alertURL,
        alertSecret, demoClock, logLevel, logFormat,
    ]

    /// Finds a setting by its name in a file; `database_url` and `DATABASE_URL` are read as `database-url`.
    static func named(_ key: String) -> Setting? {
        let name = String(key.lowercased().map { $0 == "_" ? "-" : $0 })
        return all.first { $0.name == name }
    }
}
