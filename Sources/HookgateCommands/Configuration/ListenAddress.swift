/// Where a server listens: `127.0.0.1:8080`, `[::]:8080`, `localhost:0`.
package struct ListenAddress: Sendable, Equatable {
    package let host: String
    /// 0 lets the system choose.
    package let port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    init(configured text: String) throws(InvalidSetting) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            throw InvalidSetting(
                "\"\(text)\" is not an address with a port from 0 to 65535; "
                    + "write it as 127.0.0.1:8080 (in PORT, the number alone)")
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            throw InvalidSetting("\"\(text)\" is ambiguous; write an IPv6 address in brackets, as [::1]:8080")
        }
        guard !host.isEmpty, !host.contains(where: { $0.isWhitespace || $0 == "/" }) else {
            throw InvalidSetting("\"\(text)\" names no host; 0.0.0.0:\(port) listens on every address")
        }
        self.init(host: String(host), port: Int(port))
    }
}

extension ListenAddress: CustomStringConvertible {
    package var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}

extension ListenAddress {
    /// How a client on this machine reaches it: an address that means "all of them" is none to connect to.
    var reachableText: String {
        switch host {
        case "0.0.0.0": "127.0.0.1:\(port)"
        case "::": "[::1]:\(port)"
        default: description
        }
    }
}
