package import FoundationEssentials

/// A user for machines: `--json` and the API write the same.
package struct UserDocument: Encodable, Sendable {
    let name: String
    let displayName: String?
    let role: String
    let organizationId: String?
    let createdAt: Date
    let createdBy: String
    let disabledAt: Date?
    let disabledBy: String?
    let lastSeenAt: Date?
    let keys: Int

    package init(_ record: UserRecord) {
        self.name = record.name.text
        self.displayName = record.displayName
        self.role = record.role.rawValue
        self.organizationId = record.scope.organization?.text
        self.createdAt = record.createdAt
        self.createdBy = record.createdBy
        self.disabledAt = record.disabledAt
        self.disabledBy = record.disabledBy
        self.lastSeenAt = record.lastSeenAt
        self.keys = record.keys
    }
}

/// Some users, and where the next page begins.
package struct UsersDocument: Encodable, Sendable {
    let users: [UserDocument]
    let nextCursor: String?

    package init(_ records: [UserRecord], next: UserName?) {
        self.users = records.map(UserDocument.init)
        self.nextCursor = next?.text
    }
}

/// What came of a change of a user.
package struct UserChangeDocument: Encodable, Sendable {
    package enum Outcome: String, Encodable, Sendable, CaseIterable {
        case done
        case unchanged
        case dryRun = "dry_run"
    }

    let outcome: Outcome
    let user: UserDocument
    let endedKeys: Int
    let endedSessions: Int

    package init(_ outcome: Outcome, _ record: UserRecord, _ ended: EndedAccess) {
        self.outcome = outcome
        self.user = UserDocument(record)
        self.endedKeys = ended.keys
        self.endedSessions = ended.sessions
    }
}

/// A link that was just made for a user: it is shown this once.
package struct InvitationDocument: Encodable, Sendable {
    let user: UserDocument
    let address: String
    let expiresAt: Date

    package init(_ record: UserRecord, address: String, expiresAt: Date) {
        self.user = UserDocument(record)
        self.address = address
        self.expiresAt = expiresAt
    }
}
