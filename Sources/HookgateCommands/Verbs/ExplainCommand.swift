import ArgumentParser
import Fleet
import HookgateCore
import Store

/// `hookgate explain`: what would happen to a webhook now, or what happened to an event, and why.
struct ExplainCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Follow a token, a URL, an instance or an event through every step, and say why.",
        discussion: """
            Each step says what it knows; the end says what a webhook would be answered now. Tokens are never printed, \
            only their fingerprints. Arguments stand in the list of processes and in the shell's history: for a token or \
            a token URL give '-' and the text on standard input. Exit code 3 when events would not be delivered.

            Examples:
              hookgate explain clinic-abc123
              echo "$TOKEN" | hookgate explain -
              hookgate explain 0199f0c2-6d1e-7a3b-9c44-5d2f6a7b8c90
            """)

    @OptionGroup var global: GlobalOptions

    @Argument(help: "A token, a webhook URL, an instance's name or an event's id; '-' reads it from standard input.")
    var subject: String

    func perform() async throws -> ExitStatus {
        let configuration = try global.configuration()
        let text = subject == "-" ? (readLine(strippingNewline: true) ?? "") : subject
        return try await Database.use(configuration) { database in
            let explain = Explain(
                Explain.Ports(
                    routing: database.routing, catalog: database.catalog,
                    evidence: PostgresExplainEvidence(pool: database.pool, bodies: database.bodies),
                    quarantine: PostgresQuarantine(pool: database.pool, bodies: database.bodies),
                    gateway: HTTPRunningGateway(address: configuration.listen)),
                limits: configuration.quarantineLimits, secondFactor: configuration.secondFactorPolicy, time: .system)
            guard let explanation = try await explain.run(text) else {
                throw CommandFailure(
                    "There is nothing to explain: give a token, a URL, an instance or an event id.", status: .wrongUsage
                )
            }
            try ExplanationPrinter(isJSON: global.json).print(explanation)
            return explanation.needsAttention ? .attention : .done
        }
    }
}
