import FoundationEssentials
import HookgateCore

/// Prints users of console and API, for people or for machines.
struct UserPrinter {
    private struct Preview: Encodable {
        let name: String
        let displayName: String?
        let role: String
        let organizationId: String?
        let isDryRun = true
        let nameIsTaken: Bool
    }

    let isJSON: Bool

    func print(_ users: [UserRecord]) throws {
        if isJSON { return try JSONOutput.print(UsersDocument(users, next: nil)) }
        if users.isEmpty { StandardStream.output.line("No users. Make one: hookgate users create NAME --role viewer") }
        for user in users {
            let seen = user.lastSeenAt.map { "last seen \($0.formatted(.iso8601))" } ?? "never seen"
            let keys = user.keys == 1 ? "1 key" : "\(user.keys) keys"
            let state = user.disabledAt.map { "disabled \($0.formatted(.iso8601))" } ?? "good"
            StandardStream.output.line("\(Self.rights(user)), \(keys), \(seen), \(state)")
        }
    }

    func created(_ user: UserRecord) throws {
        if isJSON { return try JSONOutput.print(UserDocument(user)) }
        StandardStream.output.line("Made \(Self.rights(user)). To let them in: hookgate users invite \(user.name.text)")
    }

    func wouldCreate(_ draft: UserDraft, isTaken: Bool) throws {
        if isJSON {
            return try JSONOutput.print(
                Preview(
                    name: draft.name.text, displayName: draft.displayName, role: draft.role.rawValue,
                    organizationId: draft.scope.organization?.text, nameIsTaken: isTaken))
        }
        StandardStream.output.line(
            isTaken
                ? "Would make nothing: there is a user or a key '\(draft.name.text)' already."
                : "Would make \(draft.name.text): \(draft.role.rawValue), sees \(draft.scope.words).")
    }

    func changed(_ user: UserRecord, _ ended: EndedAccess, outcome: UserChangeDocument.Outcome) throws {
        if isJSON { return try JSONOutput.print(UserChangeDocument(outcome, user, ended)) }
        switch outcome {
        case .unchanged: StandardStream.output.line("Nothing to change: \(Self.summary(user)).")
        case .done: StandardStream.output.line("\(Self.summary(user)).\(Self.ended(ended, "Ended"))")
        case .dryRun:
            StandardStream.output.line("Would be: \(Self.summary(user)).\(Self.ended(ended, "Would end"))")
            StandardStream.output.line("Dry run: nothing was changed.")
        }
    }

    func invited(_ user: UserRecord, _ address: String, until end: Date) throws {
        if isJSON { return try JSONOutput.print(InvitationDocument(user, address: address, expiresAt: end)) }
        StandardStream.output.line(address)
    }

    private static func rights(_ user: UserRecord) -> String {
        "\(user.title): \(user.role.rawValue), sees \(user.scope.words)"
    }

    private static func summary(_ user: UserRecord) -> String {
        user.isDisabled ? "\(rights(user)), disabled" : rights(user)
    }

    private static func ended(_ ended: EndedAccess, _ verb: String) -> String {
        ended.words.map { " \(verb): \($0)." } ?? ""
    }
}
