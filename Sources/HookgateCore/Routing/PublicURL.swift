/// The address under which the outside reaches the gateway, without a slash at its end.
package struct PublicURL: Sendable, Equatable {
    package let text: String

    /// Why a text is no usable base for webhook URLs.
    package enum Flaw: Error, Equatable, CustomStringConvertible {
        case notHTTP
        case hasQueryOrFragment
        case noHost
        /// The whole webhook URL was given: its token would be printed with it.
        case hasWebhookPath
        case tooLong(limit: Int)

        package var description: String {
            switch self {
            case .notHTTP: "it must begin with http:// or https://"
            case .hasQueryOrFragment: "it must not contain '?' or '#': the webhook path is appended to it"
            case .noHost: "it names no host"
            case .hasWebhookPath: "give the part before /webhooks/evolution only; the rest is appended to it"
            case .tooLong(let limit): "it is longer than \(limit) characters"
            }
        }
    }

    /// Evolution stores at most 500 characters of URL, and the path with a token takes up to 90 of them.
    private static let longest = 400

    package init(_ text: String) throws(Flaw) {
        let trimmed = String(text.reversed().drop { $0 == "/" }.reversed())
        guard trimmed.utf8.count <= Self.longest else { throw .tooLong(limit: Self.longest) }
        guard let scheme = ["https://", "http://"].first(where: trimmed.lowercased().hasPrefix) else { throw .notHTTP }
        guard !trimmed.contains(where: { $0 == "?" || $0 == "#" }) else { throw .hasQueryOrFragment }
        guard let first = trimmed.dropFirst(scheme.count).first, first != "/", first != ":" else { throw .noHost }
        guard trimmed.firstRange(of: "/webhooks/") == nil else { throw .hasWebhookPath }
        self.text = trimmed
    }

    /// The token URL: what goes into Evolution's webhook settings.
    package func webhookURL(token: WebhookToken) -> String {
        text + "/webhooks/evolution/whatsapp/" + PercentEncoding.encode(token.secretText)
    }

    /// The same with the token masked, for eyes and logs.
    package func maskedWebhookURL(token: WebhookToken) -> String {
        text + "/webhooks/evolution/whatsapp/" + token.masked
    }

    /// The legacy URL of an instance.
    package func webhookURL(instance: InstanceName) -> String {
        text + "/webhooks/evolution/" + PercentEncoding.encode(instance.text)
    }
}
