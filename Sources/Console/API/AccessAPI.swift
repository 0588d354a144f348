import FoundationEssentials
import HookgateCore

/// Keys to console and API: what `hookgate keys` does, and a user's own.
enum AccessAPI {
    static let routes = [
        Route(.get, "/api/v1/me", .needs(.viewer, .organization), api: me) { visit in
            try .json(
                Me(
                    name: visit.visitor.name, role: visit.visitor.role,
                    organizationId: visit.visitor.organization?.text, key: visit.visitor.key))
        },
        Route(.get, "/api/v1/me/keys", .needs(.viewer, .organization), api: listMine) { visit in
            let myself = try await UserDeeds.myself(visit)
            return try await list(visit, of: myself.name)
        },
        Route(.post, "/api/v1/me/keys", .needs(.viewer, .organization), api: createMine) { visit in
            try await Idempotency.revealOnce(visit) {
                let wish = try APIBody.read(OwnWish.self, visit.request)
                let own = KeyDeeds.Wish(name: wish.name, expiresAt: try end(wish.expiresAt))
                return try answer(try await KeyDeeds.make(visit, own, of: try await UserDeeds.myself(visit)))
            }
        },
        Route(.delete, "/api/v1/me/keys/{key}", .needs(.viewer, .organization), api: revokeMine) { visit in
            try .json(AccessKeyDocument(try await KeyDeeds.revokeMine(visit, visit.parameter("key")).record))
        },
        Route(.get, "/api/v1/keys", .needs(.admin), api: listAll) { visit in
            let user = try visit.query("user", "a user's name") { UserName($0) }
            return try await list(visit, of: user)
        },
        Route(.post, "/api/v1/keys", .needs(.admin), api: create) { visit in
            try await Idempotency.revealOnce(visit) {
                let wish = try APIBody.read(Wish.self, visit.request)
                return try answer(try await KeyDeeds.make(visit, try wish.wish()))
            }
        },
        Route(.delete, "/api/v1/keys/{name}", .needs(.admin), api: revoke) { visit in
            try .json(AccessKeyDocument(try await KeyDeeds.revoke(visit, visit.parameter("name")).record))
        },
    ]

    private static func list(_ visit: Visit, of user: UserName?) async throws -> Reply {
        let page = try await KeyDeeds.page(visit, of: user, usual: 100)
        return try .json(AccessKeysDocument(page.keys, next: page.next))
    }

    /// Asked for again, it is answered without the secret, which no table may have.
    private static func answer(_ made: KeyDeeds.Made) throws -> (reply: Reply, kept: Reply) {
        (
            reply: try .json(NewAccessKeyDocument(made.record, made.secret), status: 201),
            kept: try .json(NewAccessKeyDocument(made.record, nil), status: 201)
        )
    }

    private static func end(_ text: String?) throws(ConsoleError) -> Date? {
        guard let text else { return nil }
        guard let end = EventQuery.time(text) else {
            throw .badRequest("expires_at is not a time as in 2026-03-01T08:30:00Z.")
        }
        return end
    }

    private struct OwnWish: Decodable {
        let name: String
        let expiresAt: String?
    }

    private struct Wish: Decodable {
        let name: String
        let role: AccessRole?
        let organizationId: String?
        let user: String?
        let expiresAt: String?

        func wish() throws(ConsoleError) -> KeyDeeds.Wish {
            KeyDeeds.Wish(
                name: name, role: role, organization: try UserAPI.organization(organizationId), user: user,
                expiresAt: try AccessAPI.end(expiresAt))
        }
    }

    private struct Me: Encodable {
        let name: String
        let role: AccessRole
        let organizationId: String?
        let key: String?
    }
}

extension AccessAPI {
    static let roles = Schema.words(AccessRole.allCases.map(\.rawValue))

    private static let key = Schema.object(
        [
            ("id", .uuid), ("name", .text), ("role", roles), ("organization_id", .uuid), ("user", .text),
            ("created_at", .time), ("created_by", .text), ("expires_at", .time), ("last_used_at", .time),
            ("revoked_at", .time),
        ], required: ["id", "name", "role", "created_at", "created_by"])
    private static let keys = Schema.object(
        [("keys", .list(key)), ("next_cursor", .text)], required: ["keys"])
    /// Without its secret where it was asked for again.
    private static let made = Schema.object([("key", key), ("secret", .text)], required: ["key"])
    private static let page = APIOperation.page(largest: KeyDeeds.largestPage)

    private static let me = APIOperation(
        "Show whose key this is, and what it may",
        answer: .object(
            [("name", .text), ("role", roles), ("organization_id", .uuid), ("key", .text)], required: ["name", "role"]))

    private static let listMine = APIOperation(
        "List the keys of the user whose key this is", query: page, answer: keys, problems: [404, 409])

    private static let createMine = APIOperation(
        "Make a key for the user whose key this is; its secret is shown this once",
        body: .object([("name", .text), ("expires_at", .time)], required: ["name"]), answer: made, status: 201,
        problems: [404, 409], takesIdempotencyKey: true)

    private static let revokeMine = APIOperation(
        "Revoke a key of the user whose key this is, by its id", answer: key, problems: [409])

    private static let listAll = APIOperation(
        "List the keys, the newest first, without their secrets",
        query: [.init("user", .text, "Whose keys.")] + page, answer: keys)

    private static let create = APIOperation(
        "Make a key, a user's or one that is nobody's and has a role; its secret is shown this once",
        body: .object(
            [("name", .text), ("role", roles), ("organization_id", .uuid), ("user", .text), ("expires_at", .time)],
            required: ["name"]), answer: made, status: 201, problems: [404, 409], takesIdempotencyKey: true)

    private static let revoke = APIOperation(
        "Revoke a key, by its id, or its name where it is nobody's", answer: key, problems: [409])
}
