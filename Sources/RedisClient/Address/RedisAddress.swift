/// Where a Redis server is and who asks: what a Redis URL says.
///
/// - `redis://[[user]:password@]host[:6379][/database]`, `rediss://…` for TLS
/// - `redis+unix://[[user]:password@]/path/to/redis.sock[?db=1]`
///
/// Parameters: `db`, and with TLS `cacert`, a PEM file of authorities to trust in place of the system's.
package struct RedisAddress: Sendable, Equatable {
    package enum Endpoint: Sendable, Equatable {
        case host(String, port: Int)
        case socket(path: String)
    }

    package struct Credentials: Sendable, Equatable {
        /// Nil for servers that know one password and no users.
        package let user: String?
        package let password: String
    }

    package let endpoint: Endpoint
    package let usesTLS: Bool
    package let credentials: Credentials?
    package let database: Int
    package let authoritiesFile: String?

    private static let standardPort = 6379

    /// Reads a URL. What it throws repeats nothing of the text, because a password may stand anywhere in it.
    package init(_ text: String) throws(RedisAddressFlaw) {
        guard let separator = text.firstRange(of: "://") else { throw .scheme }
        let scheme = text[..<separator.lowerBound].lowercased()
        guard ["redis", "rediss", "redis+unix"].contains(scheme) else { throw .scheme }
        // The last "@", because people leave one unescaped in passwords.
        var rest = text[separator.upperBound...]
        if let at = rest.lastIndex(of: "@") {
            self.credentials = try Self.credentials(rest[..<at])
            rest = rest[rest.index(after: at)...]
        } else {
            self.credentials = nil
        }
        let mark = rest.firstIndex { $0 == "?" || $0 == "#" } ?? rest.endIndex
        guard mark == rest.endIndex || rest[mark] == "?" else { throw .fragment }
        var parameters = try Self.parameters(rest[mark...].dropFirst())
        var path = rest[..<mark]
        if scheme == "redis+unix" {
            let socket = try Self.decoded(path)
            guard socket.hasPrefix("/"), socket.utf8.count > 1 else { throw .noSocket }
            self.endpoint = .socket(path: socket)
        } else {
            let slash = path.firstIndex(of: "/") ?? path.endIndex
            self.endpoint = try Self.host(path[..<slash])
            path = path[slash...].dropFirst()
            if !path.isEmpty {
                guard parameters["db"] == nil else { throw .database }
                parameters["db"] = String(path)
            }
        }
        self.usesTLS = scheme == "rediss"
        self.database = try Self.database(parameters["db"])
        self.authoritiesFile = parameters["cacert"]
        guard self.authoritiesFile == nil || self.usesTLS else { throw .authoritiesWithoutTLS }
    }

    private static func credentials(_ text: Substring) throws(RedisAddressFlaw) -> Credentials? {
        if text.isEmpty { return nil }
        guard let colon = text.firstIndex(of: ":") else { throw .userWithoutPassword }
        let user = try self.decoded(text[..<colon])
        let password = try self.decoded(text[colon...].dropFirst())
        guard !password.isEmpty else { throw .userWithoutPassword }
        return Credentials(user: user.isEmpty ? nil : user, password: password)
    }

    private static func host(_ text: Substring) throws(RedisAddressFlaw) -> Endpoint {
        var name = text
        var port = Self.standardPort
        // An IPv6 address stands in brackets, and has colons of its own.
        let afterBrackets = text.lastIndex(of: "]") ?? text.startIndex
        if let colon = text[afterBrackets...].lastIndex(of: ":") {
            name = text[..<colon]
            let digits = text[colon...].dropFirst()
            guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(digits),
                (1...65_535).contains(number)
            else { throw .port }
            port = number
        }
        if name.hasPrefix("["), name.hasSuffix("]") { name = name.dropFirst().dropLast() }
        guard !name.isEmpty, !name.contains(where: { $0.isWhitespace || $0 == "[" || $0 == "]" }) else { throw .noHost }
        return .host(String(name), port: port)
    }

    private static func parameters(_ text: Substring) throws(RedisAddressFlaw) -> [String: String] {
        var found: [String: String] = [:]
        for pair in text.split(separator: "&") {
            guard let equals = pair.firstIndex(of: "=") else { throw .parameter }
            let name = String(pair[..<equals])
            guard ["db", "cacert"].contains(name), found[name] == nil else { throw .parameter }
            found[name] = try self.decoded(pair[equals...].dropFirst())
        }
        return found
    }

    private static func database(_ text: String?) throws(RedisAddressFlaw) -> Int {
        guard let text else { return 0 }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text), number <= 65_535 else {
            throw .database
        }
        return number
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        UnicodeScalar(byte).properties.isASCIIHexDigit ? UInt8(String(UnicodeScalar(byte)), radix: 16) : nil
    }

    /// Takes `%40` for `@`, and so on.
    private static func decoded(_ text: Substring) throws(RedisAddressFlaw) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(Self.hexadecimal),
                let low = rest.popFirst().flatMap(Self.hexadecimal)
            else { throw .escape }
            bytes.append(high << 4 | low)
        }
        guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else { throw .escape }
        return text
    }
}

extension RedisAddress: CustomStringConvertible, CustomReflectable {
    /// Without user and password, for logs.
    package var description: String {
        let scheme = self.usesTLS ? "rediss" : "redis"
        return switch self.endpoint {
        case .host(let name, let port):
            "\(scheme)://\(name.contains(":") ? "[\(name)]" : name):\(port)/\(self.database)"
        case .socket(let path): "redis+unix://\(path)?db=\(self.database)"
        }
    }

    package var customMirror: Mirror { Mirror(self, children: []) }
}
