import FoundationEssentials
import HookgateCore

/// Prints keys to console and API, for people or for machines.
struct KeyPrinter {
    private struct Row: Encodable {
        let id: String
        let name: String
        let role: String
        let organizationId: String?
        let createdAt: Date
        let createdBy: String
        let expiresAt: Date?
        let lastUsedAt: Date?
        let revokedAt: Date?
        var secret: String?

        init(_ record: AccessKeyRecord, secret: String? = nil) {
            self.id = record.id.text
            self.name = record.name
            self.role = record.role.rawValue
            self.organizationId = record.organization?.text
            self.createdAt = record.createdAt
            self.createdBy = record.createdBy
            self.expiresAt = record.expiresAt
            self.lastUsedAt = record.lastUsedAt
            self.revokedAt = record.revokedAt
            self.secret = secret
        }
    }

    private struct Keys: Encodable {
        let keys: [Row]
    }

    private struct Preview: Encodable {
        let name: String
        let role: String
        let organizationId: String?
        let expiresAt: Date?
        let isDryRun = true
        let nameIsTaken: Bool
    }

    private struct Revoked: Encodable {
        let key: Row
        let isDryRun: Bool
    }

    private struct Link: Encodable {
        let address: String
        let role: String
        let expiresAt: Date?
    }

    let isJSON: Bool

    func print(_ keys: [AccessKeyRecord]) throws {
        if isJSON { return try JSONOutput.print(Keys(keys: keys.map { Row($0) })) }
        if keys.isEmpty { StandardStream.output.line("No keys. Make one: hookgate keys create NAME --role viewer") }
        for key in keys {
            let sees = key.organization.map { "organization \($0.text)" } ?? "everything"
            let used = key.lastUsedAt.map { "last used \($0.formatted(.iso8601))" } ?? "never used"
            StandardStream.output.line(
                "\(key.name.printable): \(key.role.rawValue), sees \(sees), \(used), \(Self.state(key))")
        }
    }

    func created(_ record: AccessKeyRecord, _ secret: AccessSecret) throws {
        if isJSON { return try JSONOutput.print(Row(record, secret: secret.secretText)) }
        StandardStream.output.line("Made '\(record.name.printable)', \(record.role.rawValue). Shown this once:")
        StandardStream.output.line(secret.secretText)
    }

    func wouldCreate(_ draft: AccessKeyDraft, isTaken: Bool) throws {
        if isJSON {
            return try JSONOutput.print(
                Preview(
                    name: draft.name, role: draft.role.rawValue, organizationId: draft.organization?.text,
                    expiresAt: draft.expiresAt, nameIsTaken: isTaken))
        }
        StandardStream.output.line(
            isTaken
                ? "Would make nothing: there is a key called '\(draft.name.printable)' already."
                : "Would make '\(draft.name.printable)', \(draft.role.rawValue).")
    }

    func revoked(_ record: AccessKeyRecord, isDryRun: Bool) throws {
        if isJSON { return try JSONOutput.print(Revoked(key: Row(record), isDryRun: isDryRun)) }
        StandardStream.output.line("\(isDryRun ? "Would revoke" : "Revoked") '\(record.name.printable)'.")
    }

    func link(_ address: String, _ draft: AccessKeyDraft) throws {
        if isJSON {
            return try JSONOutput.print(
                Link(address: address, role: draft.role.rawValue, expiresAt: draft.expiresAt))
        }
        StandardStream.output.line(address)
    }

    private static func state(_ key: AccessKeyRecord) -> String {
        if let revoked = key.revokedAt { return "revoked \(revoked.formatted(.iso8601))" }
        return key.expiresAt.map { "ends \($0.formatted(.iso8601))" } ?? "has no end"
    }
}
