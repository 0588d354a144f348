import Crypto

/// A header whose value only the integration's own Evolution server knows. We know the value's SHA-256, which is enough
/// to recognise it: the value has 256 random bits.
package struct SecretHeader: Sendable, Equatable {
    package let name: SecretHeaderName
    /// SHA-256 of the value.
    package let digest: [UInt8]

    /// Nil for a digest of another length.
    package init?(name: SecretHeaderName, digest: [UInt8]) {
        guard digest.count == SHA256.byteCount else { return nil }
        self.name = name
        self.digest = digest
    }

    package init(name: SecretHeaderName, value: String) {
        self.name = name
        self.digest = Array(SHA256.hash(data: Array(value.utf8)))
    }

    /// The first 8 hexadecimal digits of the digest: enough for people to tell values apart.
    package var fingerprint: String { Hexadecimal.encode(digest.prefix(4)) }

    func judge(_ values: [String]) -> SecondFactorOutcome {
        guard let value = values.first else { return .missing }
        // Sent twice, nobody can say which of the two the sender means.
        guard values.count == 1 else { return .wrong }
        let presented = SHA256.hash(data: Array(value.utf8))
        return ConstantTime.equal(presented, digest) ? .satisfied : .wrong
    }
}

/// A name that a secret header can have.
package struct SecretHeaderName: Sendable, Equatable {
    package static let standard = SecretHeaderName(unchecked: "X-Hookgate-Secret")
    package static let longest = 64

    /// Names that the sender, a proxy or we ourselves already give a meaning. Evolution takes `jwt_key` out.
    private static let taken: Set<String> = [
        "accept", "authorization", "connection", "cookie", "date", "expect", "forwarded", "host", "jwt_key",
        "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "user-agent", "via", "x-event-type",
        "x-hookgate-probe", "x-instance-id", "x-instance-name", "x-timestamp", "x-webhook-signature",
    ]
    private static let takenBeginnings = ["accept-", "content-", "proxy-", "sec-", "x-forwarded-"]

    package let text: String

    /// Nil for what no header can be called, and for names that mean something else.
    package init?(_ text: String) {
        let lowered = text.lowercased()
        guard (1...Self.longest).contains(text.utf8.count), text.utf8.allSatisfy(Self.isTokenCharacter),
            !Self.taken.contains(lowered), !Self.takenBeginnings.contains(where: lowered.hasPrefix)
        else { return nil }
        self.text = text
    }

    private init(unchecked text: String) {
        self.text = text
    }

    /// The letters of a header's name (RFC 9110), without the underscore, which proxies throw away.
    private static func isTokenCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default:
            "!#$%&'*+-.^`|~".utf8.contains(byte)
        }
    }
}

/// Comparison that takes as long whatever differs.
enum ConstantTime {
    static func equal(_ left: some Sequence<UInt8>, _ right: [UInt8]) -> Bool {
        var difference: UInt8 = 0
        var count = 0
        for byte in left {
            difference |= byte ^ (count < right.count ? right[count] : ~byte)
            count += 1
        }
        return difference == 0 && count == right.count
    }
}
