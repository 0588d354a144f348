import ArgumentParser
import EvolutionSimulator

/// `hookgate-evolution-sim`: a simulated Evolution API server, for rehearsing a switch-over.
@main
struct SimulatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hookgate-evolution-sim",
        abstract: "A stand-in for an Evolution API server, on 127.0.0.1, for tests and rehearsals.",
        discussion: """
            Answers the REST API as the chosen release does, and posts webhooks as it does. What a person with a \
            telephone would do, and what can go wrong, is asked for under /__simulator; see docs/simulator.md.

            Example:
              hookgate-evolution-sim --release 2.3.7 --port 8090 \\
                --instance clinic-1=http://127.0.0.1:8080/webhooks/evolution/clinic-1 --traffic 2
            """
    )

    @Option(help: "The release to be: 1.7.5, 1.8.6, 2.1.0, 2.2.3, 2.3.7, 2.4.0, or any between.")
    var release = "2.3.7"

    @Option(help: "The port on 127.0.0.1; 0 takes any free one.")
    var port = 8090

    @Option(help: "The global API key.")
    var key = "simulated-global-key"

    @Option(name: .customLong("instance"), help: "NAME or NAME=URL: a connected instance and its webhook; repeatable.")
    var instances: [String] = []

    @Option(help: "Seconds between two messages of each instance; 0 sends none by itself.")
    var traffic = 0

    func validate() throws {
        if ServerProfile(release) == nil { throw ValidationError("--release must be a release, as 2.3.7.") }
        if !(0...86_400).contains(traffic) { throw ValidationError("--traffic must be from 0 to 86400 seconds.") }
        if !(0...65_535).contains(port) { throw ValidationError("--port must be from 0 to 65535.") }
    }

    func run() async throws {
        guard let profile = ServerProfile(release) else { throw ExitCode.validationFailure }
        var options = SimulatorOptions()
        options.globalKey = key
        let simulator = EvolutionSimulator(profile: profile, options: options)
        let names = instances.enumerated().map { index, text in
            let parts = text.split(separator: "=", maxSplits: 1)
            let name = String(parts.first ?? "")
            simulator.add(
                name, webhook: parts.count == 2 ? String(parts[1]) : nil, owner: "1555010\(1_001 + index)")
            return name
        }
        try await simulator.start(port: port)
        print("Evolution API \(release) (simulated) listens on \(simulator.baseURL)")
        try await sendTraffic(simulator, names)
    }

    /// Until the process is ended.
    private func sendTraffic(_ simulator: EvolutionSimulator, _ names: [String]) async throws {
        var count = 0
        while true {
            // Traffic has a rhythm; without any, this only keeps the process.
            try await Task.sleep(for: .seconds(traffic > 0 ? traffic : 3_600))
            guard traffic > 0 else { continue }
            count += 1
            for name in names { simulator.receiveMessage("Message \(count)", of: name) }
        }
    }
}
