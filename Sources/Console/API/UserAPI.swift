import FoundationEssentials
import HookgateCore

/// Users over the API: what `hookgate users` does.
enum UserAPI {
    static let routes: [Route] = [
        Route(.get, "/api/v1/users", .needs(.admin), api: list) { visit in
            let page = try await UserDeeds.page(visit, usual: 100)
            return try .json(UsersDocument(page.users, next: page.next))
        },
        Route(.post, "/api/v1/users", .needs(.admin), api: create) { visit in
            try await Idempotency.carryOut(visit) {
                let wish = try APIBody.read(Wish.self, visit.request)
                let user = try await UserDeeds.create(
                    visit, name: wish.name, displayName: wish.displayName, role: wish.role,
                    scope: AccessScope(try organization(wish.organizationId)))
                return try .json(UserDocument(user), status: 201)
            }
        },
        Route(.get, "/api/v1/users/{name}", .needs(.admin), api: show) { visit in
            try .json(UserDocument(try await UserDeeds.user(visit)))
        },
        Route(.post, "/api/v1/users/{name}/invite", .needs(.admin), api: invite) { visit in
            // Not with an idempotency key: asked for again, it makes a new link and ends the one before.
            let invited = try await UserDeeds.invite(visit)
            return try .json(
                InvitationDocument(invited.user, address: invited.address, expiresAt: invited.end), status: 201)
        },
        Route(.post, "/api/v1/users/{name}/set", .needs(.admin), api: set) { visit in
            let wish = try APIBody.read(ChangeWish.self, visit.request)
            return try await change(visit, try wish.change(), isDryRun: wish.dryRun ?? true)
        },
        Route(.post, "/api/v1/users/{name}/disable", .needs(.admin), api: disable) { visit in
            let isDryRun = try APIBody.read(Deed.self, visit.request).dryRun ?? true
            return try await change(visit, UserChange(isDisabled: true), isDryRun: isDryRun)
        },
        Route(.post, "/api/v1/users/{name}/enable", .needs(.admin), api: enable) { visit in
            let isDryRun = try APIBody.read(Deed.self, visit.request).dryRun ?? true
            return try await change(visit, UserChange(isDisabled: false), isDryRun: isDryRun)
        },
    ]

    static func organization(_ text: String?) throws(ConsoleError) -> OrganizationID? {
        guard let text else { return nil }
        guard let id = OrganizationID(text) else { throw .badRequest("organization_id is not a UUID.") }
        return id
    }

    private static func change(_ visit: Visit, _ change: UserChange, isDryRun: Bool) async throws -> Reply {
        let found = try await UserDeeds.change(visit, change, isDryRun: isDryRun)
        return try .json(UserChangeDocument(found.outcome(isDryRun: isDryRun), found.user, found.ended))
    }

    private struct Wish: Decodable {
        let name: String
        let displayName: String?
        let role: AccessRole
        let organizationId: String?
    }

    private struct Deed: Decodable {
        let dryRun: Bool?
    }

    private struct ChangeWish: Decodable {
        let dryRun: Bool?
        let role: AccessRole?
        let organizationId: String?
        let allOrganizations: Bool?
        let displayName: String?

        func change() throws(ConsoleError) -> UserChange {
            guard organizationId == nil || allOrganizations != true else {
                throw .badRequest("organization_id and all_organizations say different things.")
            }
            var change = UserChange(role: role, displayName: displayName)
            if let id = try UserAPI.organization(organizationId) { change.scope = .one(id) }
            if allOrganizations == true { change.scope = .everything }
            return change
        }
    }
}

extension UserAPI {
    private static let largestPage = UserDeeds.largestPage

    private static let user = Schema.object(
        [
            ("name", .text), ("display_name", .text), ("role", AccessAPI.roles), ("organization_id", .uuid),
            ("created_at", .time), ("created_by", .text), ("disabled_at", .time), ("disabled_by", .text),
            ("last_seen_at", .time), ("keys", .integer(0)),
        ], required: ["name", "role", "created_at", "created_by", "keys"])

    private static let changed = Schema.object(
        [
            ("outcome", .words(UserChangeDocument.Outcome.allCases.map(\.rawValue))), ("user", user),
            ("ended_keys", .integer(0)), ("ended_sessions", .integer(0)),
        ], required: ["outcome", "user", "ended_keys", "ended_sessions"])

    private static let question = Schema.object([("dry_run", .boolean)])

    private static let list = APIOperation(
        "List the users, by name", query: APIOperation.page(largest: largestPage),
        answer: .object([("users", .list(user)), ("next_cursor", .text)], required: ["users"]))

    private static let create = APIOperation(
        "Make a user, who gets in once invited or given a key",
        body: .object(
            [("name", .text), ("display_name", .text), ("role", AccessAPI.roles), ("organization_id", .uuid)],
            required: ["name", "role"]), answer: user, status: 201, problems: [409], takesIdempotencyKey: true)

    private static let show = APIOperation("Show one user", answer: user)

    private static let invite = APIOperation(
        "Make a link that signs the user in once, and end the one before; it is shown this once",
        answer: .object(
            [("user", user), ("address", .text), ("expires_at", .time)], required: ["user", "address", "expires_at"]),
        status: 201, problems: [409])

    private static let set = APIOperation(
        "Change what is named and leave the rest; it acts on running sessions at once; a dry run unless dry_run is false",
        body: .object([
            ("dry_run", .boolean), ("role", AccessAPI.roles), ("organization_id", .uuid),
            ("all_organizations", .boolean), ("display_name", .text),
        ]), answer: changed, problems: [409])

    private static let disable = APIOperation(
        "End every key, link and session of a user, for good; a dry run unless dry_run is false", body: question,
        answer: changed, problems: [409])

    private static let enable = APIOperation(
        "Let a user be invited again; a dry run unless dry_run is false", body: question, answer: changed,
        problems: [409])
}
