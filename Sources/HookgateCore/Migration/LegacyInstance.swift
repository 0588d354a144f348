/// One row of a legacy table that names an Evolution instance. Ids are text: old tables have them as uuid,
/// serial or text, and what is no id at all must still be reported.
package struct LegacyRow: Sendable, Equatable {
    package var source: LegacySource
    package var id: String
    package var organization: String?
    package var clinic: String?
    package var phone: String?
    package var status: String?
    /// What the row itself says of being switched on; nil where it has no such column.
    package var isEnabled: Bool?
    package var config: ConfigMembers
    package var connectedAt: Timestamp?
    package var createdAt: Timestamp?
    package var updatedAt: Timestamp?

    package init(
        source: LegacySource = .evolutionInstances, id: String, organization: String?, clinic: String? = nil,
        phone: String? = nil, status: String? = nil, isEnabled: Bool? = nil, config: ConfigMembers = ConfigMembers(),
        connectedAt: Timestamp? = nil, createdAt: Timestamp? = nil, updatedAt: Timestamp? = nil
    ) {
        self.source = source
        self.id = id
        self.organization = organization
        self.clinic = clinic
        self.phone = phone
        self.status = status
        self.isEnabled = isEnabled
        self.config = config
        self.connectedAt = connectedAt
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }

    /// Where the row stands, for people and for the provenance column.
    package var place: String { "\(source.rawValue):\(id)" }
}

/// Everything the legacy tables say of one instance name, most trusted row first.
package struct LegacyInstance: Sendable, Equatable {
    package let name: InstanceName
    package let rows: [LegacyRow]
    /// Rows of this name beyond the bound of what is read for one instance.
    package let furtherRows: Int

    package init(name: InstanceName, rows: [LegacyRow], furtherRows: Int = 0) {
        self.name = name
        self.rows = rows
        self.furtherRows = furtherRows
    }
}

/// A point in time as PostgreSQL prints it in UTC with microseconds. It is carried and compared, never computed
/// with, so it keeps every digit.
package struct Timestamp: Sendable, Hashable {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }
}
