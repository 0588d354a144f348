import FoundationEssentials
import Synchronization

/// A stand-in for an Evolution API server: its REST API, its instances and its webhooks, as one release has them.
///
/// It knows nothing of hookgate, so that it cannot agree with a mistake of ours; what it answers is held to answers
/// recorded from the real code. It listens on 127.0.0.1 alone.
///
/// ```swift
/// let simulator = EvolutionSimulator(profile: profile)
/// simulator.add("clinic-1", webhook: "https://old.example/webhooks/evolution/clinic-1")
/// try await simulator.start()
/// simulator.receiveMessage("Hello", of: "clinic-1")   // and the webhook goes out
/// ```
package final class EvolutionSimulator: Sendable {
    struct State {
        var profile: ServerProfile
        var instances: [String: SimulatedInstance] = [:]
        var failures = FailurePlan()
        /// Instances whose next events wait for an awaited one, and those events.
        var waiting: [String: [(event: String, data: WireJSON)]] = [:]
        var lastNumber = 0
        var running: (task: Task<Void, Never>, port: Int)?
    }

    let options: SimulatorOptions
    let time: SimulatorTime
    let engine: DeliveryEngine
    let state: Mutex<State>

    package init(
        profile: ServerProfile, options: SimulatorOptions = SimulatorOptions(),
        clock: some Clock<Duration> = ContinuousClock()
    ) {
        let time = SimulatorTime(clock, origin: options.origin)
        self.options = options
        self.time = time
        self.engine = DeliveryEngine(sender: WebhookSender(), time: time, options: options)
        self.state = Mutex(State(profile: profile))
    }

    /// Listens, on any free port unless one is given.
    package func start(port: Int = 0) async throws {
        let server = try await SimulatorServer.bind(port: port)
        state.withLock { state in
            precondition(state.running == nil, "cannot start a simulator while it runs")
            // It lives until ``stop()``: as long as the tests and programs that talk to it.
            let task = Task {
                // The end of the task is the only end there is.
                _ = try? await server.run { [weak self] request in await self?.respond(to: request) ?? .reset }
            }
            state.running = (task, server.port)
        }
    }

    /// Stops listening; deliveries that wait are lost.
    package func stop() async {
        let running = state.withLock { state in
            defer { state.running = nil }
            return state.running
        }
        engine.forgetAll()
        running?.task.cancel()
        await running?.task.value
    }

    /// Where it listens.
    package var baseURL: String {
        state.withLock { "http://127.0.0.1:\($0.running?.port ?? 0)" }
    }

    /// What was sent, oldest first.
    package var deliveries: [DeliveryRecord] { engine.records }

    /// The process starts anew: every retry that waited is lost, instances and settings stay.
    package func restart() {
        engine.forgetAll()
        state.withLock { $0.waiting = [:] }
    }

    /// The same database under another release.
    package func upgrade(to profile: ServerProfile) {
        restart()
        state.withLock { $0.profile = profile }
    }

    /// Lets something go wrong the next times, or until ``clearFailures()``.
    /// - Parameters:
    ///   - times: nil means every time.
    ///   - instance: nil means whichever is called.
    package func inject(_ mode: FailureMode, times: Int? = 1, instance: String? = nil) {
        state.withLock { $0.failures.add(FailurePlan.Entry(mode: mode, instance: instance, times: times)) }
    }

    package func clearFailures() {
        state.withLock { $0.failures.clear() }
    }
}
