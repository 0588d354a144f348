package import HookgateCore

/// How a request ended, as metrics know it.
package enum RequestOutcome: Int, MetricLabel {
    case stored, quarantined, undecided, probe, malformed, revoked, unknown, notFound, methodNotAllowed, tooLarge
    case encoded, timedOut, overloaded, storeFailed, quarantineFull, badRequest, aborted, served
    case tenantOverloaded

    package var label: String {
        switch self {
        case .stored: "stored"
        case .quarantined: "quarantined"
        case .undecided: "undecided"
        case .probe: "probe"
        case .malformed: "malformed"
        case .revoked: "revoked"
        case .unknown: "unknown"
        case .notFound: "not_found"
        case .methodNotAllowed: "method_not_allowed"
        case .tooLarge: "too_large"
        case .encoded: "encoded"
        case .timedOut: "timed_out"
        case .overloaded: "overloaded"
        case .storeFailed: "store_failed"
        case .quarantineFull: "quarantine_full"
        case .badRequest: "bad_request"
        case .aborted: "aborted"
        case .served: "served"
        case .tenantOverloaded: "integration_overloaded"
        }
    }
}

/// The tier that answered a resolution.
package enum ResolveTier: Int, MetricLabel {
    /// The table in this process.
    case memory
    /// A recent "no" of the source.
    case absence
    /// The cache that replicas share, proven to be true still.
    case cache
    case source
    /// That cache, while the source could not be asked.
    case stale
    /// The complete and live table, because the source could not be asked.
    case authority
    /// What an earlier process knew, because nobody else could be asked.
    case snapshot
    /// None.
    case none

    package var label: String {
        switch self {
        case .memory: "memory"
        case .absence: "absence"
        case .cache: "redis"
        case .source: "postgresql"
        case .stale: "redis_stale"
        case .authority: "authority"
        case .snapshot: "snapshot"
        case .none: "none"
        }
    }
}

/// How a look-up in the source of truth ended.
package enum LookUpOutcome: Int, MetricLabel {
    case answered, unavailable, timedOut, saturated

    package var label: String {
        switch self {
        case .answered: "answered"
        case .unavailable: "unavailable"
        case .timedOut: "timed_out"
        case .saturated: "saturated"
        }
    }
}

/// Everything the gateway counts. Label sets are closed, so that no sender can grow them.
package final class GatewayMetrics: Sendable {
    package let tokenRequests = CounterFamily<RequestOutcome>()
    package let instanceRequests = CounterFamily<RequestOutcome>()
    package let otherRequests = CounterFamily<RequestOutcome>()
    package let tiers = CounterFamily<ResolveTier>()
    package let lookUps = CounterFamily<LookUpOutcome>()
    package let tokenDurations = DurationHistogram()
    package let instanceDurations = DurationHistogram()
    package let bodyBytes = Counter()
    package let connectionsAccepted = Counter()
    package let connectionsRefused = Counter()
    /// Answers of the spool that came after the sender had been told 503.
    package let lateStores = Counter()
    /// Log lines that found the writer's queue full.
    package let logLinesDropped = Counter()
    package let feedPolls = Counter()
    package let feedFailures = Counter()
    private let observedFactors = CounterFamily<SecondFactorOutcome>()
    private let enforcedFactors = CounterFamily<SecondFactorOutcome>()

    package init() {}

    /// Webhooks, and connections, that were turned away although nothing was wrong with them.
    package var mishaps: Int {
        [self.tokenRequests, self.instanceRequests].reduce(self.connectionsRefused.count) {
            $0 + $1[.storeFailed].count + $1[.overloaded].count + $1[.tenantOverloaded].count
        }
    }

    func finished(_ route: Route?, _ outcome: RequestOutcome, nanoseconds: Int64) {
        switch route {
        case .token:
            self.tokenRequests[outcome].add()
            self.tokenDurations.record(nanoseconds: nanoseconds)
        case .instance:
            self.instanceRequests[outcome].add()
            self.instanceDurations.record(nanoseconds: nanoseconds)
        case nil:
            self.otherRequests[outcome].add()
        }
    }

    /// What second factors came to, where that is enforced or else observed.
    func secondFactors(_ mode: SecondFactorMode) -> CounterFamily<SecondFactorOutcome> {
        mode == .enforce ? self.enforcedFactors : self.observedFactors
    }

    /// The gateway's samples, in a stable order.
    package func samples() -> [MetricSample] {
        var samples: [MetricSample] = []
        for (route, family) in [
            ("token", self.tokenRequests), ("instance", self.instanceRequests), ("other", self.otherRequests),
        ] {
            samples += RequestOutcome.allCases.map { outcome in
                MetricSample(
                    "hookgate_requests_total", .counter, help: "Requests answered, by route and outcome.",
                    labels: [.init("route", route), .init("outcome", outcome.label)],
                    value: Double(family[outcome].count))
            }
        }
        for (route, durations) in [("token", self.tokenDurations), ("instance", self.instanceDurations)] {
            samples += durations.samples(
                "hookgate_request_seconds", help: "From a request's headers to its answer.",
                labels: [.init("route", route)])
        }
        samples += ResolveTier.allCases.map {
            MetricSample(
                "hookgate_resolutions_total", .counter, help: "Resolutions, by the tier that answered.",
                labels: [.init("tier", $0.label)], value: Double(self.tiers[$0].count))
        }
        samples += LookUpOutcome.allCases.map {
            MetricSample(
                "hookgate_lookups_total", .counter, help: "Look-ups in the source of truth, by outcome.",
                labels: [.init("outcome", $0.label)], value: Double(self.lookUps[$0].count))
        }
        for mode in [SecondFactorMode.observe, .enforce] {
            samples += SecondFactorOutcome.allCases.map {
                MetricSample(
                    "hookgate_second_factor_total", .counter,
                    help: "Webhooks whose second factor was looked at, by mode and outcome.",
                    labels: [.init("mode", mode.rawValue), .init("outcome", $0.label)],
                    value: Double(self.secondFactors(mode)[$0].count))
            }
        }
        let counters: [(String, String, Counter)] = [
            ("hookgate_body_bytes_total", "Body bytes received.", self.bodyBytes),
            ("hookgate_connections_accepted_total", "Connections accepted.", self.connectionsAccepted),
            ("hookgate_connections_refused_total", "Connections over the bound.", self.connectionsRefused),
            ("hookgate_late_stores_total", "Events stored after their sender was told 503.", self.lateStores),
            ("hookgate_log_lines_dropped_total", "Log lines that found the queue full.", self.logLinesDropped),
            ("hookgate_routing_polls_total", "Successful polls for routing changes.", self.feedPolls),
            ("hookgate_routing_poll_failures_total", "Failed polls for routing changes.", self.feedFailures),
        ]
        samples += counters.map { MetricSample($0.0, .counter, help: $0.1, value: Double($0.2.count)) }
        return samples
    }
}
