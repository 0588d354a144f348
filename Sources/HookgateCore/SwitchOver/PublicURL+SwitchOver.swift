extension PublicURL {
    /// Why no server may be pointed at this address.
    package enum SwitchOverFlaw: Error, Equatable, CustomStringConvertible {
        case notHTTPS
        case loopback
        case tooLong(characters: Int)

        package var description: String {
            switch self {
            case .notHTTPS:
                "it is not https, and webhooks carry patients' words; set HOOKGATE_PUBLIC_URL to the https address"
            case .loopback:
                "it is this machine's own name, which the Evolution server would take for itself; set "
                    + "HOOKGATE_PUBLIC_URL to the address at which it reaches the gateway"
            case .tooLong(let characters):
                "a webhook URL would have \(characters) characters, and Evolution stores at most "
                    + "\(EvolutionWebhookSettings.longestURL); use a shorter address"
            }
        }
    }

    /// What forbids a switch-over to this address; nil when nothing does.
    /// - Parameter token: one that the URL will hold.
    package func switchOverFlaw(token: WebhookToken) -> SwitchOverFlaw? {
        if isLoopback { return .loopback }
        if !text.lowercased().hasPrefix("https://") { return .notHTTPS }
        let length = webhookURL(token: token).count
        return length > EvolutionWebhookSettings.longestURL ? .tooLong(characters: length) : nil
    }

    /// Whether the host is this machine itself.
    package var isLoopback: Bool { Self.isLoopback(text) }

    /// Whether a URL's host is this machine itself.
    package static func isLoopback(_ url: String) -> Bool {
        guard let scheme = url.firstRange(of: "://") else { return false }
        let authority = url[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let host = authority.split(separator: "@").last ?? ""
        let address: IPAddress?
        if host.hasPrefix("[") {
            address = IPAddress(String(host.dropFirst().prefix { $0 != "]" && $0 != "%" }))
        } else {
            let name = host.prefix { $0 != ":" }.lowercased()
            let bare = name.hasSuffix(".") ? name.dropLast() : name[...]
            if ownNames.contains(bare) || bare.hasSuffix(".localhost") { return true }
            address = IPAddress(abbreviated: String(bare))
        }
        return address?.isThisMachine ?? false
    }

    private static let ownNames: Set<Substring> = [
        "localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback",
    ]
}
