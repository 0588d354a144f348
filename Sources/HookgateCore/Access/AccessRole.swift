/// What somebody may do in console and API. Each role includes those before it.
package enum AccessRole: String, Sendable, CaseIterable, Comparable, Codable {
    /// Looks, and sees nobody's words.
    case viewer
    /// Decides over events, integrations and the migration, and may see words in clear, which is noted.
    case `operator`
    /// Gives and takes away access as well.
    case admin

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    package static func < (left: AccessRole, right: AccessRole) -> Bool { left.rank < right.rank }
}

/// Who is asking, once that is proven.
package struct Visitor: Sendable, Equatable {
    /// Names the user, or the key that is nobody's, for the audit log.
    package let name: String
    package let role: AccessRole
    /// The one organization that it may see; nil for all.
    package let organization: OrganizationID?
    /// Of a user: by which key or link they came. Nil where the name is the key's own.
    package let key: String?

    package init(name: String, role: AccessRole, organization: OrganizationID?, key: String? = nil) {
        self.name = name
        self.role = role
        self.organization = organization
        self.key = key
    }

    /// For people: `the key desk`, `the user ana`.
    package var title: String { "the \(self.key == nil ? "key" : "user") \(self.name)" }

    /// Whoever has the token of the configuration (`HOOKGATE_ADMIN_TOKEN`).
    package static let configured = Visitor(name: "configured token", role: .admin, organization: nil)
}
