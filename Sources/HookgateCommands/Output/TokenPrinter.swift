import Fleet
import HookgateCore

/// Prints the token list in the guide's layout, or as JSON.
final class TokenPrinter {
    enum Format {
        case text
        case json
    }

    private struct Row: Encodable {
        let clinicID: String?
        let clinicName: String?
        let instanceName: String?
        let integrationID: String
        let phoneNumber: String?
        let status: String?
        let enabled: Bool
        let webhookToken: String?
        let webhookURL: String?
        let problem: String?
    }

    private struct Document: Encodable {
        let count: Int
        let withoutToken: Int
        let malformed: Int
        let exportedTo: String?
        let integrations: [Row]
    }

    private let publicURL: PublicURL
    private let isRevealed: Bool
    private let isVerbose: Bool
    private let isNarrowed: Bool
    private let format: Format
    private var rows: [Row] = []

    init(publicURL: PublicURL, isRevealed: Bool, isVerbose: Bool, isNarrowed: Bool, output: Format) {
        self.publicURL = publicURL
        self.isRevealed = isRevealed
        self.isVerbose = isVerbose
        self.isNarrowed = isNarrowed
        self.format = output
    }

    func print(_ entry: TokenList.Entry) throws {
        switch format {
        case .json: rows.append(row(entry))
        case .text: lines(entry).forEach(StandardStream.output.line)
        }
    }

    func finish(_ summary: TokenList.Summary, exportedTo path: String?) throws {
        switch format {
        case .json:
            try JSONOutput.print(
                Document(
                    count: summary.count, withoutToken: summary.withoutToken, malformed: summary.malformed,
                    exportedTo: path, integrations: rows))
        case .text:
            closing(summary, exportedTo: path).forEach(StandardStream.output.line)
        }
    }

    private func row(_ entry: TokenList.Entry) -> Row {
        let integration = entry.integration
        let token = try? entry.token.get()
        return Row(
            clinicID: integration.clinicID?.text, clinicName: integration.clinicName,
            instanceName: integration.instanceName?.text, integrationID: integration.id.text,
            phoneNumber: integration.phoneNumber, status: integration.status, enabled: integration.isEnabled,
            webhookToken: token.map(shown), webhookURL: token.map(url), problem: entry.problem.map(Self.problem))
    }

    private func lines(_ entry: TokenList.Entry) -> [String] {
        let integration = entry.integration
        var lines = [
            "[\(entry.number)] \(integration.title.printable)",
            "    Clinic ID: \(integration.clinicID?.text ?? "none yet")",
            "    Instance: \(integration.instanceName?.description ?? "none in config")",
            "    Status: \(integration.status ?? "none") | Enabled: \(GuideLayout.truth(integration.isEnabled))",
            "    Phone: \(integration.phoneNumber ?? "unknown")",
            "",
        ]
        switch entry.token {
        case .success(let token):
            lines += [
                "    🔑 Webhook Token:", "       \(shown(token))", "", "    🔗 Webhook URL:", "       \(url(token))", "",
            ]
            if isVerbose { lines += steps(integration, token) }
        case .failure(let found):
            lines += ["    ❌ \(Self.advice(found.problem))", ""]
        }
        return lines
    }

    private func closing(_ summary: TokenList.Summary, exportedTo path: String?) -> [String] {
        if summary.count == 0 {
            if isNarrowed { return ["This clinic has no WhatsApp integration. All of them: hookgate tokens"] }
            return ["No WhatsApp integrations yet. Legacy instances to take over? See: hookgate check"]
        }
        var lines = ["\(summary.count) integrations."]
        if !isRevealed, summary.count > summary.withoutToken + summary.malformed {
            lines.append("Tokens are masked; --reveal shows them.")
        }
        if let path { lines.append("Written in clear to \(path), readable by you alone. Delete it when you are done.") }
        if summary.needsAttention {
            lines.append("⚠️ \(summary.withoutToken) without a token, \(summary.malformed) malformed: see above.")
        }
        return lines
    }

    private func steps(_ integration: IntegrationRecord, _ token: WebhookToken) -> [String] {
        let instance = integration.instanceName.map { PercentEncoding.encode($0.text) } ?? "INSTANCE"
        return [
            "    To receive on this URL, set it at Evolution API (2.1.1 or later; POST, with these names):",
            "       curl -X POST \"$EVOLUTION_API_URL/webhook/set/\(instance)\" \\",
            "         -H \"apikey: $EVOLUTION_API_KEY\" -H \"Content-Type: application/json\" \\",
            "         -d '{\"webhook\":{\"enabled\":true,\"url\":\"\(url(token))\",",
            "              \"byEvents\":false,\"base64\":false,\"events\":[\"MESSAGES_UPSERT\",\"CONNECTION_UPDATE\"]}}'",
            "    then check what it kept: curl -H \"apikey: $EVOLUTION_API_KEY\" "
                + "\"$EVOLUTION_API_URL/webhook/find/\(instance)\"",
            "    and prove the way here: hookgate test - --prod   (reads the token from standard input)",
            "",
        ]
    }

    private func shown(_ token: WebhookToken) -> String { isRevealed ? token.secretText : token.masked }

    private func url(_ token: WebhookToken) -> String {
        isRevealed ? publicURL.webhookURL(token: token) : publicURL.maskedWebhookURL(token: token)
    }

    private static func problem(_ problem: TokenList.Problem) -> String {
        switch problem {
        case .missing: "missing"
        case .malformed: "malformed"
        }
    }

    private static func advice(_ problem: TokenList.Problem) -> String {
        switch problem {
        case .missing:
            "No webhook token. Make one: hookgate schema apply 20251020_add_webhook_tokens_to_integrations.sql"
        case .malformed:
            "The token begins with hgw_ but its checksum is wrong, so the gateway refuses it. It was changed by "
                + "hand: set webhook_token to NULL and run hookgate schema apply "
                + "20251020_add_webhook_tokens_to_integrations.sql to get a new one."
        }
    }
}
