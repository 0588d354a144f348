import Crypto
package import FoundationEssentials

/// The key under which Evolution signs a token into each webhook's `Authorization` header: what stands as `jwt_key`
/// among the headers of its settings. Printing it prints no part of it.
package struct EvolutionJWTKey: Sendable, Equatable {
    /// Evolution makes the token once for each event and then tries for this long; the token lives ten minutes.
    package static let retryWindow: TimeInterval = 45 * 60
    /// Evolution's are about 200 characters.
    static let longestToken = 4_096
    private static let partLimit = 64

    /// As it stands in Evolution's settings; nobody but the database and Evolution gets it.
    package let secretText: String

    /// Nil for an empty key: everybody could sign with it.
    package init?(_ text: String) {
        guard !text.isEmpty else { return nil }
        self.secretText = text
    }

    /// Judges the values of the `Authorization` header. Nothing in a token is believed before its signature holds.
    func judge(_ values: [String], at now: Date) -> SecondFactorOutcome {
        let tokens = values.compactMap(Self.bearer)
        guard let token = tokens.first else { return .missing }
        guard tokens.count == 1, let claims = self.verified(token) else { return .wrong }
        guard claims["app"]?.string == "evolution", let expiry = claims["exp"]?.numeral.flatMap({ Double($0) }),
            expiry.isFinite
        else { return .wrong }
        let age = now.timeIntervalSince1970 - expiry
        if age < 0 { return .satisfied }
        return age <= Self.retryWindow ? .late : .expired
    }

    /// Another scheme is somebody else's business: a URL with a password has the sender say `Basic`.
    private static func bearer(_ value: String) -> Substring? {
        let words = value.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
        guard let scheme = words.first, scheme.lowercased() == "bearer" else { return nil }
        return words.count == 2 ? words[1].drop { $0 == " " } : ""
    }

    /// The claims of a token that this key has signed with HS256; nil for any other.
    private func verified(_ token: Substring) -> JSONValue? {
        guard token.utf8.count <= Self.longestToken else { return nil }
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let signature = Base64URL.decode(parts[2].utf8) else { return nil }
        let signed = Array(token.utf8.dropLast(parts[2].utf8.count + 1))
        let key = SymmetricKey(data: Array(secretText.utf8))
        guard HMAC<SHA256>.isValidAuthenticationCode(signature, authenticating: signed, using: key) else { return nil }
        guard let head = Self.object(parts[0]), head["alg"]?.string == "HS256", head["crit"] == nil else { return nil }
        return Self.object(parts[1])
    }

    private static func object(_ part: Substring) -> JSONValue? {
        guard let bytes = Base64URL.decode(part.utf8),
            let root = try? JSONDocument(bytes, partLimit: partLimit).root, root.isObject
        else { return nil }
        return root
    }
}

extension EvolutionJWTKey: CustomStringConvertible, CustomReflectable {
    package var description: String { "***" }

    package var customMirror: Mirror { Mirror(self, children: []) }
}
