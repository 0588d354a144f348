package import FoundationEssentials

/// What a user is called: in commands, in addresses and in the audit log. Lower case alone, so that no two look alike, and
/// without a space, so that it is nothing else that the audit log names.
package struct UserName: Hashable, Sendable {
    package static let longest = 64
    /// For people who chose another.
    package static let form =
        "from 1 to \(longest) of a-z, 0-9 and . _ @ + -, the first a letter or a digit"

    package let text: String

    /// Nil for what cannot be one.
    package init?(_ text: String) {
        guard (1...Self.longest).contains(text.utf8.count), let first = text.utf8.first, Self.isWord(first),
            text.utf8.allSatisfy({ Self.isWord($0) || "._@+-".utf8.contains($0) })
        else { return nil }
        self.text = text
    }

    /// As it stands in the table, whose constraint holds it to this form.
    package init(kept text: String) {
        self.text = text
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}

/// Whose data somebody may see.
package enum AccessScope: Sendable, Equatable {
    case everything
    case one(OrganizationID)

    package init(_ organization: OrganizationID?) {
        self = organization.map { .one($0) } ?? .everything
    }

    /// `all`, or the organization's id; nil for anything else.
    package init?(_ text: String) {
        if text == "all" {
            self = .everything
        } else {
            guard let id = OrganizationID(text) else { return nil }
            self = .one(id)
        }
    }

    /// Nil for all.
    package var organization: OrganizationID? {
        if case .one(let id) = self { id } else { nil }
    }

    /// For people.
    package var words: String {
        self.organization.map { "organization \($0.text)" } ?? "everything"
    }
}

/// A person who has access: by personal keys and by links, never by a password.
package struct UserRecord: Sendable, Equatable {
    package let id: UserID
    package let name: UserName
    package let displayName: String?
    package let role: AccessRole
    package let scope: AccessScope
    package let createdAt: Date
    package let createdBy: String
    package let disabledAt: Date?
    package let disabledBy: String?
    /// The last use of any key or link of theirs.
    package let lastSeenAt: Date?
    /// Keys that are good.
    package let keys: Int

    package init(
        id: UserID, name: UserName, displayName: String?, role: AccessRole, scope: AccessScope, createdAt: Date,
        createdBy: String, disabledAt: Date? = nil, disabledBy: String? = nil, lastSeenAt: Date? = nil, keys: Int = 0
    ) {
        self.id = id
        self.name = name
        self.displayName = displayName
        self.role = role
        self.scope = scope
        self.createdAt = createdAt
        self.createdBy = createdBy
        self.disabledAt = disabledAt
        self.disabledBy = disabledBy
        self.lastSeenAt = lastSeenAt
        self.keys = keys
    }

    package var isDisabled: Bool { self.disabledAt != nil }

    /// Their name and, where it is known, what people call them.
    package var title: String {
        self.displayName.map { "\(self.name.text) (\($0))" } ?? self.name.text
    }
}

/// A user who is to be made.
package struct UserDraft: Sendable, Equatable {
    package let name: UserName
    package let displayName: String?
    package let role: AccessRole
    package let scope: AccessScope

    /// Nil when the display name is none.
    package init?(_ name: UserName, displayName: String? = nil, role: AccessRole, scope: AccessScope) {
        guard displayName.map(DisplayName.isOne) ?? true else { return nil }
        self.name = name
        self.displayName = displayName
        self.role = role
        self.scope = scope
    }
}

/// What changes about a user; what is nil stays as it is.
package struct UserChange: Sendable, Equatable {
    package var role: AccessRole?
    package var scope: AccessScope?
    /// The empty one takes it away.
    package var displayName: String?
    package var isDisabled: Bool?

    package init(
        role: AccessRole? = nil, scope: AccessScope? = nil, displayName: String? = nil, isDisabled: Bool? = nil
    ) {
        self.role = role
        self.scope = scope
        self.displayName = displayName
        self.isDisabled = isDisabled
    }

    package var isEmpty: Bool { self == UserChange() }
}

/// What people call somebody.
package enum DisplayName {
    package static let longest = 100

    package static func isOne(_ text: String) -> Bool {
        (1...Self.longest).contains(text.count) && text == text.printable && text.contains { !$0.isWhitespace }
    }
}

/// A link that signs a user in once.
package enum Invitation {
    package static let usual = Duration.seconds(86_400)
    package static let longest = Duration.seconds(30 * 86_400)
    /// As the audit log calls the link.
    package static let label = "invitation"
}
