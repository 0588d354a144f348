import FoundationEssentials

/// One deed for the audit log: who did what to what. It holds no secret and no message text, since the log is kept.
package struct AuditEntry: Sendable, Equatable {
    /// Who did it: `command line`, or whoever is logged in.
    package let actor: String
    /// The verb and its object, as `doctor.fix`.
    package let action: String
    /// What it was done to; nil where that is the whole installation.
    package let subject: String?
    /// A JSON object.
    package let detail: String

    package init(actor: String, action: String, subject: String?, detail: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        self.actor = actor
        self.action = action
        self.subject = subject
        self.detail = String(decoding: try encoder.encode(detail), as: UTF8.self)
    }
}

/// Whether the audit log is as it was written.
package enum AuditVerdict: Sendable, Equatable {
    case whole(entries: Int)
    /// The first entry that was changed, or before which one was taken out or put in.
    case broken(id: Int)
}
