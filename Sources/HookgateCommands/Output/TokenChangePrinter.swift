import Fleet
import FoundationEssentials
import HookgateCore

/// Prints what `tokens rotate` and `tokens revoke` will do and have done, and what a person does next.
struct TokenChangePrinter {
    enum Kind: String {
        case rotation
        case revocation
    }

    enum Ending: String {
        case done
        case dryRun = "dry_run"
        case declined
    }

    private struct Document: Encodable {
        struct Passing: Encodable {
            let fingerprint: String
            let until: Date
        }

        let action: String
        let outcome: String
        let integrationID: String
        let instanceName: String?
        let oldFingerprint: String?
        let oldPassesUntil: Date?
        let newFingerprint: String?
        let webhookToken: String?
        let webhookURL: String?
        let revokedFingerprints: [String]
        let stillInGrace: [Passing]
    }

    let kind: Kind
    let plan: TokenKeeper.Plan
    let publicURL: PublicURL
    let isURLStated: Bool
    let isRevealed: Bool
    let isJSON: Bool

    private var token: WebhookToken? { plan.change.replacement?.token }

    /// What ends at once.
    private var ended: [TokenDigest] {
        let replaced = plan.change.replacement.flatMap { $0.graceUntil == nil ? plan.holding.current : nil }
        return [replaced].compactMap(\.self) + plan.change.revoked
    }

    /// Before anybody is asked.
    func announce() {
        guard !isJSON else { return }
        let output = StandardStream.output
        output.line("\(plan.holding.title.printable) (instance \(plan.holding.instanceName?.description ?? "none"))")
        if token != nil { output.line("  new token:  made when it is done") }
        if let end = plan.change.replacement?.graceUntil, let old = plan.holding.current {
            output.line("  old token:  fingerprint \(old.fingerprint), passes until \(Self.time(end))")
        }
        for digest in ended { output.line("  ends now:   fingerprint \(digest.fingerprint)") }
        for held in plan.stillInGrace {
            guard case .grace(let end) = held.standing else { continue }
            output.line("  goes on:    fingerprint \(held.digest.fingerprint), passes until \(Self.time(end))")
        }
    }

    func finish(_ ending: Ending) throws {
        if isJSON { return try JSONOutput.print(document(ending)) }
        switch ending {
        case .dryRun: StandardStream.output.line("Dry run: nothing was changed.")
        case .declined: StandardStream.output.line("Declined: nothing was changed. Without being asked: --yes")
        case .done: next().forEach(StandardStream.output.line)
        }
    }

    private func next() -> [String] {
        guard let token else { return ["✅ Done. Gateways refuse the token within two seconds."] }
        let list = "hookgate tokens list --reveal"
        var lines = [
            "✅ Done. The new token is \(shown(token)), fingerprint \(token.digest.fingerprint). What to do next:"
        ]
        lines.append("  1. Set the new URL at Evolution API: \(url(token))")
        if !isRevealed { lines.append("     (in clear: \(list))") }
        if !isURLStated { lines.append("     (its beginning is the default; state the real one: --public-url URL)") }
        lines.append("  2. Prove the way here: hookgate test - --prod   (reads the token from standard input)")
        if let end = plan.change.replacement?.graceUntil {
            lines.append("  The old URL works until \(Self.time(end)); after that its events are quarantined.")
        } else {
            lines.append(
                "  ⚠️ The old URL is refused from now on: what Evolution sends there is lost until step 1 is done.")
        }
        return lines
    }

    private func document(_ ending: Ending) -> Document {
        // A dry run's token is nobody's: it is not printed, so that nobody puts it anywhere.
        let token = ending == .done ? self.token : nil
        return Document(
            action: kind.rawValue, outcome: ending.rawValue, integrationID: plan.holding.integrationID.text,
            instanceName: plan.holding.instanceName?.text, oldFingerprint: plan.holding.current?.fingerprint,
            oldPassesUntil: plan.change.replacement?.graceUntil, newFingerprint: token?.digest.fingerprint,
            webhookToken: token.map(shown), webhookURL: token.map(url),
            revokedFingerprints: ended.map(\.fingerprint),
            stillInGrace: plan.stillInGrace.compactMap { held in
                guard case .grace(let end) = held.standing else { return nil }
                return Document.Passing(fingerprint: held.digest.fingerprint, until: end)
            })
    }

    private func shown(_ token: WebhookToken) -> String { isRevealed ? token.secretText : token.masked }

    private func url(_ token: WebhookToken) -> String {
        isRevealed ? publicURL.webhookURL(token: token) : publicURL.maskedWebhookURL(token: token)
    }

    private static func time(_ date: Date) -> String { date.formatted(.iso8601) }
}
