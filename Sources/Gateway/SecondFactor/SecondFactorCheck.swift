import FoundationEssentials
package import HookgateCore
import NIOHTTP1

/// Judges second factors on the path, from memory alone, and counts what they came to.
package struct SecondFactorCheck: Sendable {
    let policy: SecondFactorPolicy
    private let metrics: GatewayMetrics
    private let tallies: SecondFactorTallies?

    /// - Parameter tallies: where it is noted how each integration does; nil counts for all together alone.
    package init(
        policy: SecondFactorPolicy = SecondFactorPolicy(), metrics: GatewayMetrics,
        tallies: SecondFactorTallies? = nil
    ) {
        self.policy = policy
        self.metrics = metrics
        self.tallies = tallies
    }

    /// The check of the signature over a body that is still to come; nil where no key is configured.
    func signature(_ headers: HTTPHeaders) -> WebhookSignature? {
        self.policy.signatureKey.map { WebhookSignature($0, presented: headers[WebhookSignature.headerName]) }
    }

    /// Whether an event must be held back because its integration enforces a factor that the request has not brought.
    func lacks(_ webhook: InboundWebhook, resolvedTo resolution: Resolution, at now: Date) -> Bool {
        guard let entry = resolution.entry,
            let judgement = self.policy.judge(
                entry, signature: webhook.signatureOutcome, at: now, header: { webhook.headers[$0] })
        else { return false }
        self.metrics.secondFactors(judgement.mode)[judgement.outcome].add()
        if judgement.outcome != .unconfigured {
            self.tallies?.note(entry.integrationID, judgement.outcome, at: now)
        }
        return judgement.holdsBack
    }
}

extension SecondFactorOutcome: MetricLabel {
    package var label: String { self.word }
}
