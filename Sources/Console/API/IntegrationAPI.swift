import FoundationEssentials
import HookgateCore

/// Integrations over the API: what `hookgate integrations list` and `show` say.
enum IntegrationAPI {
    static func routes(_ integrations: any IntegrationUseCases) -> [Route] {
        [
            Route(.get, "/api/v1/integrations", .needs(.viewer, .organization), api: list) { visit in
                var query = try IntegrationQueryFields.query(visit.request.query, scope: visit.scope)
                query.limit = try visit.limit(default: 50, largest: IntegrationQuery.largestPage)
                let page = try await integrations.list(query)
                return try .json(Page(integrations: page.integrations.map { Row($0) }, nextCursor: page.next?.text))
            },
            Route(.get, "/api/v1/integrations/{id}", .needs(.viewer, .organization), api: show) { visit in
                try .json(Document(try await IntegrationPages.detail(visit, integrations)))
            },
        ]
    }

    private struct Page: Encodable {
        let integrations: [Row]
        let nextCursor: String?
    }

    struct Row: Encodable {
        let id: String
        let title: String
        let organizationId: String?
        let clinicId: String?
        let clinicName: String?
        let displayName: String?
        let instanceName: String?
        let server: String?
        let status: String?
        let statusSince: Date?
        let statusReason: String?
        let enabled: Bool
        let phoneNumber: String
        let lastSeenAt: Date?
        let underWay: String?

        init(_ integration: IntegrationSummary) {
            self.id = integration.id.text
            self.title = integration.title
            self.organizationId = integration.organizationID?.text
            self.clinicId = integration.clinicID?.text
            self.clinicName = integration.clinicName
            self.displayName = integration.displayName
            self.instanceName = integration.instanceName?.text
            self.server = integration.server
            self.status = integration.statusWord
            self.statusSince = integration.statusSince
            self.statusReason = integration.statusReason?.rawValue
            self.enabled = integration.isEnabled
            self.phoneNumber = MaskedNumber.text(integration.phoneNumber)
            self.lastSeenAt = integration.lastSeenAt
            self.underWay = integration.underWay?.rawValue
        }
    }

    private struct Document: Encodable {
        struct Change: Encodable {
            let at: Date
            let from: String?
            let to: String
            let reason: String
            let source: String
        }

        let integration: Row
        let webhookUrl: String?
        let tokenFingerprint: String?
        let history: [Change]

        init(_ detail: IntegrationDetail) {
            self.integration = Row(detail.integration)
            self.webhookUrl = detail.maskedWebhookURL
            self.tokenFingerprint = detail.tokenFingerprint
            self.history = detail.history.map {
                Change(
                    at: $0.at, from: $0.from, to: $0.to.rawValue, reason: $0.reason.rawValue, source: $0.source.word)
            }
        }
    }
}

extension IntegrationAPI {
    static let row = Schema.object(
        [
            ("id", .uuid), ("title", .text), ("organization_id", .uuid), ("clinic_id", .uuid), ("clinic_name", .text),
            ("display_name", .text), ("instance_name", .text), ("server", .text), ("status", .text),
            ("status_since", .time), ("status_reason", .text), ("enabled", .boolean), ("phone_number", .text),
            ("last_seen_at", .time), ("under_way", .text),
        ], required: ["id", "title", "enabled", "phone_number"])

    private static let list = APIOperation(
        "List integrations, by clinic and instance",
        query: [
            .init("text", .text, "A part of a name, or the last digits of the number."),
            .init("status", .words(IntegrationStatus.allCases.map(\.rawValue))),
            .init("enabled", .words(["yes", "no"])), .init("clinic_id", .uuid),
        ] + APIOperation.page(largest: IntegrationQuery.largestPage),
        answer: .object([("integrations", .list(row)), ("next_cursor", .text)], required: ["integrations"]))

    private static let show = APIOperation(
        "Show one integration, its token as a fingerprint", path: ["id": .uuid],
        answer: .object(
            [
                ("integration", row), ("webhook_url", .text), ("token_fingerprint", .text),
                (
                    "history",
                    .list(
                        .object(
                            [
                                ("at", .time), ("from", .text), ("to", .text), ("reason", .text),
                                ("source", .words(["event", "poll", "command", "found"])),
                            ], required: ["at", "to", "reason", "source"]))
                ),
            ], required: ["integration", "history"]))
}

extension StatusSource {
    /// Of what kind it is: who gave a command may be another organization's key.
    fileprivate var word: String {
        switch self {
        case .event: "event"
        case .poll: "poll"
        case .command: "command"
        case .found: "found"
        }
    }
}
