import FoundationEssentials
import HookgateCore

/// What pages and API do alike with keys.
enum KeyDeeds {
    static let largestPage = 1_000
    static let missing = ConsoleError.notFound("There is no good key of that name or id.")

    /// A key that was made: its secret is shown once.
    struct Made {
        let record: AccessKeyRecord
        let secret: AccessSecret
    }

    /// What somebody asks for.
    struct Wish {
        let name: String
        var role: AccessRole?
        var organization: OrganizationID?
        /// Whose it is to be.
        var user: String?
        var expiresAt: Date?
    }

    static func page(
        _ visit: Visit, of user: UserName? = nil, usual: Int
    ) async throws -> (keys: [AccessKeyRecord], next: AccessKeyID?) {
        let limit = try visit.limit(default: usual, largest: self.largestPage)
        let cursor = try visit.query("cursor", "a cursor that a list gave") { AccessKeyID($0) }
        let keys = try await visit.parts.keys.keys(of: user, after: cursor, limit: limit + 1)
        return (Array(keys.prefix(limit)), keys.count > limit ? keys.prefix(limit).last?.id : nil)
    }

    static func make(_ visit: Visit, _ wish: Wish) async throws -> Made {
        guard let text = wish.user else {
            guard let role = wish.role else {
                throw ConsoleError.badRequest("Say the role, or the user whose key it is.")
            }
            return try await self.keep(
                visit,
                AccessKeyDraft(
                    name: wish.name, role: role, organization: wish.organization,
                    expiresAt: try self.end(wish.expiresAt, visit)))
        }
        guard wish.role == nil, wish.organization == nil else {
            throw ConsoleError.badRequest("Role and organization of a user's key are the user's: change them there.")
        }
        return try await self.make(visit, wish, of: try await UserDeeds.user(visit, named: text))
    }

    /// A personal one.
    static func make(_ visit: Visit, _ wish: Wish, of user: UserRecord) async throws -> Made {
        guard !user.isDisabled else {
            throw ConsoleError.conflict("\(user.name.text) is disabled. Enable them first.")
        }
        return try await self.keep(
            visit, AccessKeyDraft(name: wish.name, of: user, expiresAt: try self.end(wish.expiresAt, visit)))
    }

    private static func keep(_ visit: Visit, _ draft: AccessKeyDraft?) async throws -> Made {
        guard let draft else {
            throw ConsoleError.badRequest(
                "A key's name has from 1 to \(AccessKeyDraft.longestName) visible characters.")
        }
        let secret = AccessSecret.random(.key)
        guard let record = try await visit.parts.keys.create(draft, secret, by: visit.actor, at: visit.now) else {
            throw ConsoleError.conflict("There is a key or a user of that name already.")
        }
        return Made(record: record, secret: secret)
    }

    private static func end(_ end: Date?, _ visit: Visit) throws(ConsoleError) -> Date? {
        guard let end else { return nil }
        guard end > visit.now else { throw .badRequest("expires_at is over already.") }
        return end
    }

    /// Ends a key, or says what that would end.
    /// - Parameter user: whose it must be: another's is not there.
    static func revoke(
        _ visit: Visit, _ subject: String, of user: UserName? = nil, isDryRun: Bool = false
    ) async throws -> (record: AccessKeyRecord, ended: EndedAccess) {
        switch try await visit.parts.keys.revoke(subject, of: user, UserDeeds.act(visit, isDryRun: isDryRun)) {
        case .done(let record, let ended): return (record, ended)
        case .unchanged(let record): return (record, .none)
        case .missing: throw Self.missing
        case .lastWayIn: throw UserDeeds.lastWayIn
        }
    }

    /// The same for one's own.
    static func revokeMine(
        _ visit: Visit, _ subject: String, isDryRun: Bool = false
    ) async throws -> (record: AccessKeyRecord, ended: EndedAccess) {
        try await self.revoke(visit, subject, of: try await UserDeeds.myself(visit).name, isDryRun: isDryRun)
    }
}
