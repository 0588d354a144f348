import FoundationEssentials
import HookgateCore

/// What is held back over the API: what `hookgate quarantine` does.
enum QuarantineAPI {
    private static let mostGroups = 1_000

    static let routes = [
        Route(.get, "/api/v1/quarantine", .needs(.viewer, .organization), api: list) { visit in
            let filter = try QuarantineQuery.filter(visit.request.query, scope: visit.scope)
            let groups = try await visit.parts.quarantine.groups(filter, limit: mostGroups)
            return try .json(Groups(groups: groups.map(Group.init)))
        },
        Route(.post, "/api/v1/quarantine/release", .needs(.operator, .organization), api: release) { visit in
            try await Idempotency.carryOut(visit) {
                let wish = try APIBody.read(Wish.self, visit.request)
                let report = try await visit.parts.quarantine.release(
                    try wish.filter(scope: visit.scope), trustsName: wish.trustName ?? false,
                    isDryRun: wish.dryRun ?? true, act: wish.act(visit))
                return try .json(
                    Released(
                        isDryRun: wish.dryRun ?? true, released: report.released, gone: report.gone,
                        refused: Dictionary(report.refused.map { ($0.key.word, $0.value) }, uniquingKeysWith: +)))
            }
        },
        Route(.post, "/api/v1/quarantine/discard", .needs(.operator, .organization), api: discard) { visit in
            try await Idempotency.carryOut(visit) {
                let wish = try APIBody.read(Wish.self, visit.request)
                let isDryRun = wish.dryRun ?? true
                guard isDryRun || wish.note != nil else { throw ConsoleError.badRequest("note must say why.") }
                let count = try await visit.parts.quarantine.discard(
                    try wish.filter(scope: visit.scope), isDryRun: isDryRun, act: wish.act(visit))
                return try .json(Discarded(isDryRun: isDryRun, discarded: count))
            }
        },
    ]

    private struct Wish: Decodable {
        let dryRun: Bool?
        let trustName: Bool?
        let note: String?
        let ids: [String]?
        let reason: String?
        let instance: String?

        func filter(scope: OrganizationID?) throws(ConsoleError) -> QuarantineFilter {
            guard ids != nil || reason != nil || instance != nil else {
                throw .badRequest("Say which events: ids, reason or instance.")
            }
            for text in [note, instance] where text?.utf8.contains(0) == true {
                throw .badRequest("A text holds a NUL, which no database stores.")
            }
            var filter = QuarantineFilter()
            filter.organization = scope
            filter.instance = instance.map { InstanceName($0) }
            if let reason {
                guard let known = QuarantineReason(rawValue: reason) else {
                    throw .badRequest("reason is not a reason of the quarantine.")
                }
                filter.reason = known
            }
            if let ids {
                let read = ids.prefix(EventFilter.largestPage + 1).compactMap { EventID($0) }
                guard read.count == ids.count, ids.count <= EventFilter.largestPage else {
                    throw .badRequest("ids has at most \(EventFilter.largestPage) ids of events.")
                }
                filter.ids = read
            }
            return filter
        }

        func act(_ visit: Visit) -> QuarantineAct {
            QuarantineAct(actor: visit.actor, decidedAt: visit.now, note: note)
        }
    }

    private struct Groups: Encodable {
        let groups: [Group]
    }

    private struct Group: Encodable {
        let reason: String
        let instanceName: String?
        let events: Int
        let bytes: Int
        let oldest: Date

        init(_ group: QuarantineGroup) {
            self.reason = group.reason
            self.instanceName = group.instanceName?.text
            self.events = group.events
            self.bytes = group.bytes
            self.oldest = group.oldest
        }
    }

    private struct Released: Encodable {
        let isDryRun: Bool
        let released: Int
        let gone: Int
        let refused: [String: Int]
    }

    private struct Discarded: Encodable {
        let isDryRun: Bool
        let discarded: Int
    }
}

extension QuarantineAPI {
    private static let reasons = Schema.words(QuarantineReason.allCases.map(\.rawValue))

    private static let wish = Schema.object([
        ("dry_run", .boolean), ("note", .text), ("ids", .list(.uuid)), ("reason", reasons), ("instance", .text),
        ("trust_name", .boolean),
    ])

    private static let list = APIOperation(
        "Count what is held back, by reason and integration",
        query: [
            .init("reason", reasons), .init("instance", .text), .init("clinic_id", .uuid), .init("since", .time),
        ],
        answer: .object(
            [
                (
                    "groups",
                    .list(
                        .object(
                            [
                                ("reason", .text), ("instance_name", .text), ("events", .integer(0)),
                                ("bytes", .integer(0)), ("oldest", .time),
                            ], required: ["reason", "events", "bytes", "oldest"]))
                )
            ], required: ["groups"]))

    private static let release = APIOperation(
        "Decide held events anew and let go what nothing holds; a dry run unless dry_run is false", body: wish,
        answer: .object(
            [
                ("is_dry_run", .boolean), ("released", .integer(0)), ("gone", .integer(0)), ("refused", .counts),
            ], required: ["is_dry_run", "released", "gone", "refused"]),
        takesIdempotencyKey: true)

    private static let discard = APIOperation(
        "Give up held events; a dry run unless dry_run is false", body: wish,
        answer: .object(
            [("is_dry_run", .boolean), ("discarded", .integer(0))], required: ["is_dry_run", "discarded"]),
        takesIdempotencyKey: true)
}
