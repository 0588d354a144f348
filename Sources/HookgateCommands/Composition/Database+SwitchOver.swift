import Fleet
import HookgateCore
import Migration
import Store

extension Database {
    /// - Parameter actor: who does it, for the audit log.
    func switchOver(
        _ configuration: Configuration, _ servers: [any EvolutionServer], actor: String = CommandActor.current
    ) -> SwitchOverService {
        let probe = Probe(
            routing: routing, catalog: catalog, sender: HTTPProbeSender(), evidence: PostgresProbeEvidence(pool: pool),
            time: time)
        return SwitchOverService(
            servers: servers, catalog: catalog, migration: migration,
            journal: PostgresSwitchOverJournal(pool: pool, lockURL: directURL, actor: actor),
            traffic: PostgresSwitchOverTraffic(pool: pool),
            probe: TokenProbe(probe: probe, base: configuration.publicURL),
            secondFactors: secondFactors(configuration.secondFactorPolicy), tokens: tokens(actor: actor),
            actor: actor, publicURL: configuration.publicURL, time: time)
    }
}

/// Proves a token's way at the public URL, as `hookgate test` does.
struct TokenProbe: SwitchOverProbe {
    let probe: Probe
    let base: PublicURL

    func prove(_ token: WebhookToken) async throws(ProbeFailure) {
        do {
            _ = try await probe.run(token: token.secretText, at: base, nonce: Nonce.make())
        } catch let failure as ProbeFailure {
            throw failure
        } catch {
            throw .unreachable("the database does not answer")
        }
    }
}
