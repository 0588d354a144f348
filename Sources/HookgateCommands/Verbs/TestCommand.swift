import ArgumentParser
import Fleet
import FoundationEssentials
import HookgateCore
import Store

/// `hookgate test TOKEN`: a probe that proves posted → stored → resolved, and with `--deliver` → delivered.
struct TestCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Prove a webhook token's way from its URL to the inbox, and on to the clinic's backend.",
        discussion: """
            Posts a signed probe to the token URL and follows it: known, posted, stored, resolved. A probe is no \
            traffic and confirms no switch-over. With --deliver it goes on to the destination of that clinic's \
            events, signed, as an event of kind hookgate.probe; it is tried once.

            Examples:
              hookgate test hgw_… --prod
              hookgate test hgw_… --prod --deliver
              echo "$TOKEN" | hookgate test - --url https://hooks.example.com
            """,
        aliases: ["test-webhook-endpoint"]
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The webhook token; '-' reads it from standard input, so that it stays out of the shell's history.")
    var token: String

    @Option(help: "Base URL of the gateway (default: the local listener).")
    var url: String?

    @Flag(help: "Test at HOOKGATE_PUBLIC_URL, as Evolution reaches it.")
    var prod = false

    @Flag(help: "Deliver the probe to its destination as well.")
    var deliver = false

    func validate() throws {
        if prod, url != nil { throw ValidationError("Give --prod or --url, not both.") }
    }

    func perform() async throws -> ExitStatus {
        let configuration = try global.configuration()
        let base = try base(configuration)
        let text = token == "-" ? (readLine(strippingNewline: true) ?? "") : token
        return try await Database.use(configuration) { database in
            let probe = Probe(
                routing: database.routing, catalog: database.catalog, sender: HTTPProbeSender(),
                evidence: PostgresProbeEvidence(pool: database.pool),
                deliveries: deliver ? PostgresProbeDeliveries(pool: database.pool) : nil, time: .system)
            let printer = ProbePrinter(base: base, isJSON: global.json)
            do {
                try printer.succeeded(try await probe.run(token: text, at: base, nonce: Nonce.make()))
                return .done
            } catch let failure as ProbeFailure {
                try printer.failed(failure)
                return .failed
            }
        }
    }

    private func base(_ configuration: Configuration) throws -> PublicURL {
        if prod { return configuration.publicURL }
        guard let url else { return try PublicURL("http://\(configuration.listen.reachableText)") }
        do {
            return try PublicURL(url)
        } catch {
            throw CommandFailure("--url is no usable base URL: \(error).", status: .wrongUsage)
        }
    }
}

/// Random text that tells one probe from every other.
enum Nonce {
    static func make() -> String {
        var generator = SystemRandomNumberGenerator()
        let value = generator.next()
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
