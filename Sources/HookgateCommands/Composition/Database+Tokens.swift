import Console
import Fleet
import HookgateCore
import Store

extension Database {
    /// What the console's pages of tokens work with.
    func tokenParts(_ configuration: Configuration) -> TokenParts {
        TokenParts(
            catalog: catalog,
            probe: ProbeDesk(
                catalog: catalog, kept: probe(delivers: false), delivered: probe(delivers: true),
                base: configuration.publicURL, nonce: { Nonce.make() }),
            secondFactors: secondFactors(configuration.secondFactorPolicy),
            defaultMode: configuration.secondFactorPolicy.mode, statedURL: configuration.statedPublicURL
        ) { actor in tokens(actor: actor) }
    }

    private func probe(delivers: Bool) -> Probe {
        Probe(
            routing: routing, catalog: catalog, sender: HTTPProbeSender(), evidence: PostgresProbeEvidence(pool: pool),
            deliveries: delivers ? PostgresProbeDeliveries(pool: pool) : nil, time: .system)
    }
}
