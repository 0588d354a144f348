/// What may be shown of a value that holds a secret. When in doubt it hides too much.
package enum Masking {
    package static let dots = "***"

    package static func shown(_ text: String, _ secrecy: Setting.Secrecy) -> String {
        switch secrecy {
        case .open: text
        case .secret: dots
        case .connection: connection(text)
        case .capabilityURL: schemeAndHost(text)
        }
    }

    /// A connection string without its passwords, be it a URL or libpq's `key=value` form.
    private static func connection(_ text: String) -> String {
        guard let scheme = text.firstRange(of: "://") else { return keywords(text) }
        let rest = text[scheme.upperBound...]
        // The last "@", because people leave one unescaped in passwords.
        guard let at = rest.lastIndex(of: "@") else { return text[..<scheme.upperBound] + query(rest) }
        let user = rest[..<at].prefix { $0 != ":" }
        let hasPassword = user.endIndex != at
        return text[..<scheme.upperBound] + user + (hasPassword ? ":\(dots)" : "") + query(rest[at...])
    }

    /// Hides the values of telling parameters behind `?`.
    private static func query(_ text: Substring) -> String {
        guard let mark = text.firstIndex(of: "?") else { return String(text) }
        let parameters = text[text.index(after: mark)...].split(separator: "&", omittingEmptySubsequences: false)
        let shown = parameters.map { parameter in
            let name = parameter.prefix { $0 != "=" }
            return isTelling(name) ? "\(name)=\(dots)" : String(parameter)
        }
        return text[...mark] + shown.joined(separator: "&")
    }

    /// `host=db password='two words' sslmode=require`. Text in which no such pairs are found is hidden whole.
    private static func keywords(_ text: String) -> String {
        var shown: [String] = []
        var rest = text[...]
        while let equals = rest.firstIndex(of: "=") {
            let name = rest[..<equals].split(separator: " ").last ?? ""
            rest = rest[rest.index(after: equals)...].drop { $0 == " " }
            let value = leadingValue(of: rest)
            rest = rest[value.endIndex...]
            shown.append("\(name)=\(isTelling(name) ? dots : String(value))")
        }
        return shown.isEmpty ? dots : shown.joined(separator: " ")
    }

    /// The value at the start: up to a space, or a quoted one with its quotes and escapes.
    private static func leadingValue(of text: Substring) -> Substring {
        guard text.first == "'" else { return text.prefix { $0 != " " } }
        var isEscaped = false
        for index in text.indices.dropFirst() {
            if isEscaped {
                isEscaped = false
            } else if text[index] == "\\" {
                isEscaped = true
            } else if text[index] == "'" {
                return text[...index]
            }
        }
        return text
    }

    private static func schemeAndHost(_ text: String) -> String {
        guard let scheme = text.firstRange(of: "://") else { return dots }
        let authority = text[scheme.upperBound...].prefix { !"/?#".contains($0) }
        let host = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
        return "\(text[..<scheme.upperBound])\(host)/\(dots)"
    }

    private static func isTelling(_ name: some StringProtocol) -> Bool {
        let lowered = name.lowercased()
        return ["password", "passwd", "secret", "token", "key"].contains { lowered.hasSuffix($0) }
    }
}
