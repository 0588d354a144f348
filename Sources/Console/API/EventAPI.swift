import FoundationEssentials
import HookgateCore

/// Events over the API: what `hookgate events` does.
enum EventAPI {
    static let routes = [
        Route(.get, "/api/v1/events", .needs(.viewer, .organization), api: list) { visit in
            var filter = try EventQuery.filter(visit.request.query, scope: visit.scope)
            filter.limit = try visit.limit(default: 50, largest: EventFilter.largestPage)
            let page = try await visit.parts.events.list(filter)
            return try .json(Page(events: page.events.map { EventRow($0) }, nextCursor: page.next?.text))
        },
        Route(.get, "/api/v1/events/{id}", .needs(.viewer, .organization), api: show) { visit in
            let event = try await EventDetailPage.event(visit)
            let attempts = try await visit.parts.events.attempts(of: event.summary.id)
            return try .json(EventDocument(event, attempts))
        },
        Route(.post, "/api/v1/events/decide", .needs(.operator, .organization), api: decide) { visit in
            try await Idempotency.carryOut(visit) { try await carryOut(visit) }
        },
    ]

    private static func carryOut(_ visit: Visit) async throws -> Reply {
        let wish = try APIBody.read(Wish.self, visit.request)
        let filter = try wish.filter(scope: visit.scope)
        guard !wish.dryRun else {
            let groups = try await EventDecisions.groups(wish.decision, filter, visit.parts.keeping)
            return try .json(
                Decided(decision: wish.decision, isDryRun: true, events: groups.reduce(0) { $0 + $1.events }))
        }
        guard wish.decision == .replay || wish.note != nil else { throw ConsoleError.badRequest("note must say why.") }
        let act = QuarantineAct(actor: visit.actor, decidedAt: visit.now, note: wish.note)
        let count = try await EventDecisions.carryOut(wish.decision, filter, act: act, visit.parts.keeping)
        return try .json(Decided(decision: wish.decision, isDryRun: false, events: count))
    }

    /// What is to be decided. Without any filter or id it is refused: all events are seldom meant.
    private struct Wish: Decodable {
        let decision: EventDecision
        let dryRun: Bool
        let note: String?
        let ids: [String]?
        let state: EventState?
        let kind: String?
        let instance: String?
        let clinicId: String?

        init(from decoder: any Decoder) throws {
            let members = try decoder.container(keyedBy: Key.self)
            self.decision = try members.decode(EventDecision.self, forKey: .decision)
            // Nothing is done unless it is asked for.
            self.dryRun = try members.decodeIfPresent(Bool.self, forKey: .dryRun) ?? true
            self.note = try members.decodeIfPresent(String.self, forKey: .note)
            self.ids = try members.decodeIfPresent([String].self, forKey: .ids)
            self.state = try members.decodeIfPresent(EventState.self, forKey: .state)
            self.kind = try members.decodeIfPresent(String.self, forKey: .kind)
            self.instance = try members.decodeIfPresent(String.self, forKey: .instance)
            self.clinicId = try members.decodeIfPresent(String.self, forKey: .clinicId)
        }

        enum Key: CodingKey {
            case decision, dryRun, note, ids, state, kind, instance, clinicId
        }

        func filter(scope: OrganizationID?) throws(ConsoleError) -> EventFilter {
            guard ids != nil || state != nil || kind != nil || instance != nil || clinicId != nil else {
                throw .badRequest("Say which events: ids, state, kind, instance or clinic_id.")
            }
            for text in [note, kind, instance] where text?.utf8.contains(0) == true {
                throw .badRequest("A text holds a NUL, which no database stores.")
            }
            var filter = EventFilter()
            filter.organization = scope
            filter.state = state
            filter.kind = kind
            filter.instance = instance.map { InstanceName($0) }
            if let clinicId {
                guard let clinic = ClinicID(clinicId) else { throw .badRequest("clinic_id is not a UUID.") }
                filter.clinic = clinic
            }
            if let ids {
                guard ids.count <= EventFilter.largestPage else {
                    throw .badRequest("At most \(EventFilter.largestPage) ids.")
                }
                let read = ids.compactMap { EventID($0) }
                guard read.count == ids.count else { throw .badRequest("One of the ids is none.") }
                filter.ids = read
            }
            return filter
        }
    }

    private struct Page: Encodable {
        let events: [EventRow]
        let nextCursor: String?
    }

    private struct Decided: Encodable {
        let decision: EventDecision
        let isDryRun: Bool
        let events: Int
    }
}

extension EventDecision: Codable {}
extension EventState: Codable {}

/// An event as the API lists it: nothing of what a patient wrote, nor whom they are.
struct EventRow: Encodable {
    let id: String
    let receivedAt: Date
    let state: EventState
    let route: String
    let kind: String?
    let instanceName: String?
    let integrationId: String?
    let clinicId: String?
    let chat: String?
    let messageId: String?
    let quarantineReason: String?
    let bodyBytes: Int

    init(_ event: EventSummary) {
        self.id = event.id.text
        self.receivedAt = event.receivedAt
        self.state = event.state
        self.route = event.route.rawValue
        self.kind = event.kind
        self.instanceName = event.instanceName?.text
        self.integrationId = event.integrationID?.text
        self.clinicId = event.clinicID?.text
        self.chat = event.chat.map(MaskedChat.text)
        self.messageId = event.messageID
        self.quarantineReason = event.quarantineReason
        self.bodyBytes = event.bodyBytes
    }
}

/// One event with its attempts; its words are masked.
struct EventDocument: Encodable {
    struct Attempt: Encodable {
        let attempt: Int
        let startedAt: Date
        let durationMs: Int
        let result: String
        let status: Int?
        let destination: String
    }

    let event: EventRow
    let storedAt: Date
    let organizationId: String?
    let body: String?
    let bodyMissing: String?
    let attempts: [Attempt]

    init(_ event: StoredEvent, _ attempts: [RecordedAttempt]) {
        self.event = EventRow(event.summary)
        self.storedAt = event.storedAt
        self.organizationId = event.organizationID?.text
        switch event.body {
        case .success(let bytes):
            self.body = try? BodyMask.mask(bytes, layout: .compact)
            self.bodyMissing = nil
        case .failure(let absence):
            self.body = nil
            self.bodyMissing = absence.rawValue
        }
        self.attempts = attempts.map {
            Attempt(
                attempt: $0.attempt, startedAt: $0.startedAt, durationMs: EventDetailPage.milliseconds($0.duration),
                result: $0.result, status: $0.status, destination: $0.destination)
        }
    }
}

extension EventAPI {
    private static let stateWords = Schema.words(EventState.allCases.map(\.rawValue))

    private static let row = Schema.object(
        [
            ("id", .uuid), ("received_at", .time), ("state", stateWords), ("route", .words(["token", "instance"])),
            ("kind", .text), ("instance_name", .text), ("integration_id", .uuid), ("clinic_id", .uuid),
            ("chat", .text), ("message_id", .text), ("quarantine_reason", .text), ("body_bytes", .integer(0)),
        ], required: ["id", "received_at", "state", "route", "body_bytes"])

    private static let list = APIOperation(
        "List events, newest first",
        query: [
            .init("state", stateWords), .init("reason", .words(QuarantineReason.allCases.map(\.rawValue))),
            .init("kind", .text, "As Evolution spells it: messages.upsert."), .init("instance", .text),
            .init("clinic_id", .uuid), .init("since", .time), .init("until", .time),
        ] + APIOperation.page(largest: EventFilter.largestPage),
        answer: .object([("events", .list(row)), ("next_cursor", .text)], required: ["events"]))

    private static let show = APIOperation(
        "Show one event, its words masked", path: ["id": .uuid],
        answer: .object(
            [
                ("event", row), ("stored_at", .time), ("organization_id", .uuid), ("body", .text),
                ("body_missing", .text),
                (
                    "attempts",
                    .list(
                        .object(
                            [
                                ("attempt", .integer()), ("started_at", .time), ("duration_ms", .integer(0)),
                                ("result", .text), ("status", .integer()), ("destination", .text),
                            ], required: ["attempt", "started_at", "result", "destination"]))
                ),
            ], required: ["event", "stored_at", "attempts"]))

    private static let decide = APIOperation(
        "Replay, park or discard events; a dry run unless dry_run is false",
        body: .object(
            [
                ("decision", .words(EventDecision.allCases.map(\.rawValue))), ("dry_run", .boolean), ("note", .text),
                ("ids", .list(.uuid)), ("state", stateWords), ("kind", .text), ("instance", .text),
                ("clinic_id", .uuid),
            ], required: ["decision"]),
        answer: .object(
            [
                ("decision", .words(EventDecision.allCases.map(\.rawValue))), ("is_dry_run", .boolean),
                ("events", .integer(0)),
            ], required: ["decision", "is_dry_run", "events"]),
        takesIdempotencyKey: true)
}
