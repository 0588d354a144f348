/// Where and how an event is sent, as it stood when the event happened: retries after a change still go there.
struct WebhookTarget: Sendable {
    /// What the body calls `destination`.
    let base: String
    let byEvents: Bool
    let headers: [(name: String, value: String)]
    let jwtKey: String?

    /// Nil where the stored settings do not ask for this event.
    init?(stored: WireJSON, event: String, profile: ServerProfile) {
        guard stored["enabled"]?.flag == true, let url = stored["url"]?.text,
            Self.isSendable(url, profile),
            stored["events"]?.items?.contains(.text(Self.settingsName(event))) == true
        else { return nil }
        var headers: [(name: String, value: String)] = []
        var key: String?
        if profile.sendsHeaders {
            for member in stored["headers"]?.members ?? [] {
                guard let value = member.value.text else { continue }
                if profile.signsWithJWT, member.name == "jwt_key" {
                    key = value
                } else {
                    headers.append((member.name, value))
                }
            }
        }
        self.base = url
        self.byEvents = (stored["webhookByEvents"] ?? stored["webhook_by_events"])?.flag ?? false
        self.headers = headers
        self.jwtKey = key
    }

    /// The global webhook, which knows no settings.
    init(global url: String) {
        self.base = url
        self.byEvents = false
        self.headers = []
        self.jwtKey = nil
    }

    /// Put together by plain concatenation, as the server does it.
    func url(for event: String) -> String {
        byEvents ? base + "/" + Self.suffix(event) : base
    }

    /// `messages.upsert` is subscribed to as `MESSAGES_UPSERT`; `groups.update` therefore never is.
    static func settingsName(_ event: String) -> String {
        String(event.uppercased().map { $0 == "." || $0 == "-" ? "_" : $0 })
    }

    static func suffix(_ event: String) -> String {
        String(event.lowercased().map { $0 == "." || $0 == "_" ? "-" : $0 })
    }

    private static func isSendable(_ url: String, _ profile: ServerProfile) -> Bool {
        profile.checksURLWhenSet ? URLRule.accepts(url) : url.hasPrefix("http://") || url.hasPrefix("https://")
    }
}

/// The check of URLs before 2.3: hosts without a dot pass.
enum URLRule {
    static func accepts(_ url: String) -> Bool {
        guard !url.isEmpty, url.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0 != "<" && $0 != ">" }) else {
            return false
        }
        var rest = url[...]
        if let scheme = url.firstRange(of: "://") {
            guard ["http", "https", "ftp"].contains(url[..<scheme.lowerBound].lowercased()) else { return false }
            rest = url[scheme.upperBound...]
        }
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let host = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
        let parts = host.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2, let name = parts.first, parts.count < 2 || UInt16(parts[1]) != nil else { return false }
        return name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            !label.isEmpty && label.allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" }
        }
    }
}
