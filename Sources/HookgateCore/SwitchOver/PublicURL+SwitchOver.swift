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
        let isBracketed = host.hasPrefix("[")
        let name = isBracketed ? host.dropFirst().prefix { $0 != "]" } : host.prefix { $0 != ":" }
        return isBracketed ? isLoopback(sixthVersion: name.lowercased()) : isLoopback(name: name.lowercased())
    }

    private static let ownNames: Set<Substring> = [
        "localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback",
    ]

    private static func isLoopback(name: String) -> Bool {
        let name = name.hasSuffix(".") ? name.dropLast() : name[...]
        return ownNames.contains(name) || name.hasSuffix(".localhost") || isLoopback(fourthVersion: name)
    }

    /// 127.0.0.0/8, and 0.0.0.0/8, which leads there as well; also written with fewer numbers, or in hexadecimal.
    private static func isLoopback(fourthVersion text: Substring) -> Bool {
        let numbers = text.split(separator: ".", omittingEmptySubsequences: false).map { part in
            part.hasPrefix("0x") ? UInt32(part.dropFirst(2), radix: 16) : UInt32(part)
        }
        guard let first = numbers.first.flatMap(\.self), numbers.count <= 4, !numbers.contains(nil) else {
            return false
        }
        return [0, 127].contains(numbers.count == 1 ? first >> 24 : first)
    }

    /// `::1` and `::`, and what stands for an address of the fourth version.
    private static func isLoopback(sixthVersion text: String) -> Bool {
        let text = text.prefix { $0 != "%" }
        let groups = text.split(separator: ":").drop { UInt16($0, radix: 16) == 0 }
        guard let first = groups.first, !text.hasSuffix("::") else { return groups.isEmpty }
        if groups.count == 1 {
            return first.contains(".") ? isLoopback(fourthVersion: first) : UInt16(first, radix: 16) == 1
        }
        guard first == "ffff", let second = groups.dropFirst().first else { return false }
        if groups.count == 2 { return isLoopback(fourthVersion: second) }
        return groups.count == 3 && UInt16(second, radix: 16).map { [0, 127].contains($0 >> 8) } ?? false
    }
}
