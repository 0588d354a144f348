package import FoundationEssentials

/// The secret of a key to console and API: `hgk_`, 43 base64url characters of 32 random bytes, and the first 6
/// characters of base64url(SHA-256(those 43)), so that a guess is refused without a look-up.
package struct AccessSecret: Sendable {
    /// What a secret is good for.
    package enum Kind: String, Sendable, CaseIterable {
        /// Bearer token of the API, and the way into the console.
        case key
        /// One sign-in to the console.
        case link

        package var prefix: String {
            switch self {
            case .key: "hgk_"
            case .link: "hgl_"
            }
        }
    }

    package static let randomByteCount = 32
    private static let secretLength = 43
    private static let checksumLength = 6

    package let kind: Kind
    /// The whole text. Not called `description` on purpose: interpolating a secret must not print it.
    package let secretText: String

    /// Nil for what cannot be one.
    package init?(_ text: String) {
        guard let kind = Kind.allCases.first(where: { text.hasPrefix($0.prefix) }) else { return nil }
        let rest = text.dropFirst(kind.prefix.count)
        let secret = rest.prefix(Self.secretLength)
        guard rest.utf8.count == Self.secretLength + Self.checksumLength, rest.utf8.allSatisfy(Base64URL.isMember),
            rest.dropFirst(Self.secretLength) == Self.checksum(String(secret))
        else { return nil }
        self.kind = kind
        self.secretText = text
    }

    package init(_ kind: Kind, randomBytes: [UInt8]) {
        precondition(randomBytes.count == Self.randomByteCount, "a key is made of exactly 32 random bytes")
        let secret = Base64URL.encode(randomBytes)
        self.kind = kind
        self.secretText = kind.prefix + secret + Self.checksum(secret)
    }

    /// A new one.
    package static func random(_ kind: Kind) -> AccessSecret {
        AccessSecret(kind, randomBytes: SystemRandom.bytes(randomByteCount))
    }

    package var digest: TokenDigest { TokenDigest(of: secretText) }

    private static func checksum(_ secret: String) -> Substring {
        Base64URL.encode(TokenDigest(of: secret).bytes).prefix(checksumLength)
    }
}

extension AccessSecret: CustomStringConvertible, CustomReflectable {
    package var description: String { kind.prefix + "…" }
    package var customMirror: Mirror { Mirror(self, children: [(label: String?, value: Any)]()) }
}

/// Bytes that nobody can guess.
package enum SystemRandom {
    package static func bytes(_ count: Int) -> [UInt8] {
        var system = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &system) }
    }
}

/// A key as it is kept: without its secret.
package struct AccessKeyRecord: Sendable, Equatable {
    package let id: AccessKeyID
    package let name: String
    /// Of a user's key always the user's, as they are now; the organization as well.
    package let role: AccessRole
    package let organization: OrganizationID?
    /// Whose personal key it is; nil for one that is nobody's.
    package let user: UserName?
    package let createdAt: Date
    package let createdBy: String
    package let expiresAt: Date?
    package let lastUsedAt: Date?
    package let revokedAt: Date?

    package init(
        id: AccessKeyID, name: String, role: AccessRole, organization: OrganizationID?, user: UserName? = nil,
        createdAt: Date, createdBy: String, expiresAt: Date? = nil, lastUsedAt: Date? = nil, revokedAt: Date? = nil
    ) {
        self.id = id
        self.name = name
        self.role = role
        self.organization = organization
        self.user = user
        self.createdAt = createdAt
        self.createdBy = createdBy
        self.expiresAt = expiresAt
        self.lastUsedAt = lastUsedAt
        self.revokedAt = revokedAt
    }

    package var visitor: Visitor {
        Visitor(
            name: self.user?.text ?? self.name, role: self.role, organization: self.organization,
            key: self.user.map { _ in self.name })
    }
}

/// A key that is to be made.
package struct AccessKeyDraft: Sendable, Equatable {
    package static let longestName = 64

    package let name: String
    package let role: AccessRole
    package let organization: OrganizationID?
    package let user: UserID?
    package let expiresAt: Date?

    /// Nil when the name is empty, too long or holds what cannot be seen.
    package init?(name: String, role: AccessRole, organization: OrganizationID? = nil, expiresAt: Date? = nil) {
        self.init(name, role, organization, nil, expiresAt)
    }

    /// A personal key, which may what the user may.
    package init?(name: String, of user: UserRecord, expiresAt: Date? = nil) {
        self.init(name, user.role, user.scope.organization, user.id, expiresAt)
    }

    private init?(
        _ name: String, _ role: AccessRole, _ organization: OrganizationID?, _ user: UserID?, _ expiresAt: Date?
    ) {
        guard (1...Self.longestName).contains(name.count), name == name.printable,
            name.contains(where: { !$0.isWhitespace })
        else { return nil }
        self.name = name
        self.role = role
        self.organization = organization
        self.user = user
        self.expiresAt = expiresAt
    }
}
