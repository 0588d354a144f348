import FoundationEssentials
import HookgateCore

/// Who may use console and API: what `hookgate keys` does.
enum AccessAPI {
    static let routes = [
        Route(.get, "/api/v1/me", .needs(.viewer, .organization), api: me) { visit in
            try .json(
                Me(
                    name: visit.visitor.name, role: visit.visitor.role,
                    organizationId: visit.visitor.organization?.text))
        },
        Route(.get, "/api/v1/keys", .needs(.admin), api: list) { visit in
            try .json(AccessKeysDocument(try await visit.parts.keys.keys()))
        },
        Route(.post, "/api/v1/keys", .needs(.admin), api: create) { visit in
            // What was answered holds a secret, which no table may have: the name alone keeps it from being made twice.
            try await make(visit)
        },
        Route(.delete, "/api/v1/keys/{name}", .needs(.admin), api: revoke) { visit in
            guard
                let record = try await visit.parts.keys.revoke(visit.parameter("name"), by: visit.actor, at: visit.now)
            else { throw ConsoleError.notFound("There is no good key of that name.") }
            return try .json(AccessKeyDocument(record))
        },
    ]

    private static func make(_ visit: Visit) async throws -> Reply {
        let wish = try APIBody.read(Wish.self, visit.request)
        var organization: OrganizationID?
        if let text = wish.organizationId {
            guard let id = OrganizationID(text) else { throw ConsoleError.badRequest("organization_id is not a UUID.") }
            organization = id
        }
        guard let draft = AccessKeyDraft(name: wish.name, role: wish.role, organization: organization) else {
            throw ConsoleError.badRequest("name has from 1 to \(AccessKeyDraft.longestName) visible characters.")
        }
        let secret = AccessSecret.random(.key)
        guard let record = try await visit.parts.keys.create(draft, secret, by: visit.actor, at: visit.now) else {
            throw ConsoleError.conflict("There is a key of that name already.")
        }
        return try .json(NewAccessKeyDocument(record, secret), status: 201)
    }

    private struct Wish: Decodable {
        let name: String
        let role: AccessRole
        let organizationId: String?
    }

    private struct Me: Encodable {
        let name: String
        let role: AccessRole
        let organizationId: String?
    }
}

extension AccessAPI {
    private static let roles = Schema.words(AccessRole.allCases.map(\.rawValue))

    private static let key = Schema.object(
        [
            ("id", .uuid), ("name", .text), ("role", roles), ("organization_id", .uuid), ("created_at", .time),
            ("created_by", .text), ("expires_at", .time), ("last_used_at", .time), ("revoked_at", .time),
        ], required: ["id", "name", "role", "created_at", "created_by"])

    private static let me = APIOperation(
        "Show what this key is",
        answer: .object(
            [("name", .text), ("role", roles), ("organization_id", .uuid)], required: ["name", "role"]))

    private static let list = APIOperation(
        "List the keys, without their secrets", answer: .object([("keys", .list(key))], required: ["keys"]))

    private static let create = APIOperation(
        "Make a key; its secret is shown this once",
        body: .object([("name", .text), ("role", roles), ("organization_id", .uuid)], required: ["name", "role"]),
        answer: .object([("key", key), ("secret", .text)], required: ["key", "secret"]), status: 201, problems: [409])

    private static let revoke = APIOperation("Revoke a key, by its name or id", answer: key)
}
