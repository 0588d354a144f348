import FoundationEssentials
import HookgateCore

/// Prints keys to console and API, for people or for machines.
struct KeyPrinter {
    private struct Preview: Encodable {
        let name: String
        let role: String
        let organizationId: String?
        let expiresAt: Date?
        let isDryRun = true
        let nameIsTaken: Bool
    }

    private struct Revoked: Encodable {
        let key: AccessKeyDocument
        let isDryRun: Bool
    }

    private struct Link: Encodable {
        let address: String
        let role: String
        let expiresAt: Date?
    }

    let isJSON: Bool

    func print(_ keys: [AccessKeyRecord]) throws {
        if isJSON { return try JSONOutput.print(AccessKeysDocument(keys)) }
        if keys.isEmpty { StandardStream.output.line("No keys. Make one: hookgate keys create NAME --role viewer") }
        for key in keys {
            let sees = AccessScope(key.organization).words
            let whose = key.user.map { " of \($0.text)" } ?? ""
            let used = key.lastUsedAt.map { "last used \($0.formatted(.iso8601))" } ?? "never used"
            StandardStream.output.line(
                "\(key.name.printable)\(whose): \(key.role.rawValue), sees \(sees), \(used), \(Self.state(key))")
        }
    }

    func created(_ record: AccessKeyRecord, _ secret: AccessSecret) throws {
        if isJSON { return try JSONOutput.print(NewAccessKeyDocument(record, secret)) }
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
                ? "Would make nothing: there is a key or a user called '\(draft.name.printable)' already."
                : "Would make '\(draft.name.printable)', \(draft.role.rawValue).")
    }

    func revoked(_ record: AccessKeyRecord, isDryRun: Bool) throws {
        if isJSON { return try JSONOutput.print(Revoked(key: AccessKeyDocument(record), isDryRun: isDryRun)) }
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
