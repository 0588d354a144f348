import EvolutionSimulator
import FoundationEssentials
import HookgateCore
import PostgresClient

/// The act of the switch-over: a simulated Evolution server posts to the old URLs all the while, and is told the token
/// URLs.
struct DemoSwitchOver {
    private static let release = "2.3.7"
    private static let pause = Duration.milliseconds(300)
    /// Of the simulator's own messages.
    private static let messageIDs = "3A0000000000%"

    /// Instances of the sample fleet that the act uses.
    private enum Sample {
        static let failing = "clinic-xyz789"
        static let takenBack = "clinic-abc123"
    }

    let stage: DemoStage
    let pool: PostgresPool
    let tokens: [String: WebhookToken]
    let cleanup: DemoCleanup

    func tell() async throws {
        stage.heading("8. The switch-over: Evolution is told the token URLs")
        guard let profile = ServerProfile(Self.release) else {
            throw CommandFailure("The simulator does not know the release \(Self.release).")
        }
        var options = SimulatorOptions()
        options.origin = Date()
        let simulator = EvolutionSimulator(profile: profile, options: options)
        try await simulator.start()
        do {
            try await stage.withGateway { address in try await tell(simulator, try PublicURL(address)) }
        } catch {
            await simulator.stop()
            throw error
        }
        await simulator.stop()
        try await proveThatEveryMessageArrived(simulator)
    }

    private func tell(_ simulator: EvolutionSimulator, _ base: PublicURL) async throws {
        for (number, name) in tokens.keys.sorted().enumerated() {
            simulator.add(
                name, webhook: base.webhookURL(instance: InstanceName(name)), owner: "1555010\(1_001 + number)")
        }
        stage.say(
            "An Evolution server of release \(Self.release) (simulated) posts each instance's messages to its old URL.")
        stage.export("EVOLUTION_API_URL", simulator.baseURL)
        stage.export("EVOLUTION_API_KEY", SimulatorOptions().globalKey)
        stage.export("HOOKGATE_PUBLIC_URL", base.text)
        let names = tokens.keys.sorted()
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await Self.post(to: simulator, names: names) }
            try await switchOver(simulator, base)
            try await observe()
            tasks.cancelAll()
            // Ended by the cancellation, and by nothing else.
            while await tasks.nextResult() != nil {}
        }
        let isSettled = try await stage.eventually { simulator.deliveries.allSatisfy { $0.state != .pending } }
        stage.expect(isSettled, "every message was taken; Evolution tries none of them again")
    }

    /// Until it is cancelled.
    private static func post(to simulator: EvolutionSimulator, names: [String]) async throws {
        while true {
            for name in names { simulator.receiveMessage("Tenho consulta amanhã?", of: name) }
            // Patients do not write all at once.
            try await Task.sleep(for: pause)
        }
    }

    private func switchOver(_ simulator: EvolutionSimulator, _ base: PublicURL) async throws {
        let old = tokens.keys.reduce(into: [:]) { $0[$1] = simulator.webhookSettings(of: $1) }
        let status = try await stage.hookgate("webhooks", "status", ending: .attention)
        stage.expect(
            status.contains("\n0 of ") && status.contains("instances post to their token URL"),
            "all of them are on old URLs")
        let rehearsed = ["--rehearsal", "--pace", "50", "--wait-for-event", "1m"]

        stage.say("\nA server that loses the list of events with the first set:")
        simulator.inject(.otherEvents, instance: Sample.failing)
        try await stage.hookgate(["webhooks", "switch", Sample.failing] + rehearsed, ending: .attention)
        stage.expect(
            Self.isEqual(simulator.webhookSettings(of: Sample.failing), old[Sample.failing]),
            "the failed switch-over has put its old settings back by itself")

        try await stage.hookgate(["webhooks", "switch", "--canary", "10%"] + rehearsed, ending: .done)
        let switched = tokens.filter { simulator.webhookURL(of: $0.key) == base.webhookURL(token: $0.value) }
        stage.expect(
            switched.count == tokens.count,
            "all \(tokens.count) instances post to their token URLs, each confirmed by an event of its own")

        stage.say("\nSecond thoughts about one of them, and on again:")
        try await stage.hookgate("webhooks", "rollback", Sample.takenBack, ending: .done)
        stage.expect(
            Self.isEqual(simulator.webhookSettings(of: Sample.takenBack), old[Sample.takenBack]),
            "exactly its old settings stand there")
        try await stage.hookgate(
            ["webhooks", "switch", Sample.takenBack] + rehearsed, ending: .done, showing: false)
    }

    /// But for the time of the writing, and for what a release cannot be given back: it takes an empty list of headers
    /// for none.
    private static func isEqual(_ left: WireJSON?, _ right: WireJSON?) -> Bool {
        func settings(_ row: WireJSON?) -> [String: WireJSON]? {
            row?.members.map { members in
                Dictionary(
                    members.filter { !["updatedAt", "headers"].contains($0.name) }.map { ($0.name, $0.value) },
                    uniquingKeysWith: { $1 })
            }
        }
        return settings(left) == settings(right)
    }

    private func observe() async throws {
        stage.heading("9. Observation and clean-up: fifteen days, in this throw-away database at once")
        try await cleanup.prepare()
        try await pool.execute(script: String(decoding: PackageResources.days_pass_sql, as: UTF8.self))
        stage.say("\nEvery date of traffic, of listening and of the switch-over is moved back by fifteen days.")
        try await stage.hookgate("monitor", "--once", ending: .done)
        try await cleanup.tell()
    }

    private func proveThatEveryMessageArrived(_ simulator: EvolutionSimulator) async throws {
        let delivered = simulator.deliveries.count { $0.state == .delivered }
        let rows = try await pool.query(
            "SELECT count(DISTINCT message_id) AS count FROM hookgate.events WHERE message_id LIKE $1",
            [Self.messageIDs])
        let stored: Int = try rows[0].decode("count")
        stage.expect(
            stored == delivered && delivered == simulator.deliveries.count,
            "\(delivered) messages were posted meanwhile, on whichever URL was set then, and each is in the inbox")
    }
}
