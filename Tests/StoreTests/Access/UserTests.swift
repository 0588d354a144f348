import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Store
import Testing

/// Users, their keys, links and sessions, as two replicas on one database see them.
@Suite(.timeLimit(.minutes(2)))
struct UserTests {
    private static let now = Date(timeIntervalSince1970: 1_764_000_000)
    private static let ana = UserName(kept: "ana")
    private static let organization = OrganizationID(UUID())

    /// One replica, by its own pool.
    private struct Replica {
        let users: PostgresUsers
        let keys: PostgresAccessKeys
        let sessions: PostgresConsoleSessions

        init(_ pool: PostgresPool) {
            self.users = PostgresUsers(pool: pool)
            self.keys = PostgresAccessKeys(pool: pool)
            self.sessions = PostgresConsoleSessions(pool: pool)
        }

        func visitor(_ session: TokenDigest) async throws -> Visitor? {
            try await self.sessions.visitor(session, configured: nil, at: UserTests.now)
        }
    }

    private static func act(isForced: Bool = false, hasToken: Bool = true, isDryRun: Bool = false) -> AccessAct {
        AccessAct(
            by: "test", at: self.now, hasConfiguredToken: hasToken, isForced: isForced, isDryRun: isDryRun)
    }

    private static func withReplicas(
        _ body: (TestDatabase, Replica, Replica) async throws -> Void
    ) async throws {
        try await withSchema { database in
            let other = PostgresPool(url: database.url)
            do {
                try await body(database, Replica(database.pool), Replica(other))
            } catch {
                await other.close()
                throw error
            }
            await other.close()
        }
    }

    private static func make(
        _ name: String, _ role: AccessRole, _ replica: Replica
    ) async throws -> UserRecord {
        let draft = try #require(UserDraft(UserName(kept: name), role: role, scope: .everything))
        return try #require(try await replica.users.create(draft, self.act()))
    }

    private static func key(_ name: String, of user: UserRecord, _ replica: Replica) async throws -> AccessSecret {
        let secret = AccessSecret.random(.key)
        let draft = try #require(AccessKeyDraft(name: name, of: user))
        #expect(try await replica.keys.create(draft, secret, by: "test", at: self.now)?.user == user.name)
        return secret
    }

    private static func link(to name: UserName, _ replica: Replica) async throws -> AccessSecret {
        let secret = AccessSecret.random(.link)
        let invited = try await replica.users.invite(
            name, secret, until: self.now.addingTimeInterval(3_600), self.act())
        #expect(invited?.name == name)
        return secret
    }

    /// Nil where the secret is not good.
    private static func session(_ secret: AccessSecret, _ replica: Replica) async throws -> TokenDigest? {
        let session = TokenDigest(of: UUID().uuidString)
        let end = self.now.addingTimeInterval(43_200)
        let begun = try await replica.sessions.begin(session, with: secret.digest, until: end, at: self.now)
        return begun.map { _ in session }
    }

    @Test func aUserWhoIsDisabledIsRefusedByTheOtherReplicaAtOnceAndForGood() async throws {
        try await Self.withReplicas { database, one, other in
            let ana = try await Self.make("ana", .operator, one)
            let key = try await Self.key("laptop", of: ana, one)
            let byKey = try #require(try await Self.session(key, other))
            let byLink = try #require(try await Self.session(try await Self.link(to: ana.name, one), other))
            let unused = try await Self.link(to: ana.name, one)
            #expect(try await other.visitor(byKey)?.name == "ana")
            #expect(try await other.visitor(byLink)?.key == "invitation")

            let outcome = try await one.users.change(ana.name, UserChange(isDisabled: true), Self.act())
            guard case .done(let disabled, let ended) = outcome else {
                Issue.record("\(outcome)")
                return
            }
            #expect(disabled.disabledBy == "test" && ended == EndedAccess(keys: 2, sessions: 2))
            for isEnabledAgain in [false, true] {
                for session in [byKey, byLink] { #expect(try await other.visitor(session) == nil) }
                #expect(try await other.keys.key(key.digest, at: Self.now) == nil)
                for secret in [key, unused] { #expect(try await Self.session(secret, other) == nil) }
                if !isEnabledAgain {
                    #expect(
                        try await other.users.invite(
                            ana.name, AccessSecret.random(.link), until: Self.now.addingTimeInterval(60), Self.act())
                            == nil)
                    let draft = try #require(AccessKeyDraft(name: "phone", of: ana))
                    #expect(
                        try await other.keys.create(draft, AccessSecret.random(.key), by: "test", at: Self.now) == nil)
                    _ = try await one.users.change(ana.name, UserChange(isDisabled: false), Self.act())
                }
            }
            #expect(try await Self.session(try await Self.link(to: ana.name, one), other) != nil)
        }
    }

    @Test func aSessionThatBeganWhileItsUserWasDisabledIsNobodys() async throws {
        try await Self.withReplicas { database, one, other in
            let ana = try await Self.make("ana", .operator, one)
            let session = try #require(try await Self.session(try await Self.key("laptop", of: ana, one), one))
            // As it stands where the session's row came after its end was looked for.
            try await database.pool.query("UPDATE hookgate.users SET disabled_at = now(), disabled_by = 'x'")
            #expect(try await other.visitor(session) == nil)
        }
    }

    @Test func aNewRoleOrOrganizationActsOnRunningSessionsAndKeys() async throws {
        try await Self.withReplicas { database, one, other in
            let ana = try await Self.make("ana", .admin, one)
            let key = try await Self.key("laptop", of: ana, one)
            let session = try #require(try await Self.session(key, one))
            #expect(try await other.visitor(session)?.role == .admin)
            let change = UserChange(role: .viewer, scope: .one(Self.organization))
            _ = try await one.users.change(ana.name, change, Self.act())
            let wanted = Visitor(name: "ana", role: .viewer, organization: Self.organization, key: "laptop")
            #expect(try await other.visitor(session) == wanted)
            #expect(try await other.keys.key(key.digest, at: Self.now)?.visitor == wanted)
            // A gateway of the release before reads the key's own row.
            let row = try await database.pool.query("SELECT role, organization_id FROM hookgate.access_keys")[0]
            #expect(try row.decode("role", as: String.self) == "viewer")
            #expect(try row.decode("organization_id", as: UUID.self) == Self.organization.uuid)
            // The user's own row is what counts, whatever stands in the key's.
            try await database.pool.query("UPDATE hookgate.access_keys SET role = 'admin', organization_id = NULL")
            #expect(try await other.visitor(session) == wanted)
        }
    }

    @Test func aLinkWorksOnceAndTheNextOneEndsIt() async throws {
        try await Self.withReplicas { _, one, other in
            let ana = try await Self.make("ana", .viewer, one)
            let link = try await Self.link(to: ana.name, one)
            async let first = Self.session(link, one)
            async let second = Self.session(link, other)
            let begun = try await [first, second]
            #expect(begun.compactMap(\.self).count == 1)
            let replaced = try await Self.link(to: ana.name, one)
            let last = try await Self.link(to: ana.name, one)
            #expect(try await Self.session(replaced, other) == nil)
            #expect(try await Self.session(last, other) != nil)
        }
    }

    @Test func theLastWayInIsNotTakenUnlessForced() async throws {
        try await Self.withReplicas { _, one, other in
            let (ana, bob) = (try await Self.make("ana", .admin, one), try await Self.make("bob", .admin, one))
            for user in [ana, bob] { _ = try await Self.key("key of \(user.name.text)", of: user, one) }
            let demoted = UserChange(role: .operator)
            let narrowed = UserChange(scope: .one(Self.organization))
            let disabled = UserChange(isDisabled: true)
            let guarded = Self.act(hasToken: false)
            // Of two that go at the same time, each with the other in mind, one stays.
            async let first = one.users.change(ana.name, disabled, guarded)
            async let second = other.users.change(bob.name, demoted, guarded)
            let outcomes = try await [first, second]
            #expect(outcomes.count { $0 == .lastWayIn } == 1)
            let left = outcomes[0] == .lastWayIn ? ana : bob
            for change in [demoted, narrowed, disabled] {
                #expect(try await one.users.change(left.name, change, guarded) == .lastWayIn)
            }
            #expect(
                try await one.keys.revoke("\(left.name.text)/key of \(left.name.text)", of: nil, guarded) == .lastWayIn)
            #expect(try await one.users.user(left.name, at: Self.now) == left.with(keys: 1))
            // Neither a link nor a user without a key is a way in that lasts.
            _ = try await Self.link(to: try await Self.make("eve", .admin, one).name, one)
            #expect(try await one.users.change(left.name, disabled, guarded) == .lastWayIn)
            for act in [Self.act(isDryRun: true), Self.act(isForced: true, hasToken: false)] {
                guard case .done = try await one.users.change(left.name, disabled, act) else {
                    Issue.record("the last admin is kept")
                    return
                }
            }
        }
    }

    @Test func aDryRunChangesAndNotesNothing() async throws {
        try await Self.withReplicas { database, one, _ in
            let ana = try await Self.make("ana", .admin, one)
            let session = try #require(try await Self.session(try await Self.key("laptop", of: ana, one), one))
            let before = try await database.pool.query("SELECT FROM hookgate.audit_log").count
            let outcome = try await one.users.change(
                ana.name, UserChange(isDisabled: true), Self.act(isDryRun: true))
            guard case .done(_, let ended) = outcome else {
                Issue.record("\(outcome)")
                return
            }
            #expect(ended == EndedAccess(keys: 1, sessions: 1))
            #expect(try await one.visitor(session)?.role == .admin)
            #expect(try await database.pool.query("SELECT FROM hookgate.audit_log").count == before)
        }
    }

    @Test func aUserAndAKeyThatIsNobodysHaveDifferentNames() async throws {
        try await Self.withReplicas { _, one, _ in
            let ana = try await Self.make("ana", .viewer, one)
            let key = try #require(AccessKeyDraft(name: "ana", role: .admin))
            #expect(try await one.keys.create(key, AccessSecret.random(.key), by: "test", at: Self.now) == nil)
            let desk = try #require(AccessKeyDraft(name: "desk", role: .admin))
            #expect(try await one.keys.create(desk, AccessSecret.random(.key), by: "test", at: Self.now) != nil)
            let draft = try #require(UserDraft(UserName(kept: "desk"), role: .admin, scope: .everything))
            #expect(try await one.users.create(draft, Self.act()) == nil)
            // A user's own may be called anything, also what others call theirs.
            for user in [ana, try await Self.make("bob", .viewer, one)] {
                _ = try await Self.key("desk", of: user, one)
                let again = try #require(AccessKeyDraft(name: "desk", of: user))
                #expect(try await one.keys.create(again, AccessSecret.random(.key), by: "test", at: Self.now) == nil)
            }
            #expect(try await one.keys.revoke("bob/desk", of: ana.name, Self.act()) == .missing)
            for (subject, owner) in [("bob/desk", UserName("bob")), ("desk", nil), ("ana/desk", UserName("ana"))] {
                guard case .done(let record, _) = try await one.keys.revoke(subject, of: nil, Self.act()) else {
                    Issue.record("\(subject) is not revoked")
                    continue
                }
                #expect(record.user == owner && record.name == "desk")
            }
            #expect(try await one.keys.revoke("desk", of: nil, Self.act()) == .missing)
        }
    }

    @Test func pagesOfUsersAndKeysFollowEachOther() async throws {
        try await Self.withReplicas { _, one, _ in
            for name in ["c", "a", "b"] {
                let user = try await Self.make(name, .viewer, one)
                _ = try await Self.key("first of \(name)", of: user, one)
                _ = try await Self.key("second of \(name)", of: user, one)
            }
            #expect(try await one.users.users(after: nil, limit: 2, at: Self.now).map(\.name.text) == ["a", "b"])
            let rest = try await one.users.users(after: UserName(kept: "b"), limit: 2, at: Self.now)
            #expect(rest.map(\.name.text) == ["c"] && rest.map(\.keys) == [2])
            var (seen, last): ([String], AccessKeyID?) = ([], nil)
            while let key = try await one.keys.keys(of: nil, after: last, limit: 1).first {
                seen.append(key.name)
                last = key.id
            }
            #expect(seen.count == 6 && Set(seen).count == 6)
            #expect(try await one.keys.keys(of: UserName(kept: "a"), after: nil, limit: 9).count == 2)
        }
    }

    @Test func aKeyFromBeforeThereWereUsersGoesOnAsItWas() async throws {
        try await Self.withReplicas { database, one, other in
            let secret = AccessSecret.random(.key)
            // As a gateway of the release before writes it.
            try await database.pool.query(
                """
                INSERT INTO hookgate.access_keys (kind, name, role, organization_id, digest, created_at, created_by)
                VALUES ('key', 'old', 'operator', $1, $2, now(), 'somebody')
                """, [Self.organization.uuid, secret.digest.bytes])
            let wanted = Visitor(name: "old", role: .operator, organization: Self.organization)
            #expect(try await other.keys.key(secret.digest, at: Self.now)?.visitor == wanted)
            let session = try #require(try await Self.session(secret, one))
            #expect(try await other.visitor(session) == wanted)
        }
    }

    @Test func everyDeedIsInTheAuditLogAndNoSecretIsInAnyTable() async throws {
        try await Self.withReplicas { database, one, _ in
            let ana = try await Self.make("ana", .admin, one)
            let secrets = [try await Self.key("laptop", of: ana, one), try await Self.link(to: ana.name, one)]
            for secret in secrets { #expect(try await Self.session(secret, one) != nil) }
            _ = try await one.users.change(ana.name, UserChange(displayName: "Ana"), Self.act())
            _ = try await one.users.change(ana.name, UserChange(isDisabled: true), Self.act())
            _ = try await one.users.change(ana.name, UserChange(isDisabled: false), Self.act())
            let log = try await database.pool.query(
                "SELECT actor, action, detail::text AS detail FROM hookgate.audit_log ORDER BY id")
            #expect(
                try log.map { try $0.decode("action", as: String.self) } == [
                    "users.create", "keys.create", "users.invite", "console.sign_in", "console.sign_in", "users.set",
                    "users.disable", "users.enable",
                ])
            #expect(try log[3].decode("actor", as: String.self) == "ana")
            #expect(try log[3].decode("detail", as: String.self).contains("laptop"))
            for table in ["users", "access_keys", "console_sessions", "audit_log"] {
                let rows = try await database.pool.query("SELECT t::text AS line FROM hookgate.\(table) AS t")
                for row in rows {
                    let text: String = try row.decode("line")
                    for secret in secrets { #expect(!text.contains(secret.secretText.dropFirst(4)), "\(table)") }
                }
            }
        }
    }

    @Test func postgRESTsRolesReadNoUser() async throws {
        try await withSchema { database in
            try await database.makePostgRESTRoles()
            for role in ["anon", "authenticated"] {
                let rows = try await database.pool.query(
                    """
                    SELECT has_schema_privilege($1, 'hookgate', 'USAGE')
                        OR has_table_privilege($1, 'hookgate.users', 'SELECT, INSERT, UPDATE, DELETE') AS may
                    """, [role])
                #expect(try !rows[0].decode("may", as: Bool.self))
            }
        }
    }
}

extension UserRecord {
    fileprivate func with(keys: Int) -> UserRecord {
        UserRecord(
            id: id, name: name, displayName: displayName, role: role, scope: scope, createdAt: createdAt,
            createdBy: createdBy, disabledAt: disabledAt, disabledBy: disabledBy, lastSeenAt: lastSeenAt, keys: keys)
    }
}
