import FoundationEssentials

/// The address of a destination that is a web server, taken apart and spelt in one way, so that the host that is
/// looked up, the one that is connected to and the one whose certificate is checked are the same.
///
/// `{instance}` anywhere in the path stands for the instance's name.
package struct DeliveryURL: Sendable, Equatable {
    package static let instanceMark = "{instance}"
    private static let longest = 2_000

    package enum Scheme: String, Sendable {
        case http, https

        package var port: Int { self == .http ? 80 : 443 }
    }

    package let scheme: Scheme
    /// Lower case; an IPv6 address without its brackets.
    package let host: String
    package let port: Int
    /// From the slash on; empty where the address has none.
    package let path: String
    /// With its question mark; empty where there is none.
    package let query: String
    /// `user:password`, decoded, for the `Authorization` header.
    package let credentials: String?

    /// Reads an address. Nothing of it is in the error: it may hold a password.
    package init(_ text: String) throws(DeliveryURLFlaw) {
        guard text.utf8.count <= Self.longest else { throw .tooLong(limit: Self.longest) }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }) else { throw .notPlain }
        guard let mark = text.firstRange(of: "://"),
            let scheme = Scheme(rawValue: text[..<mark.lowerBound].lowercased())
        else { throw .notHTTP }
        let rest = text[mark.upperBound...]
        guard !rest.contains("#") else { throw .hasFragment }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let target = rest[authority.endIndex...]
        let path = target.prefix { $0 != "?" }
        let at = authority.lastIndex(of: "@")
        let (host, port) = try Self.hostAndPort(at.map { authority[authority.index(after: $0)...] } ?? authority)
        self.scheme = scheme
        self.host = host
        self.port = port ?? scheme.port
        self.path = String(path)
        self.query = String(target[path.endIndex...])
        self.credentials = try at.map { (index) throws(DeliveryURLFlaw) in
            guard let decoded = PercentEncoding.decode(Array(authority[..<index].utf8)) else { throw .notPlain }
            return decoded
        }
    }

    private static func hostAndPort(_ text: Substring) throws(DeliveryURLFlaw) -> (String, Int?) {
        let host: Substring
        let rest: Substring
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]") else { throw .noHost }
            host = text[text.index(after: text.startIndex)..<end]
            rest = text[text.index(after: end)...]
            guard IPAddress(String(host)) != nil else { throw .noHost }
        } else {
            host = text.prefix { $0 != ":" }
            rest = text[host.endIndex...]
            guard (1...253).contains(host.utf8.count),
                host.utf8.allSatisfy({ Base64URL.isMember($0) || $0 == UInt8(ascii: ".") })
            else { throw .noHost }
        }
        guard !rest.isEmpty else { return (host.lowercased(), nil) }
        guard rest.first == ":", let port = Int(rest.dropFirst()), (1...65_535).contains(port) else { throw .badPort }
        return (host.lowercased(), port)
    }

    /// The address for one event: with the format's path where this one has none of its own, and the name put in.
    package func text(_ path: DeliveryPath) -> String {
        let own =
            self.path.hasSuffix("/") && !path.suffix.isEmpty || self.path == "/" ? self.path.dropLast() : self.path[...]
        let template = own.isEmpty ? path.original : own + path.suffix
        let filled = template.replacing(Self.instanceMark, with: path.instance)
        return "\(origin)\(filled.isEmpty ? "/" : filled)\(query)"
    }

    /// Scheme, host and port: what may be shown and compared.
    package var origin: String {
        let shownHost = host.contains(":") ? "[\(host)]" : host
        return "\(scheme.rawValue)://\(shownHost)\(port == scheme.port ? "" : ":\(port)")"
    }
}

/// What the format adds to a destination's address.
package struct DeliveryPath: Sendable, Equatable {
    /// The whole path for a destination that names only its host; empty for a format that needs none.
    let original: String
    /// What Evolution would append in by-events mode, with its slash.
    let suffix: String
    /// The instance's name as one path segment.
    let instance: String

    init(_ task: DeliveryTask) {
        self.instance = Self.segment(task.event.instanceName?.text ?? "unknown")
        if task.destination.format == .evolution {
            self.suffix = task.event.eventSuffix.map { "/" + PercentEncoding.encode($0) } ?? ""
            self.original = "/webhooks/evolution/\(DeliveryURL.instanceMark)" + suffix
        } else {
            self.suffix = ""
            self.original = ""
        }
    }

    /// One segment that no client takes for the way up.
    private static func segment(_ name: String) -> String {
        name.allSatisfy { $0 == "." } ? name.replacing(".", with: "%2E") : PercentEncoding.encode(name)
    }
}

/// Why a text is no address of a destination. Holds nothing of it.
package enum DeliveryURLFlaw: Error, Sendable, Equatable, CustomStringConvertible {
    case notHTTP
    case noHost
    case badPort
    case hasFragment
    case notPlain
    case tooLong(limit: Int)

    package var description: String {
        switch self {
        case .notHTTP: "it must begin with http:// or https://"
        case .noHost: "it names no host; names outside ASCII are written as xn--…"
        case .badPort: "its port is no number from 1 to 65535"
        case .hasFragment: "it must not contain '#': nobody would receive that part"
        case .notPlain: "it has characters that no address has; write them as %20 and the like"
        case .tooLong(let limit): "it is longer than \(limit) characters"
        }
    }
}
