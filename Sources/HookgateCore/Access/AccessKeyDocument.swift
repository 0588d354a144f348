import FoundationEssentials

/// A key for machines, without its secret: `--json` and the API write the same.
package struct AccessKeyDocument: Encodable, Sendable {
    let id: String
    let name: String
    let role: String
    let organizationId: String?
    let user: String?
    let createdAt: Date
    let createdBy: String
    let expiresAt: Date?
    let lastUsedAt: Date?
    let revokedAt: Date?

    package init(_ record: AccessKeyRecord) {
        self.id = record.id.text
        self.name = record.name
        self.role = record.role.rawValue
        self.organizationId = record.organization?.text
        self.user = record.user?.text
        self.createdAt = record.createdAt
        self.createdBy = record.createdBy
        self.expiresAt = record.expiresAt
        self.lastUsedAt = record.lastUsedAt
        self.revokedAt = record.revokedAt
    }
}

/// Some keys for machines, and where the next page begins.
package struct AccessKeysDocument: Encodable, Sendable {
    let keys: [AccessKeyDocument]
    let nextCursor: String?

    package init(_ records: [AccessKeyRecord], next: AccessKeyID? = nil) {
        self.keys = records.map(AccessKeyDocument.init)
        self.nextCursor = next?.text
    }
}

/// A key that was just made: its secret is shown this once.
package struct NewAccessKeyDocument: Encodable, Sendable {
    let key: AccessKeyDocument
    let secret: String?

    /// - Parameter secret: nil where it was shown already.
    package init(_ record: AccessKeyRecord, _ secret: AccessSecret?) {
        self.key = AccessKeyDocument(record)
        self.secret = secret?.secretText
    }
}
