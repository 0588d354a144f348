import Crypto
package import FoundationEssentials

/// A key that every gateway and `hookgate test` share, to tell our own probes from traffic. Never printed.
package struct ProbeKey: Sendable {
    private let key: SymmetricKey

    /// Nil when there are fewer than 16 bytes: such a key could be guessed.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count >= 16 else { return nil }
        self.key = SymmetricKey(data: bytes)
    }

    fileprivate func code(for text: String) -> HMAC<SHA256>.MAC {
        HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: self.key)
    }

    fileprivate func isValid(_ code: [UInt8], for text: String) -> Bool {
        HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: Array(text.utf8), using: self.key)
    }
}

/// The header by which `hookgate test` proves that a webhook is its own.
///
///     X-Hookgate-Probe: v1 1760918400 4f9c1d0b… 6b1f…
///
/// The last word is HMAC-SHA256, in hexadecimal, over `v1:<seconds>:<nonce>:<SHA-256 of the body in hexadecimal>`.
/// A signature that does not hold makes the request ordinary traffic, so a guess gains nothing.
package enum ProbeSignature {
    package static let headerName = "X-Hookgate-Probe"
    /// How far the prober's clock may be from ours.
    package static let tolerance: TimeInterval = 5 * 60
    private static let version = "v1"

    /// What a request's header turned out to be.
    package enum Verdict: Sendable, Equatable {
        case absent
        case valid(nonce: String)
        case invalid
    }

    /// The header's value for a body.
    package static func sign(_ body: [UInt8], at now: Date, nonce: String, with key: ProbeKey) -> String {
        let seconds = Int64(now.timeIntervalSince1970)
        let code = key.code(for: Self.text(seconds: seconds, nonce: nonce, bodyDigest: Array(SHA256.hash(data: body))))
        return "\(Self.version) \(seconds) \(nonce) \(Hexadecimal.encode(code))"
    }

    /// Judges a header's value; any of the keys may have signed it, so that keys can be changed one by one.
    package static func verify(_ header: String?, body: [UInt8], at now: Date, with keys: [ProbeKey]) -> Verdict {
        guard let header else { return .absent }
        return Self.verify(header, bodyDigest: Array(SHA256.hash(data: body)), at: now, with: keys)
    }

    /// The same for a body of which the SHA-256 is known.
    package static func verify(
        _ header: String, bodyDigest: [UInt8], at now: Date, with keys: [ProbeKey]
    ) -> Verdict {
        let words = header.split(separator: " ", omittingEmptySubsequences: true)
        guard words.count == 4, words[0] == Self.version, let seconds = Int64(words[1]),
            abs(now.timeIntervalSince1970 - Double(seconds)) <= Self.tolerance,
            (8...64).contains(words[2].utf8.count), words[2].utf8.allSatisfy(Base64URL.isMember),
            let code = Hexadecimal.decode(words[3])
        else { return .invalid }
        let nonce = String(words[2])
        let text = Self.text(seconds: seconds, nonce: nonce, bodyDigest: bodyDigest)
        return keys.contains { $0.isValid(code, for: text) } ? .valid(nonce: nonce) : .invalid
    }

    private static func text(seconds: Int64, nonce: String, bodyDigest: [UInt8]) -> String {
        "\(Self.version):\(seconds):\(nonce):\(Hexadecimal.encode(bodyDigest))"
    }
}

private enum Hexadecimal {
    static func encode(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 0x0F)]] }, as: UTF8.self)
    }

    static func decode(_ text: some StringProtocol) -> [UInt8]? {
        let digits = text.utf8.map { Self.value($0) }
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = digits[index], let low = digits[index + 1] else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
