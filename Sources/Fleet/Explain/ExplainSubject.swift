package import HookgateCore

/// What a person gave `hookgate explain`, as far as its text alone tells.
///
/// A text that is no token of our form and no URL may be a name or a token of the old system: only a look-up tells, and
/// until then it is as secret as a token.
package enum ExplainSubject: Sendable {
    case event(EventID)
    /// A token, and the by-events suffix of the URL it stood in.
    case token(WebhookToken, suffix: String?)
    /// Shaped like a token, and none: its checksum is wrong, or it cannot stand in a URL.
    case impossibleToken
    /// A name in a URL.
    case instance(InstanceName, suffix: String?)
    case nameOrToken(String)
    /// A URL of a webhook that names nobody.
    case body
    /// A URL whose path is no webhook's.
    case otherPath
    case nothing

    /// Reads the text. Pure.
    package init(_ text: String) {
        let text = String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
        if text.isEmpty {
            self = .nothing
        } else if let id = EventID(text) {
            self = .event(id)
        } else if let target = Self.requestTarget(in: text) {
            self = Self.subject(ofTarget: target)
        } else if text.hasPrefix(WebhookToken.prefix) {
            self = WebhookToken(text).map { .token($0, suffix: nil) } ?? .impossibleToken
        } else {
            self = .nameOrToken(text)
        }
    }

    private static func subject(ofTarget target: String) -> ExplainSubject {
        guard let address = WebhookAddress(requestTarget: target) else { return .otherPath }
        switch address.target {
        case .instance(let name): return .instance(name, suffix: address.eventSuffix)
        case .body: return .body
        case .token(let text):
            return WebhookToken(text.text).map { .token($0, suffix: address.eventSuffix) } ?? .impossibleToken
        }
    }

    /// The path of a whole URL, or a path; nil for what is neither.
    private static func requestTarget(in text: String) -> String? {
        if let scheme = ["https://", "http://"].first(where: text.lowercased().hasPrefix) {
            let rest = text.dropFirst(scheme.count)
            return rest.firstIndex(of: "/").map { String(rest[$0...]) } ?? "/"
        }
        if text.hasPrefix("/") { return text }
        // A host without a scheme, as chats and dashboards shorten them.
        guard let path = text.firstRange(of: "/webhooks/evolution/") else { return nil }
        return String(text[path.lowerBound...])
    }
}
