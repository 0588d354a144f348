package import FoundationEssentials

/// Reads the audit log. Filled by the store.
package protocol AuditReading: Sendable {
    /// Newest first, at most `filter.limit` of them.
    func entries(_ filter: AuditFilter) async throws -> AuditPage

    /// Follows the whole chain.
    func verify() async throws -> AuditVerdict
}

/// Which entries a list shows; everything that is nil lets all pass.
package struct AuditFilter: Sendable, Equatable {
    package static let largestPage = 1_000

    package var actor: String?
    /// The whole word, as `events.reveal`.
    package var action: String?
    package var subject: String?
    package var limit = 50
    /// Only entries before this one.
    package var before: Int?

    package init() {}
}

/// One entry as it stands in the log.
package struct AuditRecord: Sendable, Equatable {
    package let id: Int
    package let recordedAt: Date
    package let actor: String
    package let action: String
    package let subject: String?
    /// A JSON object.
    package let detail: String
    package let digest: [UInt8]

    package init(
        id: Int, recordedAt: Date, actor: String, action: String, subject: String?, detail: String, digest: [UInt8]
    ) {
        self.id = id
        self.recordedAt = recordedAt
        self.actor = actor
        self.action = action
        self.subject = subject
        self.detail = detail
        self.digest = digest
    }
}

/// Some entries, and where the next page begins; nil at the end.
package struct AuditPage: Sendable, Equatable {
    package let entries: [AuditRecord]
    package let next: Int?

    package init(entries: [AuditRecord], next: Int?) {
        self.entries = entries
        self.next = next
    }
}
