import FoundationEssentials
package import HookgateCore
import Synchronization

extension DeliveryEngine: DestinationBreakers {
    package func breakers() -> [DestinationID: CircuitBreaker.State] {
        state.withLock { $0.floor.stations.mapValues(\.breaker.state) }
    }
}

extension DeliveryEngine {
    /// For `/health/ready`, from memory.
    package func readiness() -> Readiness.Part {
        let (failure, backlog, resting, blocked) = state.withLock { state in
            (state.lastFailure, state.backlog, state.floor.missedDestinations, state.floor.blocked.values)
        }
        let unaddressed = blocked.count { $0 == .noDestination }
        let sealed = blocked.count { $0 == .masterKeyMissing }
        var notes: [String] = []
        if let failure { notes.append(failure) }
        if unaddressed > 0 {
            notes.append(
                "events of \(unaddressed) integrations have no destination and wait: set HOOKGATE_DELIVER_URL")
        }
        if sealed > 0 {
            notes.append(
                "events of \(sealed) integrations are sealed by a master key that this process does not have, and wait: "
                    + "set body-encryption-key as the other gateways have it, or name it in body-encryption-old-keys")
        }
        if resting > 0 { notes.append("\(resting) destinations do not answer; their events wait") }
        if let parked = backlog?.parked, parked > 0 {
            notes.append("\(parked) events are parked: hookgate events list --state parked")
        }
        guard !notes.isEmpty else { return .init(name: "delivery", state: .ok) }
        return .init(name: "delivery", state: .degraded, detail: notes.joined(separator: "; "))
    }

    /// For `/metrics`, from memory.
    package func samples() -> [MetricSample] {
        let (counts, backlog, floor) = state.withLock { ($0.counts, $0.backlog, $0.floor) }
        return Self.samples(counts) + Self.samples(floor) + (backlog.map { samples($0) } ?? [])
    }

    private static func samples(_ counts: DeliveryCounts) -> [MetricSample] {
        var samples: [MetricSample] = [
            .counter("hookgate_delivered_total", "Events that their destination took.", counts.delivered),
            .counter(
                "hookgate_delivered_orphans_total", "Edits and deletions delivered without their message.",
                counts.orphans),
            .counter(
                "hookgate_delivered_replays_total", "Events delivered because a person asked again.", counts.replays),
            .counter(
                "hookgate_delivery_retries_total", "Attempts after which another one was planned.", counts.retried),
            .counter(
                "hookgate_delivery_queue_failures_total", "Statements on the queue of deliveries that failed.",
                counts.queueFailures),
        ]
        samples += counts.failedAttempts.sorted { $0.key < $1.key }.map { word, count in
            MetricSample.counter(
                "hookgate_delivery_failures_total", "Attempts that failed, by what went wrong.", count,
                [.init("result", word)])
        }
        samples += FilterReason.allCases.map { reason in
            MetricSample.counter(
                "hookgate_filtered_total", "Events not meant for their destination, by why.",
                counts.filtered[reason] ?? 0, [.init("reason", reason.rawValue)])
        }
        samples += ParkReason.allCases.map { reason in
            MetricSample.counter(
                "hookgate_parked_total", "Events given up for a person, by why.", counts.parked[reason] ?? 0,
                [.init("reason", reason.rawValue)])
        }
        return samples + delays(counts)
    }

    private static func delays(_ counts: DeliveryCounts) -> [MetricSample] {
        func sample(_ suffix: String, _ value: Double, _ labels: [MetricSample.Label] = []) -> MetricSample {
            MetricSample(
                "hookgate_delivery_delay_seconds", .histogram, help: "From acceptance to delivery.", suffix: suffix,
                labels: labels, value: value)
        }
        var sum = 0.0
        let buckets = zip(DeliveryCounts.delayBounds.map { "\($0)" } + ["+Inf"], counts.delays).map { bound, count in
            sum += Double(count)
            return sample("_bucket", sum, [.init("le", bound)])
        }
        return buckets + [sample("_sum", counts.delaySum), sample("_count", sum)]
    }

    private static func samples(_ floor: DeliveryFloor) -> [MetricSample] {
        let states = floor.stations.values.map(\.breaker.state)
        let open = states.count { if case .open = $0 { true } else { false } }
        let halfOpen = states.count { $0 == .halfOpen }
        let breakers = [("closed", states.count - open - halfOpen), ("open", open), ("half_open", halfOpen)]
        return [
            .gauge("hookgate_delivery_under_way", "Attempts that are being made.", Double(floor.underWay)),
            .gauge("hookgate_delivery_chats_loaded", "Chats in memory.", Double(floor.lanes.count)),
            .gauge(
                "hookgate_delivery_partitions_held", "Of 64 partitions of chats, those leased.",
                Double(floor.leases.count)),
            .gauge(
                "hookgate_delivery_without_destination", "Integrations whose events wait for a destination.",
                Double(floor.blocked.values.count { $0 == .noDestination })),
            .gauge(
                "hookgate_delivery_without_key", "Integrations whose events are sealed by a key that is not here.",
                Double(floor.blocked.values.count { $0 == .masterKeyMissing })),
        ]
            + breakers.map { state, count in
                MetricSample.gauge(
                    "hookgate_destinations", "Destinations in use, by the state of their circuit breaker.",
                    Double(count), [.init("breaker", state)])
            }
    }

    private func samples(_ backlog: DeliveryBacklog) -> [MetricSample] {
        let age = backlog.oldestReceivedAt.map { max(0, time.now.timeIntervalSince($0)) } ?? 0
        return [
            .gauge("hookgate_delivery_waiting", "Events that wait, over all replicas.", Double(backlog.waiting)),
            .gauge("hookgate_delivery_oldest_seconds", "Age of the oldest of these.", age),
            .gauge("hookgate_parked", "Events that wait for a person.", Double(backlog.parked)),
        ]
    }
}
