package import HookgateCore

/// Probes for whoever looks at an integration; see ``ProbeUseCases``.
package struct ProbeDesk: ProbeUseCases {
    private let catalog: any IntegrationCatalog
    private let kept: Probe
    private let delivered: Probe
    private let base: PublicURL
    private let nonce: @Sendable () -> String

    /// - Parameters:
    ///   - kept: ends in the inbox.
    ///   - delivered: goes on to the destination.
    ///   - nonce: what makes a probe unlike every other.
    package init(
        catalog: any IntegrationCatalog, kept: Probe, delivered: Probe, base: PublicURL,
        nonce: @escaping @Sendable () -> String
    ) {
        self.catalog = catalog
        self.kept = kept
        self.delivered = delivered
        self.base = base
        self.nonce = nonce
    }

    package func test(_ id: IntegrationID, delivers: Bool) async throws -> ProbeReport {
        var steps: [ProbeReport.Step] = []
        var delivery: ProbeProgress.Attempt?
        var failure: ProbeFailure?
        do {
            guard let text = try await self.catalog.integration(id)?.tokenText else { throw ProbeFailure.notAToken }
            let probe = delivers ? self.delivered : self.kept
            delivery = try await probe.run(token: text, at: self.base, nonce: self.nonce()) { step, took in
                steps.append(ProbeReport.Step(step, took: took))
            }.delivery
        } catch let reason as ProbeFailure {
            failure = reason
        }
        return ProbeReport(base: self.base, steps: steps, delivery: delivery, failure: failure)
    }
}
