/// What a row's token column holds.
package enum TokenPresence: Sendable, Equatable {
    /// The schema that brings tokens is not applied yet.
    case noColumn
    case missing
    /// Neither ours nor of the old system's form.
    case malformed
    case present(TokenDigest)
}

/// A row of `healthcare.integrations` as it is: every column may be empty.
package struct IntegrationRow: Sendable, Equatable {
    package var id: IntegrationID
    /// Changes with every change of the row.
    package var version: String
    package var organizationID: OrganizationID?
    package var clinicID: ClinicID?
    package var status: String?
    /// Whether hookgate itself wrote the status, from events and polls.
    package var isStatusKept = false
    package var isEnabled: Bool?
    package var phoneNumber: String?
    package var displayName: String?
    package var connectedAt: Timestamp?
    package var lastSeenAt: Timestamp?
    package var createdAt: Timestamp?
    package var config: ConfigMembers
    package var token: TokenPresence

    package init(
        id: IntegrationID, version: String = "", organizationID: OrganizationID?, clinicID: ClinicID?,
        status: String?, isEnabled: Bool?, phoneNumber: String? = nil, displayName: String? = nil,
        connectedAt: Timestamp? = nil, lastSeenAt: Timestamp? = nil, createdAt: Timestamp? = nil,
        config: ConfigMembers, token: TokenPresence = .missing
    ) {
        self.id = id
        self.version = version
        self.organizationID = organizationID
        self.clinicID = clinicID
        self.status = status
        self.isEnabled = isEnabled
        self.phoneNumber = phoneNumber
        self.displayName = displayName
        self.connectedAt = connectedAt
        self.lastSeenAt = lastSeenAt
        self.createdAt = createdAt
        self.config = config
        self.token = token
    }

    /// The value of a mapped field in its text form; nil where the row has none.
    package func value(of field: MappedField) -> String? {
        switch field {
        case .organization: organizationID?.text
        case .clinic: clinicID?.text
        case .status: status
        case .enabled: isEnabled.map { $0 ? "true" : "false" }
        case .phoneNumber: phoneNumber
        case .displayName: displayName
        case .connectedAt: connectedAt?.text
        case .lastSeenAt: lastSeenAt?.text
        case .createdAt: createdAt?.text
        case .config(let key): config.hasValue(for: key) ? config[key] : nil
        }
    }
}
