package import FoundationEssentials

/// Who changes somebody's access, when, and how far that may go.
package struct AccessAct: Sendable {
    package let actor: String
    package let now: Date
    /// Whether the configuration has a token, which is a way in as an admin that no deed here takes away.
    package let hasConfiguredToken: Bool
    /// Whether the last way in may be taken away.
    package var isForced = false
    /// Whether to find out what would come of it, and to leave all as it was.
    package var isDryRun = false

    package init(
        by actor: String, at now: Date, hasConfiguredToken: Bool, isForced: Bool = false, isDryRun: Bool = false
    ) {
        self.actor = actor
        self.now = now
        self.hasConfiguredToken = hasConfiguredToken
        self.isForced = isForced
        self.isDryRun = isDryRun
    }
}

/// What came of a deed on somebody's access, or would come of it.
package enum AccessOutcome<Record: Sendable & Equatable>: Sendable, Equatable {
    case done(Record, ends: EndedAccess)
    /// It was so already.
    case unchanged(Record)
    case missing
    /// Left undone: nobody could get in as an admin of all organizations any more.
    case lastWayIn
}

/// What a deed ended.
package struct EndedAccess: Sendable, Equatable {
    package static let none = EndedAccess(keys: 0, sessions: 0)

    package let keys: Int
    package let sessions: Int

    package init(keys: Int, sessions: Int) {
        self.keys = keys
        self.sessions = sessions
    }

    /// For people: `2 keys and links and 1 session`; nil for nothing.
    package var words: String? {
        let parts = [
            self.keys == 0 ? nil : self.keys == 1 ? "1 key or link" : "\(self.keys) keys and links",
            self.sessions == 0 ? nil : self.sessions == 1 ? "1 session" : "\(self.sessions) sessions",
        ].compactMap(\.self)
        return parts.isEmpty ? nil : parts.joined(separator: " and ")
    }
}

/// Keeps the users of console and API. Filled by the store.
package protocol UserStore: Sendable {
    /// Some users, by name.
    /// - Parameter name: the last of the page before.
    func users(after name: UserName?, limit: Int, at now: Date) async throws -> [UserRecord]

    func user(_ name: UserName, at now: Date) async throws -> UserRecord?

    /// - Returns: nil when a user, or a key that is good and nobody's, has that name: the audit log tells them apart by it.
    func create(_ draft: UserDraft, _ act: AccessAct) async throws -> UserRecord?

    /// Changes a user. Who is disabled loses every key, link and session for good; role and scope hold at once for those
    /// that go on. The audit log's entry is in the same transaction.
    func change(_ name: UserName, _ change: UserChange, _ act: AccessAct) async throws -> AccessOutcome<UserRecord>

    /// Keeps a link that signs the user in once, and ends what was not used of those before.
    /// - Returns: nil when there is no such user, or one who is disabled.
    func invite(
        _ name: UserName, _ secret: AccessSecret, until end: Date, _ act: AccessAct
    ) async throws -> UserRecord?
}
