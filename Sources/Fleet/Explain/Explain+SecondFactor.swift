import FoundationEssentials
import HookgateCore

extension Explain {
    /// What an integration's webhooks must bring along, what follows where they do not, and how they did.
    static func words(
        _ entry: RoutingEntry, _ policy: SecondFactorPolicy, _ tallies: [SecondFactorTally], at now: Date
    ) -> String {
        let mode = policy.mode(for: entry)
        guard mode != .off else { return "not looked at (off)" }
        var parts: [String] = []
        if let factor = entry.secondFactor, !factor.secrets.isEmpty {
            parts.append("\(mode.rawValue): \(words(factor.secrets))")
            if let retired = factor.retired, now < retired.end {
                parts.append("what counted before goes on until \(time(retired.end))")
            }
        } else if policy.signatureKey != nil {
            parts.append("\(mode.rawValue): a signature over the body, with the key of EVOLUTION_WEBHOOK_SECRET")
        } else {
            parts.append("\(mode.rawValue), and there is nothing to compare with")
        }
        if mode == .enforce, policy.enforces(entry) { parts.append("a webhook without it would be held back") }
        parts += tallies.map { tally in
            "\(tally.outcome.word) \(tally.count) times since \(time(tally.firstSeen)), last \(time(tally.lastSeen))"
        }
        return parts.joined(separator: "; ")
    }

    private static func words(_ secrets: FactorSecrets) -> String {
        [
            secrets.header.map { "the header \($0.name.text) (fingerprint \($0.fingerprint))" },
            secrets.jwtKey.map { _ in "a bearer token signed with the instance's jwt_key" },
        ].compactMap { $0 }.joined(separator: " and ")
    }
}
