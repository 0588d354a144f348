package import FoundationEssentials
package import HookgateCore

/// Finds whose a webhook is, tier by tier: the table in memory, then the source of truth.
///
/// ```swift
/// if let resolution = resolver.resident(key, at: now) { … }       // a hit: no I/O, no wait
/// else { resolver.lookUp(key) { resolution in … } }               // within the deadline, whatever happens
/// ```
/// A tier between the two (a cache that replicas share) is a ``RoutingSource`` that asks another one.
package final class Resolver: Sendable {
    /// The bounds of look-ups in the source of truth.
    package struct Settings: Sendable {
        /// Webhooks must not take the connections that shipping needs.
        package var concurrentLookUps = 8
        package var queuedLookUps = 1_024
        /// Half of the second in which a sender wants its answer.
        package var deadline = Duration.milliseconds(500)

        package init() {}
    }

    private let table: RoutingTable
    private let absences: AbsenceMemory
    private let lastKnown: LastKnownRouting
    private let lookUps: SourceLookUps
    private let time: MonotonicTime
    private let clock: TimeSource
    private let metrics: GatewayMetrics

    package init(
        table: RoutingTable, source: any RoutingSource, settings: Settings = Settings(), metrics: GatewayMetrics,
        lastKnown: LastKnownRouting = LastKnownRouting(), clock: TimeSource = .system, time: MonotonicTime = .system
    ) {
        let absences = AbsenceMemory()
        self.table = table
        self.absences = absences
        self.lastKnown = lastKnown
        self.time = time
        self.clock = clock
        self.metrics = metrics
        self.lookUps = SourceLookUps(
            source: source, time: time, limit: settings.concurrentLookUps, queueLimit: settings.queuedLookUps,
            deadline: settings.deadline, metrics: metrics
        ) { key, answer in
            switch answer {
            case .source(let fact):
                Self.learn(fact, from: .source, for: key, table) { absences.remember($0, for: key, at: time.now) }
            case .cache(let fact):
                Self.learn(fact, from: .cache, for: key, table)
            case .stale(let fact):
                // Nothing would ever take it out of the table again: what is gone from the source is not loaded.
                .fact(table.fact(for: key) ?? fact, .stale)
            }
        }
    }

    /// Puts a fact that is true now into the table, and says what its waiters are told.
    private static func learn(
        _ fact: RoutingFact, from tier: ResolveTier, for key: RoutingKey, _ table: RoutingTable,
        whenNotKept: (RoutingFact) -> Void = { _ in }
    ) -> SourceLookUps.Answer {
        switch table.fill(fact, for: key) {
        case .holds(let held): return .fact(held, tier)
        case .superseded: return .superseded
        case .notKept:
            whenNotKept(fact)
            return .fact(fact, tier)
        }
    }

    /// What memory says, without a wait; nil when a look-up must decide.
    package func resident(_ key: RoutingKey, at now: Date) -> Resolution? {
        guard let fact = self.table.fact(for: key) else { return nil }
        self.metrics.tiers[.memory].add()
        return Resolution(fact, at: now)
    }

    /// The instance that memory knows behind a key; not counted as a resolution.
    func residentInstance(_ key: RoutingKey) -> InstanceName? {
        guard let fact = self.table.fact(for: key) else { return nil }
        return Resolution(fact, at: self.clock.now).knownInstance(askedBy: key)
    }

    /// Asks the further tiers. Calls back exactly once, within the deadline, on any thread and possibly at once.
    package func lookUp(_ key: RoutingKey, _ completion: @escaping @Sendable (Resolution) -> Void) {
        if self.table.isLive, let fact = self.absences.fact(for: key, at: self.time.now) {
            self.metrics.tiers[.absence].add()
            completion(Resolution(fact, at: self.clock.now))
            return
        }
        self.lookUps.ask(key) { answer in
            completion(self.resolution(for: key, answer))
        }
    }

    /// Whose share of the gateway a webhook takes, as far as memory says.
    func tenant(of key: RoutingKey) -> Tenant {
        if let tenant = self.residentTenant(of: key) { return tenant }
        // A name may stand in a legacy table, which is not in memory: it counts by itself.
        guard case .token = key, self.table.isAuthoritative else { return .address(key) }
        // Asked again: the table's standing comes before its answer, as below.
        return self.residentTenant(of: key) ?? .strangers
    }

    private func residentTenant(of key: RoutingKey) -> Tenant? {
        switch self.table.fact(for: key) {
        case .token(let entry, _), .instance(let entry): .integration(entry.integrationID)
        case .revokedToken: .strangers
        case .duplicateInstance, .legacyInstance, .nothing, nil: nil
        }
    }

    /// Forgets stale absences; called now and then by ``RoutingFeed``.
    package func sweep() {
        self.absences.sweep(at: self.time.now)
    }

    /// Look-ups that the source has not answered yet.
    package var lookUpsInFlight: Int { self.lookUps.inFlight }

    /// What resolving has to say on `/metrics`, beside its counters.
    package func samples() -> [MetricSample] {
        let status = self.table.status
        return [
            MetricSample(
                "hookgate_lookups_in_flight", .gauge, help: "Look-ups the source has not answered yet.",
                value: Double(self.lookUps.inFlight)),
            MetricSample(
                "hookgate_routing_integrations", .gauge, help: "Integrations in memory, deleted ones among them.",
                value: Double(status.integrations)),
            MetricSample(
                "hookgate_routing_tokens", .gauge, help: "Tokens in memory, revoked ones among them.",
                value: Double(status.tokens)),
            MetricSample(
                "hookgate_routing_complete", .gauge, help: "1 when everything the source has is in memory.",
                value: status.isComplete ? 1 : 0),
            MetricSample(
                "hookgate_routing_live", .gauge, help: "1 while changes of routing arrive.",
                value: status.isLive ? 1 : 0),
        ]
    }

    private func resolution(for key: RoutingKey, _ answer: SourceLookUps.Answer) -> Resolution {
        switch answer {
        case .fact(let fact, let tier):
            self.metrics.tiers[tier].add()
            return Resolution(fact, at: self.clock.now)
        case .superseded:
            // What is newer does not answer the question either: stored, and decided when it is shipped.
            self.metrics.tiers[.none].add()
            return .undecided
        case .unavailable, .timedOut, .saturated:
            return self.resolutionWithoutSource(for: key)
        }
    }

    /// A token that a complete and live table does not have never existed. A name may still stand in a legacy table,
    /// which the table does not hold, so it stays undecided: its event is stored.
    private func resolutionWithoutSource(for key: RoutingKey) -> Resolution {
        // The table may have been loaded since it was first asked. Its standing comes before its answer: the other way
        // round, what a load brings in between would count as absent.
        let isAuthoritative = self.table.isAuthoritative
        if let fact = self.table.fact(for: key) {
            self.metrics.tiers[.memory].add()
            return Resolution(fact, at: self.clock.now)
        }
        if case .token = key, isAuthoritative {
            self.metrics.tiers[.authority].add()
            return .unknown
        }
        if let resolution = self.lastKnownResolution(for: key) { return resolution }
        self.metrics.tiers[.none].add()
        return .undecided
    }

    /// What an earlier process knew may accept an event; anything else is for who can say.
    private func lastKnownResolution(for key: RoutingKey) -> Resolution? {
        let now = self.clock.now
        guard let known = self.lastKnown.fact(for: key, at: now), let fact = self.table.confirming(known),
            case .deliverable(let entry) = Resolution(fact, at: now)
        else { return nil }
        self.metrics.tiers[.snapshot].add()
        return .deliverable(entry)
    }
}
