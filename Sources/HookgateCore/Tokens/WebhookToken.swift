import Crypto

/// The secret in a token URL. Whoever has it can post events as its clinic, so it is never printed whole
/// unless a person asks for it by name.
///
/// Two forms are valid. Ours: `hgw_`, 43 base64url characters of 32 random bytes, and the first 6 characters
/// of base64url(SHA-256(those 43 characters)); its checksum refuses garbage without I/O. And the old system's:
/// no prefix, usually 32 characters, taken as it is.
package struct WebhookToken: Sendable {
    package static let prefix = "hgw_"
    package static let randomByteCount = 32
    private static let secretLength = 43
    private static let checksumLength = 6
    /// Of a token of our form, in characters.
    static let length = prefix.utf8.count + secretLength + checksumLength
    /// A URL at Evolution may have 500 characters in all, so no working token is longer than this.
    private static let longestInherited = 256

    /// The whole text. Not called `description` on purpose: interpolating a token must not print it.
    package let secretText: String

    /// Takes a token as it stands in a URL or a database. Nil when it cannot be one: it has our prefix but not
    /// our length and checksum, or it is empty, too long, or holds control characters or slashes.
    package init?(_ text: String) {
        var text = text
        guard text.withUTF8(Self.isValid) else { return nil }
        self.secretText = text
    }

    /// What `WebhookToken(text)?.digest` is, from the text where it stands.
    static func digest(of text: Substring) -> TokenDigest? {
        var text = text
        return text.withUTF8 { isValid($0) ? TokenDigest(ofBytes: UnsafeRawBufferPointer($0)) : nil }
    }

    /// Makes a token of our form from 32 random bytes.
    package init(randomBytes: [UInt8]) {
        precondition(randomBytes.count == Self.randomByteCount, "a token is made of exactly 32 random bytes")
        let secret = Base64URL.encode(randomBytes)
        let checksum = Array(secret.utf8).withUnsafeBytes { Array(Self.checksum(of: $0)) }
        self.secretText = Self.prefix + secret + String(decoding: checksum, as: UTF8.self)
    }

    /// Whether the token carries our prefix and checksum, so that garbage of its form needs no look-up.
    package var isChecksummed: Bool { secretText.hasPrefix(Self.prefix) }

    package var digest: TokenDigest { TokenDigest(of: secretText) }

    /// Prefix and dots, for people: `hgw_AAEC…`. Never enough to use, nor to guess from: of a token of the old
    /// system at most four characters and at most a quarter.
    package var masked: String {
        String(secretText.prefix(isChecksummed ? 8 : min(4, secretText.count / 4))) + "…"
    }

    /// Whether a text that was given for something else had better not be printed: it has our prefix, or it is as long
    /// and as plain as a token of the old system.
    package static func isLikely(_ text: String) -> Bool {
        if text.hasPrefix(prefix) { return true }
        return (24...longestInherited).contains(text.utf8.count)
            && text.utf8.allSatisfy { Base64URL.isMember($0) && $0 != UInt8(ascii: "-") }
    }

    private static func isValid(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard text.starts(with: prefix.utf8) else {
            return (1...longestInherited).contains(text.count)
                && text.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "/") }
        }
        guard text.count == length, text.dropFirst(prefix.utf8.count).allSatisfy(Base64URL.isMember) else {
            return false
        }
        let secret = UnsafeBufferPointer(rebasing: text.dropFirst(prefix.utf8.count).prefix(secretLength))
        return checksum(of: UnsafeRawBufferPointer(secret)).elementsEqual(text.suffix(checksumLength))
    }

    /// Six characters are the first 36 bits of the digest.
    private static func checksum(of secret: UnsafeRawBufferPointer) -> some Sequence<UInt8> {
        let bits = TokenDigest(ofBytes: secret).firstWord
        return (1...checksumLength).lazy.map { Base64URL.character(bits >> UInt64(64 - 6 * $0)) }
    }
}

extension WebhookToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { masked }
    package var debugDescription: String { masked }
    /// Empty, so that `dump` and a failed expectation print no secret either.
    package var customMirror: Mirror { Mirror(self, children: [(label: String?, value: Any)]()) }
}

/// SHA-256 of a token: what look-ups, caches and the token ledger hold in its place.
package struct TokenDigest: Hashable, Sendable {
    package static let byteCount = 32
    private let words: (UInt64, UInt64, UInt64, UInt64)

    package init(of token: String) {
        var token = token
        self = token.withUTF8 { TokenDigest(ofBytes: UnsafeRawBufferPointer($0)) }
    }

    /// Straight from the bytes into four words: every webhook on the token route comes through here.
    fileprivate init(ofBytes bytes: UnsafeRawBufferPointer) {
        var hasher = SHA256()
        hasher.update(bufferPointer: bytes)
        self.words = hasher.finalize().withUnsafeBytes { digest in
            func word(_ start: Int) -> UInt64 {
                UInt64(bigEndian: digest.loadUnaligned(fromByteOffset: start, as: UInt64.self))
            }
            return (word(0), word(8), word(16), word(24))
        }
    }

    fileprivate var firstWord: UInt64 { words.0 }

    /// Nil unless there are exactly 32 bytes.
    package init?(bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        self.init(validated: bytes)
    }

    private init(validated bytes: [UInt8]) {
        func word(_ start: Int) -> UInt64 { bytes[start..<start + 8].reduce(0) { ($0 << 8) | UInt64($1) } }
        self.words = (word(0), word(8), word(16), word(24))
    }

    package var bytes: [UInt8] {
        [words.0, words.1, words.2, words.3].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * $0)) }
        }
    }

    /// Eight hexadecimal digits that name a token in logs and reports without helping to guess it.
    package var fingerprint: String {
        let digits = String(words.0 >> 32, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    package static func == (left: TokenDigest, right: TokenDigest) -> Bool {
        left.words == right.words
    }

    package func hash(into hasher: inout Hasher) {
        // The digest is already uniform: one word spreads as well as all four.
        hasher.combine(words.0)
    }
}
