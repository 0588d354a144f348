import ArgumentParser
import HookgateCore

extension IntegrationsCommand {
    struct Connect: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Show the code to pair a telephone with, and wait until it is connected.",
            discussion: """
                On the telephone: WhatsApp, Linked devices, Link a device. A code lasts less than a minute, and the next \
                one is shown when the server has it; the instance is never made anew for it. With --number there is a \
                code to type beside the one to scan. Whoever has a code can take over the number.

                Examples:
                  hookgate integrations connect clinic-abc123
                  hookgate integrations connect clinic-abc123 --number 5511987654321 --wait 5m
                """)

        @OptionGroup var global: GlobalOptions

        @Argument(help: "The instance's name, or its integration's id.")
        var instance: String

        @Option(help: "The telephone's number, with the country's: digits alone.")
        var number: String?

        @Option(help: "How long to wait for the telephone.")
        var wait = DurationArgument(.seconds(180), text: "3m")

        func validate() throws {
            guard let number else { return }
            guard (7...15).contains(number.count), number.allSatisfy({ ("0"..."9").contains($0) }) else {
                throw ValidationError(
                    "--number '\(number)' is none: digits alone, with the country's, as 5511987654321.")
            }
        }

        func perform() async throws -> ExitStatus {
            let configuration = try global.configuration()
            let servers = try EvolutionServers.configured(configuration)
            return try await Database.use(configuration) { database in
                let printer = PairingPrinter(isJSON: global.json)
                let states = database.integrations(configuration, servers).connect(instance, number: number)
                let isConnected = try await IntegrationStep.explaining(instance) {
                    try await Self.follow(states, for: wait.duration, printer)
                }
                if isConnected { return .done }
                try printer.giveUp(instance, after: wait)
                return .attention
            }
        }

        /// False when nobody has paired in time.
        private static func follow(
            _ states: AsyncThrowingStream<PairingState, any Error>, for wait: Duration, _ printer: PairingPrinter
        ) async throws -> Bool {
            try await withThrowingTaskGroup(of: Bool?.self) { tasks in
                tasks.addTask {
                    for try await state in states {
                        try printer.show(state)
                        if case .connected = state { return true }
                    }
                    return false
                }
                tasks.addTask {
                    try? await Task.sleep(for: wait)
                    return false
                }
                tasks.addTask {
                    // Until it is cancelled.
                    while (try? await Task.sleep(for: .seconds(1))) != nil { printer.tick() }
                    return nil
                }
                defer { tasks.cancelAll() }
                while let result = try await tasks.next() {
                    if let result { return result }
                }
                return false
            }
        }
    }
}
