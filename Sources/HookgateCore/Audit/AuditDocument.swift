import FoundationEssentials

/// One entry of the audit log for machines: `--json` and the API write the same.
package struct AuditDocument: Encodable, Sendable {
    let id: Int
    let recordedAt: Date
    let actor: String
    let action: String
    let subject: String?
    /// JSON as text: the digest is of it as it stands.
    let detail: String
    let digest: String

    package init(_ record: AuditRecord) {
        self.id = record.id
        self.recordedAt = record.recordedAt
        self.actor = record.actor
        self.action = record.action
        self.subject = record.subject
        self.detail = record.detail
        self.digest = Hexadecimal.encode(record.digest)
    }
}

/// Some entries for machines, and where the next page begins.
package struct AuditPageDocument: Encodable, Sendable {
    let entries: [AuditDocument]
    let nextCursor: String?

    package init(_ page: AuditPage) {
        self.entries = page.entries.map(AuditDocument.init)
        self.nextCursor = page.next.map(String.init)
    }
}
