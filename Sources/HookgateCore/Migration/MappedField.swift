/// A field of an integration that the migration fills from the old system.
package enum MappedField: Sendable, Hashable {
    case organization
    case clinic
    case status
    case enabled
    case phoneNumber
    case displayName
    case connectedAt
    case lastSeenAt
    case createdAt
    /// One member of `config`.
    case config(String)

    /// The two members that name the instance; the old system read one on each route, so both are written.
    package static let instanceNameKeys = ["instance_name", "instance"]

    package init(name: String) {
        switch name {
        case "organization_id": self = .organization
        case "clinic_id": self = .clinic
        case "status": self = .status
        case "enabled": self = .enabled
        case "phone_number": self = .phoneNumber
        case "display_name": self = .displayName
        case "connected_at": self = .connectedAt
        case "last_seen_at": self = .lastSeenAt
        case "created_at": self = .createdAt
        default: self = .config(name.hasPrefix("config.") ? String(name.dropFirst("config.".count)) : name)
        }
    }

    /// The columns, by name.
    package static let columns: [MappedField] = [
        .organization, .clinic, .status, .enabled, .phoneNumber, .displayName, .connectedAt, .lastSeenAt, .createdAt,
    ]

    /// A field as a person writes it: a column's name, or `config.` and a key. Nil for anything else.
    package init?(written name: String) {
        let field = MappedField(name: name)
        guard field.name == name, !name.hasSuffix("config.") else { return nil }
        self = field
    }

    /// The column, or `config.` and the member's key.
    package var name: String {
        switch self {
        case .organization: "organization_id"
        case .clinic: "clinic_id"
        case .status: "status"
        case .enabled: "enabled"
        case .phoneNumber: "phone_number"
        case .displayName: "display_name"
        case .connectedAt: "connected_at"
        case .lastSeenAt: "last_seen_at"
        case .createdAt: "created_at"
        case .config(let key): "config.\(key)"
        }
    }

    /// Whether it decides whose messages these are. Such a field never follows a legacy row by itself, and a
    /// difference in it is never taken for somebody's edit.
    package var decidesOwner: Bool {
        switch self {
        case .organization, .clinic: true
        case .config(let key): Self.instanceNameKeys.contains(key)
        case .status, .enabled, .phoneNumber, .displayName, .connectedAt, .lastSeenAt, .createdAt: false
        }
    }

    /// Whether it is written together with a status that is kept from events and polls.
    package var followsConnection: Bool { [.status, .phoneNumber, .connectedAt].contains(self) }

    /// Whether its values must not be shown, since Evolution's keys stand in `config`.
    package var isSecret: Bool {
        guard case .config(let key) = self else { return false }
        let word = key.lowercased()
        return Self.secretWords.contains { word.contains($0) }
    }

    /// Whether the journal remembers only a digest of its values. Nobody knows which members of `config` are
    /// secret, so it holds for all but the instance's names.
    package var isRememberedByDigest: Bool {
        guard case .config(let key) = self else { return false }
        return !Self.instanceNameKeys.contains(key)
    }

    private static let secretWords = [
        "key", "token", "secret", "password", "credential", "auth", "jwt", "session", "cookie", "pairing", "qr",
    ]

    /// A value of this field as it may be shown. What has members of its own, or could hold a whole configuration or a
    /// token in a URL, may hide a secret anywhere: of it only the size is told.
    package func shown(_ value: String?) -> String {
        guard let value else { return "nothing" }
        guard case .config(let key) = self else { return value }
        if isSecret { return "(secret)" }
        let isTelling = value.hasPrefix("{") || value.hasPrefix("[") || value.contains("://") || key == "legacy_config"
        return isTelling ? "(\(value.utf8.count) bytes, not shown)" : value
    }
}
