package import HookgateCore
import Synchronization

/// Looks at the fleet for as long as the gateway runs, so that somebody is told of what falls silent and of who still
/// calls an old URL.
///
/// Every gateway looks for itself: the look is one statement, and rests the longer the longer it took.
package final class FleetWatch: Sendable {
    /// How often it looks.
    package struct Settings: Sendable {
        package var interval = Duration.seconds(60)
        package var longestPause = Duration.seconds(900)
        /// So many times as long as a look took is rested after it.
        package var restFactor = 20.0

        package init() {}
    }

    /// What the last look found.
    package struct Status: Sendable, Equatable {
        /// Kept while looks fail: an outage of the database changes nothing about the fleet.
        package var counts: [MonitoredState: Int] = [:]
        package var failures = 0
        package var lastFailure: String?
    }

    private let fleet: any FleetMonitorUseCases
    private let settings: Settings
    private let isReady: @Sendable () -> Bool
    private let clock: any Clock<Duration>
    private let state = Mutex(Status())

    /// - Parameter isReady: whether the schema is there.
    package init(
        fleet: any FleetMonitorUseCases, settings: Settings = Settings(),
        isReady: @escaping @Sendable () -> Bool = { true }, clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.fleet = fleet
        self.settings = settings
        self.isReady = isReady
        self.clock = clock
    }

    package var status: Status { state.withLock { $0 } }

    /// Looks again and again, until its task is cancelled.
    package func run() async {
        var pause = settings.interval
        while (try? await clock.sleep(for: pause)) != nil {
            let took = await ContinuousClock().measure { if isReady() { await look() } }
            pause = min(max(settings.interval, took * settings.restFactor), settings.longestPause)
        }
    }

    /// One look; of its instances only the numbers are wanted.
    package func look() async {
        var request = FleetRequest()
        request.rows = 0
        do {
            let view = try await fleet.look(request)
            state.withLock { status in
                status.counts = view.counts
                status.lastFailure = nil
            }
        } catch {
            guard !Task.isCancelled else { return }
            state.withLock { status in
                status.failures += 1
                status.lastFailure = "\(error)"
            }
        }
    }

    /// What readiness says of it: two alarms of their own.
    package func parts() -> [Readiness.Part] {
        let counts = status.counts
        return [
            Self.part(
                "silence", counts[.silent],
                "instances are silent although something should have come: hookgate monitor --state silent"),
            Self.part(
                "stragglers", counts[.straggler],
                "instances were switched over and are still called on their old URL: hookgate monitor --state straggler"
            ),
        ]
    }

    private static func part(_ name: String, _ count: Int?, _ words: String) -> Readiness.Part {
        guard let count, count > 0 else { return .init(name: name, state: .ok) }
        return .init(name: name, state: .degraded, detail: "\(count) \(words)")
    }

    /// For `/metrics`.
    package func samples() -> [MetricSample] {
        let status = status
        return MonitoredState.allCases.map { state in
            MetricSample(
                "hookgate_fleet_instances", .gauge,
                help: "Instances by how their webhooks come, as of this gateway's last look; see hookgate monitor.",
                labels: [.init("state", state.rawValue)], value: Double(status.counts[state] ?? 0))
        } + [
            MetricSample(
                "hookgate_fleet_look_failures_total", .counter, help: "Looks at the fleet that failed.",
                value: Double(status.failures))
        ]
    }
}
