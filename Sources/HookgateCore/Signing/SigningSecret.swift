import Crypto
import FoundationEssentials

/// A secret that signs what is sent to somebody, in the text form of Standard Webhooks.
///
/// `whsec_` and the base64 of 24 to 64 bytes is shared with the receiver and makes `v1` signatures (HMAC-SHA256).
/// `whsk_` and the base64 of an ed25519 seed makes `v1a` signatures, which the receiver checks with the public half,
/// `whpk_…`, and could not forge.
package struct SigningSecret: Sendable {
    /// The two ways in which Standard Webhooks signs.
    package enum Kind: String, Sendable, CaseIterable {
        /// `v1`: HMAC-SHA256.
        case shared
        /// `v1a`: ed25519.
        case ed25519
    }

    enum Key: Sendable {
        case shared(SymmetricKey)
        case ed25519(Curve25519.Signing.PrivateKey)
    }

    static let sharedPrefix = "whsec_"
    static let privatePrefix = "whsk_"
    static let publicPrefix = "whpk_"
    static let sharedByteCounts = 24...64
    private static let seedByteCount = 32

    /// The whole text. Not called `description` on purpose: interpolating a secret must not print it.
    package let secretText: String
    let key: Key

    /// Reads the text form. A shared secret may come without its prefix, as some panels show it.
    package init(_ text: String) throws(SigningSecretFlaw) {
        if text.hasPrefix(Self.privatePrefix) {
            let bytes = try Self.bytes(text.dropFirst(Self.privatePrefix.utf8.count))
            self.key = .ed25519(try Self.privateKey(bytes))
            self.secretText = text
        } else {
            guard !text.hasPrefix(Self.publicPrefix) else { throw .publicHalf }
            let isMarked = text.hasPrefix(Self.sharedPrefix)
            let bytes = try Self.bytes(text.dropFirst(isMarked ? Self.sharedPrefix.utf8.count : 0))
            guard Self.sharedByteCounts.contains(bytes.count) else { throw .wrongLength(bytes: bytes.count) }
            self.key = .shared(SymmetricKey(data: bytes))
            self.secretText = isMarked ? text : Self.sharedPrefix + text
        }
    }

    /// Makes a secret that nobody has had before.
    package init(minting kind: Kind) {
        switch kind {
        case .shared:
            let key = SymmetricKey(size: .bits256)
            self.key = .shared(key)
            self.secretText = Self.sharedPrefix + key.withUnsafeBytes { Data($0).base64EncodedString() }
        case .ed25519:
            let key = Curve25519.Signing.PrivateKey()
            self.key = .ed25519(key)
            self.secretText = Self.privatePrefix + key.rawRepresentation.base64EncodedString()
        }
    }

    package var kind: Kind {
        switch key {
        case .shared: .shared
        case .ed25519: .ed25519
        }
    }

    /// What the receiver needs: the public half, or the secret itself where both sides share it.
    package var verifierText: String {
        switch key {
        case .shared: secretText
        case .ed25519(let key): Self.publicPrefix + key.publicKey.rawRepresentation.base64EncodedString()
        }
    }

    /// Prefix and dots, for people: `whsec_ab12…`. Never enough to use.
    package var masked: String {
        let prefix = kind == .shared ? Self.sharedPrefix : Self.privatePrefix
        return String(secretText.prefix(prefix.count + 4)) + "…"
    }

    static func bytes(_ base64: Substring) throws(SigningSecretFlaw) -> Data {
        guard base64.utf8.count <= 128, let bytes = Data(base64Encoded: String(base64)) else { throw .notBase64 }
        return bytes
    }

    /// The seed alone, or the seed with the public key behind it, as libsodium writes it.
    private static func privateKey(_ bytes: Data) throws(SigningSecretFlaw) -> Curve25519.Signing.PrivateKey {
        guard bytes.count == seedByteCount || bytes.count == 2 * seedByteCount,
            let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes.prefix(seedByteCount))
        else { throw .wrongLength(bytes: bytes.count) }
        let publicPart = bytes.dropFirst(seedByteCount)
        guard publicPart.isEmpty || publicPart.elementsEqual(key.publicKey.rawRepresentation) else {
            throw .halvesDisagree
        }
        return key
    }
}

extension SigningSecret: Equatable {
    package static func == (left: SigningSecret, right: SigningSecret) -> Bool {
        left.secretText == right.secretText
    }
}

extension SigningSecret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { masked }
    package var debugDescription: String { masked }
    /// Empty, so that `dump` and a failed expectation print no secret either.
    package var customMirror: Mirror { Mirror(self, children: [(label: String?, value: Any)]()) }
}

/// Why a text is no secret to sign with. Holds nothing of the text.
package enum SigningSecretFlaw: Error, Equatable, CustomStringConvertible {
    case notBase64
    case wrongLength(bytes: Int)
    /// `whpk_…`: it checks signatures and makes none.
    case publicHalf
    /// The public key in it is not the one of its seed.
    case halvesDisagree
    case tooMany(limit: Int)
    case none

    package var description: String {
        switch self {
        case .notBase64:
            "it is not base64; a secret looks like whsec_… and is made with: openssl rand -base64 32"
        case .wrongLength(let bytes):
            "it holds \(bytes) bytes; whsec_ has 24 to 64 of them in base64, whsk_ has 32 or 64"
        case .publicHalf:
            "it is the public half of a key, which only checks signatures; give the one that begins with whsk_"
        case .halvesDisagree: "the public key in it does not belong to its private key"
        case .tooMany(let limit): "it names more than \(limit) secrets; keep those that are in use"
        case .none: "it names no secret"
        }
    }
}
