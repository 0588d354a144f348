/// What the legacy rows of one instance say its integration should be.
package struct IntegrationDraft: Sendable, Equatable {
    package var organizationID: OrganizationID
    package var clinicID: ClinicID
    package var status: IntegrationStatus
    package var isEnabled: Bool
    package var phoneNumber: String?
    package var displayName: String?
    package var connectedAt: Timestamp?
    package var lastSeenAt: Timestamp?
    package var createdAt: Timestamp?
    package var updatedAt: Timestamp?
    package var config: ConfigMembers
    /// The most trusted legacy row, and its status word as it was.
    package var source: String
    package var legacyStatus: String?

    package init(
        organizationID: OrganizationID, clinicID: ClinicID, status: IntegrationStatus, isEnabled: Bool,
        phoneNumber: String?, displayName: String?, connectedAt: Timestamp?, lastSeenAt: Timestamp?,
        createdAt: Timestamp?, updatedAt: Timestamp?, config: ConfigMembers, source: String, legacyStatus: String?
    ) {
        self.organizationID = organizationID
        self.clinicID = clinicID
        self.status = status
        self.isEnabled = isEnabled
        self.phoneNumber = phoneNumber
        self.displayName = displayName
        self.connectedAt = connectedAt
        self.lastSeenAt = lastSeenAt
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.config = config
        self.source = source
        self.legacyStatus = legacyStatus
    }

    /// Every field that has a value here, in a fixed order.
    package var fields: [MappedField] {
        (MappedField.columns + config.members.map { .config($0.key) }).filter { value(of: $0) != nil }
    }

    /// The value of a mapped field in its text form, to be compared with ``IntegrationRow/value(of:)``.
    package func value(of field: MappedField) -> String? {
        switch field {
        case .organization: organizationID.text
        case .clinic: clinicID.text
        case .status: status.rawValue
        case .enabled: isEnabled ? "true" : "false"
        case .phoneNumber: phoneNumber
        case .displayName: displayName
        case .connectedAt: connectedAt?.text
        case .lastSeenAt: lastSeenAt?.text
        case .createdAt: createdAt?.text
        case .config(let key): config.hasValue(for: key) ? config[key] : nil
        }
    }
}
