package import FoundationEssentials
package import HookgateCore
import Synchronization

/// Resolves requests on the legacy route the old way as well, far from their path.
///
/// A busy instance costs one comparison an interval, and one more when what it resolves to changes: its other requests
/// would come to the same. What waits is bounded; the legacy tables are read once for all that wait.
package final class OldWayWatch: LegacyRequestObserver {
    package struct Settings: Sendable {
        /// How long one comparison stands for all requests of its instance, in seconds.
        package var interval: TimeInterval = 3_600
        package var pause = Duration.seconds(10)
        /// After a failure, and after a read that took long: so many times as long as it took is rested.
        package var longestPause = Duration.seconds(300)
        package var restFactor = 20.0
        package var maximumQueued = 1_000
        /// Instances that are remembered, about 150 bytes each.
        package var maximumInstances = 100_000

        package init() {}
    }

    /// What the watch says of itself.
    package struct Status: Sendable, Equatable {
        package var outcomes: [OldWayOutcome: Int] = [:]
        /// Requests that found the queue full: compared with the instance's next one.
        package var dropped = 0
        package var failures = 0
        package var lastFailure: String?
    }

    private struct Sample {
        let owner: InstanceOwner?
        let at: Date
    }

    private struct State {
        var queue: [InstanceName: InstanceOwner?] = [:]
        var samples: [InstanceName: Sample] = [:]
        var status = Status()
    }

    private let inventory: any MigrationInventory
    private let ledger: any OldWayLedger
    private let settings: Settings
    private let clock: TimeSource
    private let sleep: @Sendable (Duration) async throws -> Void
    private let state = Mutex(State())

    package init(
        inventory: any MigrationInventory, ledger: any OldWayLedger, settings: Settings = Settings(),
        clock: TimeSource = .system,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.inventory = inventory
        self.ledger = ledger
        self.settings = settings
        self.clock = clock
        self.sleep = sleep
    }

    package var status: Status { state.withLock { $0.status } }

    package func observed(_ instance: InstanceName, owner: InstanceOwner?) {
        let now = clock.now
        state.withLock { state in
            if let sample = state.samples[instance], sample.owner == owner, isFresh(sample, at: now) { return }
            guard state.queue[instance] != nil || state.queue.count < settings.maximumQueued,
                hasRoom(for: instance, in: &state, at: now)
            else {
                state.status.dropped += 1
                return
            }
            state.queue[instance] = .some(owner)
            state.samples[instance] = Sample(owner: owner, at: now)
        }
    }

    /// Compares what waits, again and again, until its task is cancelled.
    package func run() async {
        var pause = settings.pause
        while (try? await sleep(pause)) != nil {
            let begun = clock.now
            let isWell = await compareWaiting()
            let took = Duration.seconds(max(0, clock.now.timeIntervalSince(begun)))
            let rest = isWell ? took * settings.restFactor : pause * 2
            pause = min(max(settings.pause, rest), settings.longestPause)
        }
    }

    /// Compares everything that waits now. False when it could not: then the next request of each instance is compared.
    @discardableResult
    package func compareWaiting() async -> Bool {
        let waiting = state.withLock { state in
            defer { state.queue = [:] }
            return state.queue
        }
        guard !waiting.isEmpty else { return true }
        do {
            let page = try await inventory.page(naming: Array(waiting.keys))
            let resolver = OldWayResolver(page)
            let now = clock.now
            let comparisons = waiting.map { name, owner in
                OldWayComparison(of: name, new: owner, old: resolver.answer(for: name), at: now)
            }
            try await ledger.add(comparisons)
            state.withLock { state in
                for comparison in comparisons { state.status.outcomes[comparison.outcome, default: 0] += 1 }
                state.status.lastFailure = nil
            }
            return true
        } catch {
            state.withLock { state in
                for name in waiting.keys { state.samples[name] = nil }
                state.status.failures += 1
                state.status.lastFailure = "\(error)"
            }
            return false
        }
    }

    private func isFresh(_ sample: Sample, at now: Date) -> Bool {
        abs(now.timeIntervalSince(sample.at)) < settings.interval
    }

    private func hasRoom(for instance: InstanceName, in state: inout State, at now: Date) -> Bool {
        guard state.samples[instance] == nil, state.samples.count >= settings.maximumInstances else { return true }
        // Only when it is full, so that this is rare.
        state.samples = state.samples.filter { isFresh($0.value, at: now) }
        return state.samples.count < settings.maximumInstances
    }
}

extension OldWayWatch {
    /// For `/metrics`.
    package func samples() -> [MetricSample] {
        let status = status
        return OldWayOutcome.allCases.map { outcome in
            MetricSample(
                "hookgate_old_way_comparisons_total", .counter,
                help: "Requests on the legacy route that were resolved the old way as well, by how that compares.",
                labels: [.init("outcome", outcome.rawValue)], value: Double(status.outcomes[outcome] ?? 0))
        } + [
            MetricSample(
                "hookgate_old_way_dropped_total", .counter, help: "Such requests that found the queue full.",
                value: Double(status.dropped)),
            MetricSample(
                "hookgate_old_way_failures_total", .counter, help: "Reads of the legacy tables for it that failed.",
                value: Double(status.failures)),
        ]
    }
}
