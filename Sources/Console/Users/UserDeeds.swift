import FoundationEssentials
import HookgateCore

/// What pages and API do alike with users.
enum UserDeeds {
    static let largestPage = 500
    static let missing = ConsoleError.notFound("There is no user of that name.")
    static let lastWayIn = ConsoleError.conflict(
        "Nobody could get in as an admin of all organizations any more. Give another admin a key first, or do it on the "
            + "command line with --force.")

    /// A change that was made, or would be.
    struct Change {
        let user: UserRecord
        let ended: EndedAccess
        let isUnchanged: Bool

        func outcome(isDryRun: Bool) -> UserChangeDocument.Outcome {
            self.isUnchanged ? .unchanged : isDryRun ? .dryRun : .done
        }
    }

    /// A link that was made: shown once.
    struct Invited {
        let user: UserRecord
        let address: String
        let end: Date
    }

    static func act(_ visit: Visit, isDryRun: Bool = false) -> AccessAct {
        AccessAct(
            by: visit.actor, at: visit.now, hasConfiguredToken: visit.parts.hasConfiguredToken, isDryRun: isDryRun)
    }

    /// The one that the path names.
    static func user(_ visit: Visit) async throws -> UserRecord {
        try await self.user(visit, named: visit.parameter("name"))
    }

    static func user(_ visit: Visit, named text: String) async throws -> UserRecord {
        guard let name = UserName(text), let user = try await visit.parts.users.user(name, at: visit.now) else {
            throw Self.missing
        }
        return user
    }

    /// Who is asking, where that is a user.
    static func myself(_ visit: Visit) async throws -> UserRecord {
        guard visit.visitor.key != nil else {
            throw ConsoleError.conflict(
                "This key is nobody's, so it has no keys of its own. See: hookgate users create")
        }
        return try await self.user(visit, named: visit.visitor.name)
    }

    static func page(_ visit: Visit, usual: Int) async throws -> (users: [UserRecord], next: UserName?) {
        let limit = try visit.limit(default: usual, largest: self.largestPage)
        let cursor = try visit.query("cursor", "a cursor that a list gave") { UserName($0) }
        let users = try await visit.parts.users.users(after: cursor, limit: limit + 1, at: visit.now)
        return (Array(users.prefix(limit)), users.count > limit ? users.prefix(limit).last?.name : nil)
    }

    static func create(
        _ visit: Visit, name text: String, displayName: String?, role: AccessRole, scope: AccessScope
    ) async throws -> UserRecord {
        guard let name = UserName(text) else { throw ConsoleError.badRequest("A user's name has \(UserName.form).") }
        guard let draft = UserDraft(name, displayName: displayName, role: role, scope: scope) else {
            throw Self.noDisplayName
        }
        guard let user = try await visit.parts.users.create(draft, Self.act(visit)) else {
            throw ConsoleError.conflict("There is a user or a key of that name already.")
        }
        return user
    }

    static func change(_ visit: Visit, _ change: UserChange, isDryRun: Bool) async throws -> Change {
        guard let name = UserName(visit.parameter("name")) else { throw Self.missing }
        if let displayName = change.displayName, !displayName.isEmpty, !DisplayName.isOne(displayName) {
            throw Self.noDisplayName
        }
        switch try await visit.parts.users.change(name, change, Self.act(visit, isDryRun: isDryRun)) {
        case .done(let user, let ended): return Change(user: user, ended: ended, isUnchanged: false)
        case .unchanged(let user): return Change(user: user, ended: .none, isUnchanged: true)
        case .missing: throw Self.missing
        case .lastWayIn: throw Self.lastWayIn
        }
    }

    static func invite(_ visit: Visit) async throws -> Invited {
        let user = try await self.user(visit)
        let secret = AccessSecret.random(.link)
        let end = visit.now.addingTimeInterval(TimeInterval(Invitation.usual.components.seconds))
        guard let invited = try await visit.parts.users.invite(user.name, secret, until: end, Self.act(visit)) else {
            throw ConsoleError.conflict("\(user.name.text) is disabled. Enable them first.")
        }
        return Invited(user: invited, address: "\(Self.base(visit))/login/\(secret.secretText)", end: end)
    }

    private static let noDisplayName = ConsoleError.badRequest(
        "A display name has from 1 to \(DisplayName.longest) visible characters.")

    /// As whoever asks has reached us: the console may be at another address than the webhooks.
    private static func base(_ visit: Visit) -> String {
        guard let host = visit.request.header("host"), !host.isEmpty,
            host.utf8.allSatisfy({ byte in
                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]".utf8.contains(byte)
            })
        else { return visit.parts.publicURL.text }
        return "\(SignInPages.isSecure(visit) ? "https" : "http")://\(host)"
    }
}
