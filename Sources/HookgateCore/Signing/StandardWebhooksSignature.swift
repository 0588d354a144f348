import Crypto
package import FoundationEssentials

/// The three headers by which a receiver knows that a body came from us, unchanged and just now
/// (Standard Webhooks 1.0, https://www.standardwebhooks.com).
///
///     webhook-id: 01996c1e-…
///     webhook-timestamp: 1760918400
///     webhook-signature: v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4= v1a,hnO3f9T8Ytu9…
///
/// What is signed is `<id>.<timestamp>.<body>`. The id stays the same over all attempts, so that a receiver can tell
/// that it has the event; the timestamp is the attempt's.
package enum StandardWebhooksSignature {
    package static let idHeader = "webhook-id"
    package static let timestampHeader = "webhook-timestamp"
    package static let signatureHeader = "webhook-signature"
    /// How far the sender's clock may be from the receiver's.
    package static let tolerance: TimeInterval = 5 * 60

    /// The headers of one attempt, with a signature by each of the secrets.
    package static func headers(
        id: String, at now: Date, body: some DataProtocol, secrets: SigningSecrets
    ) throws -> [(name: String, value: String)] {
        let seconds = Int64(now.timeIntervalSince1970)
        let preamble = Self.preamble(id: id, seconds: seconds)
        let signatures = try secrets.secrets.map { try $0.signature(of: preamble, body) }
        return [
            (idHeader, id), (timestampHeader, "\(seconds)"),
            (signatureHeader, signatures.joined(separator: " ")),
        ]
    }

    /// Judges what a receiver got. Any of the signatures may hold by any of the keys.
    package static func verify(
        id: String?, timestamp: String?, signature: String?, body: some DataProtocol, at now: Date,
        keys: [VerificationKey]
    ) -> SignatureVerdict {
        guard let id, !id.isEmpty, let signature, let timestamp, let seconds = Int64(timestamp) else {
            return .incomplete
        }
        guard abs(now.timeIntervalSince1970 - Double(seconds)) <= tolerance else { return .outOfTime }
        let preamble = Self.preamble(id: id, seconds: seconds)
        let holds = signature.split(separator: " ").prefix(2 * SigningSecrets.mostSecrets).contains { word in
            keys.contains { $0.isValid(word, for: preamble, body) }
        }
        return holds ? .valid : .invalid
    }

    private static func preamble(id: String, seconds: Int64) -> Data { Data("\(id).\(seconds).".utf8) }
}

/// What a receiver may think of a body.
package enum SignatureVerdict: Sendable, Equatable {
    case valid
    /// A header is missing or cannot be read.
    case incomplete
    /// Signed too long ago, or in the future: somebody may be sending an old body again.
    case outOfTime
    case invalid
}

/// What checks signatures: the public half of a key (`whpk_…`), or a secret that both sides have (`whsec_…`).
package struct VerificationKey: Sendable {
    private enum Key {
        case shared(SymmetricKey)
        case ed25519(Curve25519.Signing.PublicKey)
    }

    private let key: Key

    package init(_ text: String) throws(SigningSecretFlaw) {
        guard text.hasPrefix(SigningSecret.publicPrefix) else {
            self = VerificationKey(try SigningSecret(text))
            return
        }
        let bytes = try SigningSecret.bytes(text.dropFirst(SigningSecret.publicPrefix.utf8.count))
        guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes) else {
            throw .wrongLength(bytes: bytes.count)
        }
        self.key = .ed25519(key)
    }

    package init(_ secret: SigningSecret) {
        switch secret.key {
        case .shared(let key): self.key = .shared(key)
        case .ed25519(let key): self.key = .ed25519(key.publicKey)
        }
    }

    fileprivate func isValid(_ word: Substring, for preamble: Data, _ body: some DataProtocol) -> Bool {
        let parts = word.split(separator: ",", maxSplits: 1)
        guard parts.count == 2, parts[1].utf8.count <= 128, let signature = Data(base64Encoded: String(parts[1])) else {
            return false
        }
        switch (key, parts[0]) {
        case (.shared(let key), "v1"):
            return HMAC<SHA256>.isValidAuthenticationCode(
                signature, authenticating: preamble + body, using: key)
        case (.ed25519(let key), "v1a"): return key.isValidSignature(signature, for: preamble + body)
        default: return false
        }
    }
}

extension SigningSecret {
    fileprivate func signature(of preamble: Data, _ body: some DataProtocol) throws -> String {
        switch key {
        case .shared(let key):
            var code = HMAC<SHA256>(key: key)
            code.update(data: preamble)
            code.update(data: body)
            return "v1," + Data(code.finalize()).base64EncodedString()
        case .ed25519(let key):
            // The whole text at once: ed25519 reads it twice.
            return "v1a," + (try key.signature(for: preamble + body)).base64EncodedString()
        }
    }
}
