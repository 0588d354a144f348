/// What a webhook's URL says by its path.
package enum WebhookURLKind: Sendable, Equatable {
    /// The old route of this very instance, on whatever host, or one of the still older routes that named nobody.
    case legacy
    /// A token URL, of whichever token.
    case token(String)
    case other

    package init(_ url: String, instance: InstanceName) {
        switch WebhookAddress(url: url)?.target {
        case .body: self = .legacy
        case .instance(let name) where name == instance: self = .legacy
        case .token(let token) where WebhookToken(token.text) != nil: self = .token(token.text)
        default: self = .other
        }
    }

    /// The URL for eyes and logs: a token is masked, and of a foreign URL only the host is shown, since anything behind
    /// it may be a secret.
    package func masked(_ url: String) -> String {
        switch self {
        case .legacy: return url
        case .token(let token):
            guard let place = url.firstRange(of: token), let known = WebhookToken(token) else { return "***" }
            return url[..<place.lowerBound] + known.masked + url[place.upperBound...]
        case .other:
            guard let scheme = url.firstRange(of: "://") else { return "***" }
            let authority = url[scheme.upperBound...].prefix { !"/?#".contains($0) }
            return url[..<scheme.upperBound] + (authority.split(separator: "@").last ?? "") + "/…"
        }
    }
}

extension WebhookFinding {
    /// What the settings of an instance amount to, where `url` is the one that should stand there.
    package init(_ settings: EvolutionWebhookSettings, of instance: InstanceName, url: String) {
        if !settings.isEnabled {
            self = .silent
        } else if settings.events.isEmpty {
            self = .eventsMissing
        } else if settings.url.isSameText(as: url) {
            self = .inStep
        } else {
            self =
                switch WebhookURLKind(settings.url, instance: instance) {
                case .legacy: .onOldURL
                case .token: .onOtherToken
                case .other: .elsewhere
                }
        }
    }
}
