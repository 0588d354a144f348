import FoundationEssentials
import HookgateCore

/// The life of integrations over the API: what `hookgate integrations create`, `connect`, `enable`, `disable` and
/// `delete` do.
enum LifeAPI {
    static func routes(_ desk: LifeDesk) -> [Route] {
        [
            Route(.post, "/api/v1/integrations", .needs(.operator, .organization), api: create) { visit in
                try await Idempotency.carryOut(visit) { try await make(visit, desk) }
            },
            // Whoever has a code can take over the number.
            Route(
                .get, "/api/v1/integrations/{id}/connection", .needs(.operator, .organization), api: connection
            ) { visit in
                guard visit.request.query["number"] == nil else {
                    // It would stand in the logs of whatever is in between.
                    throw ConsoleError.badRequest("Send number in the body of a POST to this address.")
                }
                return try await connect(visit, desk, number: nil)
            },
            Route(
                .post, "/api/v1/integrations/{id}/connection", .needs(.operator, .organization), api: code
            ) { visit in
                let body = try APIBody.read(ConnectionWish.self, visit.request)
                return try await connect(visit, desk, number: try PairingNumber.read(body.number))
            },
            Route(
                .get, "/api/v1/integrations/{id}/traffic", .needs(.viewer, .organization), api: traffic
            ) { visit in
                let integration = try await desk.integration(visit)
                let days = try visit.query("days", "a number from 1 to 90") { text in
                    Int(text).flatMap { (1...90).contains($0) ? $0 : nil }
                }
                guard let name = integration.instanceName else { return try .json(Traffic(days: [])) }
                let counts = try await visit.parts.fleet.traffic(of: name, days: days ?? 14, until: visit.now)
                return try .json(Traffic(days: counts.map(Day.init)))
            },
            Route(.post, "/api/v1/integrations/{id}/enable", .needs(.operator, .organization), api: enable) { visit in
                try await deliver(true, visit, desk)
            },
            Route(.post, "/api/v1/integrations/{id}/disable", .needs(.operator, .organization), api: disable) { visit in
                try await deliver(false, visit, desk)
            },
            Route(
                .post, "/api/v1/integrations/{id}/webhook-url", .needs(.operator, .organization), api: webhookURL
            ) { visit in
                let reason = try LifeDesk.reason(try APIBody.read(Reason.self, visit.request).reason)
                return try .json(WholeURL(webhookUrl: try await desk.revealURL(visit, reason: reason).url))
            },
            Route(.delete, "/api/v1/integrations/{id}", .needs(.operator, .organization), api: delete) { visit in
                try await remove(visit, desk)
            },
        ]
    }

    private static func make(_ visit: Visit, _ desk: LifeDesk) async throws -> Reply {
        let wish = try CreationWish(try APIBody.read(CreationWish.Body.self, visit.request), visit)
        let creation = try await wish.carryOut(visit, desk)
        if case .unfinished = creation.outcome {
            throw ConsoleError.unavailable("It is \(creation.outcome.meaning).")
        }
        return try .json(
            Deed(
                integration: IntegrationAPI.Row(creation.integration), outcome: creation.outcome.word,
                meaning: creation.outcome.meaning))
    }

    private static func connect(_ visit: Visit, _ desk: LifeDesk, number: String?) async throws -> Reply {
        let integration = try await desk.integration(visit)
        try desk.checkServers()
        return try .json(Connection(try await desk.pairing.look(at: integration.id, number: number)))
    }

    private static func deliver(_ isEnabled: Bool, _ visit: Visit, _ desk: LifeDesk) async throws -> Reply {
        let (subject, actor) = (try await desk.integration(visit).id.text, visit.actor)
        let integration = try await desk.carryOut(visit) {
            try await $0.setEnabled(isEnabled, subject, isDryRun: false, actor: actor)
        }
        return try .json(IntegrationAPI.Row(integration))
    }

    private static func remove(_ visit: Visit, _ desk: LifeDesk) async throws -> Reply {
        let integration = try await desk.integration(visit)
        var options = DeletionOptions()
        options.keepsInstance = try visit.query("keep_instance", "yes or no", Self.yes) ?? false
        options.isDryRun = try visit.query("dry_run", "yes or no", Self.yes) ?? false
        let deletion = try await desk.delete(integration, options, visit)
        if case .unfinished = deletion.outcome {
            throw ConsoleError.unavailable("It is \(deletion.outcome.meaning).")
        }
        return try .json(
            Deed(
                integration: IntegrationAPI.Row(deletion.integration), outcome: deletion.outcome.word,
                meaning: deletion.outcome.meaning))
    }

    private static func yes(_ text: String) -> Bool? { ["yes": true, "no": false][text] }

    private struct Traffic: Encodable {
        let days: [Day]
    }

    private struct Day: Encodable {
        let day: Date
        let token: Int
        let instance: Int

        init(_ day: InstanceTrafficDay) {
            self.day = day.day
            self.token = day.token
            self.instance = day.instance
        }
    }

    private struct ConnectionWish: Decodable {
        let number: String
    }

    private struct Reason: Decodable {
        let reason: String
    }

    private struct WholeURL: Encodable {
        let webhookUrl: String
    }

    private struct Deed: Encodable {
        let integration: IntegrationAPI.Row
        let outcome: String
        let meaning: String
    }

    private struct Connection: Encodable {
        var state: String
        var qrText: String?
        var pairingCode: String?
        var expiresAt: Date?
        var phoneNumber: String?

        init(_ look: PairingLook) throws(ConsoleError) {
            switch look {
            case .failed(let error): throw error
            case .waiting: self.state = "waiting"
            case .connected(let phone):
                self.state = "connected"
                self.phoneNumber = phone.map { MaskedNumber.text($0.text) }
            case .code(let pairing, let until):
                self.state = "code"
                self.qrText = pairing.qrText
                self.pairingCode = pairing.pairingCode
                self.expiresAt = until
            }
        }
    }
}

extension LifeAPI {
    private static func deed(_ outcomes: [String]) -> Schema {
        .object(
            [("integration", IntegrationAPI.row), ("outcome", .words(outcomes)), ("meaning", .text)],
            required: ["integration", "outcome", "meaning"])
    }

    private static let create = APIOperation(
        "Make an integration and its instance, or say that both are there; a dry run's integration is none yet",
        body: .object(
            [
                ("clinic_id", .uuid), ("organization_id", .uuid), ("label", .text), ("display_name", .text),
                ("server", .text), ("adopt", .boolean), ("dry_run", .boolean), ("rehearsal", .boolean),
            ], required: ["clinic_id"]),
        answer: deed(["created", "adopted", "present", "would_create", "would_adopt"]), problems: [409, 422],
        takesIdempotencyKey: true)

    private static let connection = APIOperation(
        "Ask for a code to pair a telephone with, or whether it is connected; asked anew in some seconds",
        path: ["id": .uuid], answer: connected, problems: [409, 422])

    private static let code = APIOperation(
        "The same, with a code to type as well, for the telephone's number with the country's: digits alone",
        path: ["id": .uuid], body: .object([("number", .text)], required: ["number"]), answer: connected,
        problems: [409, 422])

    private static let connected = Schema.object(
        [
            ("state", .words(["code", "waiting", "connected"])), ("qr_text", .text), ("pairing_code", .text),
            ("expires_at", .time), ("phone_number", .text),
        ], required: ["state"])

    private static let traffic = APIOperation(
        "Show how many webhooks came for an integration's instance on each day, by route",
        query: [.init("days", .integer(1, 90), "How many; 14.")], path: ["id": .uuid],
        answer: .object(
            [
                (
                    "days",
                    .list(
                        .object(
                            [("day", .time), ("token", .integer(0)), ("instance", .integer(0))],
                            required: ["day", "token", "instance"]))
                )
            ], required: ["days"]))

    private static let enable = APIOperation(
        "Deliver an integration's webhooks again; what was held stays held", path: ["id": .uuid],
        answer: IntegrationAPI.row, problems: [409])

    private static let disable = APIOperation(
        "Hold an integration's webhooks back; each is still stored", path: ["id": .uuid], answer: IntegrationAPI.row,
        problems: [409])

    private static let webhookURL = APIOperation(
        "Show the whole webhook URL, which is a secret; who asked and why is noted first", path: ["id": .uuid],
        body: .object([("reason", .text)], required: ["reason"]),
        answer: .object([("webhook_url", .text)], required: ["webhook_url"]), problems: [409, 422])

    private static let delete = APIOperation(
        "Delete an integration, and its instance at Evolution first",
        query: [
            .init("keep_instance", .words(["yes", "no"]), "Whether the instance stays; no."),
            .init("dry_run", .words(["yes", "no"]), "Whether only to say what would be deleted; no."),
        ], path: ["id": .uuid],
        answer: deed(["deleted", "row_deleted", "would_delete", "would_delete_row"]), problems: [409, 422])
}
