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
