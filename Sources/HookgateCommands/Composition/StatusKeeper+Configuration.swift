import Fleet
import FoundationEssentials
import HookgateCore
import Store

extension StatusKeeper {
    /// The keeper of one gateway.
    convenience init(
        _ configuration: Configuration, database: Database, holder: UUID, isReady: @escaping @Sendable () -> Bool
    ) throws {
        var settings = Settings()
        let interval = configuration.evolutionPollInterval
        settings.pollInterval = interval == .zero ? nil : TimeInterval(interval.components.seconds)
        let servers = try EvolutionServers.optional(configuration)
        let integrations = database.integrations(configuration, servers)
        self.init(
            ledger: PostgresStatusLedger(pool: database.pool, bodies: database.bodies, holder: holder),
            servers: servers, settings: settings, read: StatusReading.read,
            resume: { servers.isEmpty ? 0 : try await integrations.resume() }, isReady: isReady)
    }
}

extension StatusKeeperStatus {
    /// The keeper's share of `/metrics`.
    func samples() -> [MetricSample] {
        statusSamples + [
            MetricSample(
                "hookgate_integration_devices_lost", .gauge,
                help: "Enabled integrations whose device WhatsApp has let go; at the gateway that keeps statuses.",
                value: Double(lostDevices)),
            MetricSample(
                "hookgate_integration_devices_lost_total", .counter,
                help: "Times that WhatsApp let a device go (device_removed, logged_out).", value: Double(devicesLost)),
            MetricSample(
                "hookgate_integration_shared_numbers", .gauge,
                help: "Numbers that more than one instance is logged in with, as of the last look.",
                value: Double(sharedNumbers)),
            MetricSample(
                "hookgate_integration_status_changes_total", .counter, help: "Changes of an integration's status.",
                value: Double(changes)),
            observations("event", events), observations("stale", stale), observations("unknown", unknownWords),
            MetricSample(
                "hookgate_integration_status_failures_total", .counter,
                help: "Looks at integrations' statuses that failed.", value: Double(failures)),
            MetricSample(
                "hookgate_integration_lives_resumed_total", .counter,
                help: "Creations and deletions that were left half done and came to an end.", value: Double(resumed)),
            MetricSample(
                "hookgate_evolution_servers_unanswered", .gauge,
                help: "Evolution servers that did not answer the last look; no status changes for it.",
                value: Double(unansweredServers)),
            MetricSample(
                "hookgate_integration_status_active", .gauge, help: "1 for the gateway that keeps statuses for all.",
                value: isOurs ? 1 : 0),
        ]
    }

    private var statusSamples: [MetricSample] {
        let words = IntegrationStatus.allCases.map { ($0.rawValue, Optional($0)) } + [("other", nil)]
        return words.map { word, status in
            MetricSample(
                "hookgate_integrations", .gauge,
                help: "Enabled integrations by status; at the gateway that keeps statuses.",
                labels: [.init("status", word)],
                value: Double(counts.filter { $0.status == status }.reduce(0) { $0 + $1.count }))
        }
    }

    private func observations(_ kind: String, _ count: UInt64) -> MetricSample {
        MetricSample(
            "hookgate_integration_status_observations_total", .counter,
            help: "Events that told of a connection; among them late ones (stale) and words not known (unknown).",
            labels: [.init("kind", kind)], value: Double(count))
    }
}
