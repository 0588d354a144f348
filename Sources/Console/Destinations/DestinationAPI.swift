import FoundationEssentials
import HookgateCore

/// Destinations over the API: what `hookgate destinations` does. No secret, and of an address the server alone.
enum DestinationAPI {
    private static let largestPage = 500

    static let routes: [Route] = [
        Route(.get, "/api/v1/destinations", .needs(.viewer, .organization), api: list) { visit in
            let parts = try DestinationDeeds.parts(visit)
            let limit = try visit.limit(default: 100, largest: largestPage)
            let cursor = try EventQuery.read(
                "cursor", visit.request.query, "a cursor that a list gave", DestinationScope.init)
            let found = try await parts.standings.standings(
                of: visit.scope, after: cursor, limit: limit + 1, at: visit.now)
            let next = found.count > limit ? found.prefix(limit).last?.scope.text : nil
            return try .json(
                List(
                    destinations: found.prefix(limit).map { Row(DestinationView($0.scope, $0.record, parts), $0) },
                    nextCursor: next))
        },
        Route(.get, "/api/v1/destinations/{destination}", .needs(.viewer, .organization), api: show) { visit in
            let scope = try await DestinationDeeds.scope(visit)
            guard let standing = try await DestinationDeeds.standing(visit, scope) else {
                throw DestinationDeeds.missing
            }
            return try .json(Row(DestinationView(scope, standing.record, DestinationDeeds.parts(visit)), standing))
        },
        Route(.post, "/api/v1/destinations/{destination}/set", .needs(.admin, .organization), api: set) { visit in
            let wish = try APIBody.read(Wish.self, visit.request)
            let scope = try await DestinationDeeds.scope(visit)
            return try answer(
                visit,
                try await DestinationDeeds.set(
                    visit, scope, try wish.wish(), expected: wish.expectedRevision, isDryRun: wish.dryRun ?? true))
        },
        deed(.pause, .operator, pause), deed(.resume, .operator, resume), deed(.remove, .admin, remove),
    ]

    private static func deed(_ verb: DestinationDeeds.Verb, _ role: AccessRole, _ operation: APIOperation) -> Route {
        let pattern = PathPattern(stringLiteral: "/api/v1/destinations/{destination}/\(verb.rawValue)")
        return Route(.post, pattern, .needs(role, .organization), api: operation) { visit in
            let isDryRun = try APIBody.read(Deed.self, visit.request).dryRun ?? true
            let scope = try await DestinationDeeds.scope(visit)
            return try answer(visit, try await DestinationDeeds.carryOut(visit, verb, scope, isDryRun: isDryRun))
        }
    }

    private static func answer(_ visit: Visit, _ change: DestinationDeeds.Change) throws -> Reply {
        let view = DestinationView(change.after.scope, change.after, try DestinationDeeds.parts(visit))
        return try .json(
            Changed(
                outcome: change.outcome.rawValue, destination: Row(view, nil), waiting: change.waiting,
                newSecret: change.newSecret))
    }

    private struct Deed: Decodable {
        let dryRun: Bool?
    }

    private struct Wish: Decodable {
        let dryRun: Bool?
        let expectedRevision: String?
        let url: String?
        let redisStream: String?
        let shards: Int?
        let length: Int?
        let format: String?
        let media: String?
        let kinds: [String]?
        let allKinds: Bool?
        let withoutKinds: [String]?
        let groups: Bool?
        let statusBroadcasts: Bool?
        let newsletters: Bool?
        let ownMessages: Bool?
        let timeoutMs: Int?
        let width: Int?
        let secret: String?

        func wish() throws(ConsoleError) -> DestinationWish {
            var wish = DestinationWish()
            wish.url = url
            wish.redisStream = redisStream
            wish.shards = shards
            wish.length = length
            wish.format = try Self.word(format, "format")
            wish.media = try Self.word(media, "media")
            wish.kinds = allKinds == true ? "all" : kinds?.joined(separator: ",")
            wish.withoutKinds = withoutKinds.map { $0.isEmpty ? "none" : $0.joined(separator: ",") }
            wish.groups = groups
            wish.statusBroadcasts = statusBroadcasts
            wish.newsletters = newsletters
            wish.ownMessages = ownMessages
            wish.timeoutMilliseconds = timeoutMs
            wish.width = width
            if let kind: SigningSecret.Kind = try Self.word(secret, "secret") { wish.secret = kind }
            return wish
        }

        private static func word<Word: RawRepresentable<String> & CaseIterable>(
            _ text: String?, _ name: String
        ) throws(ConsoleError) -> Word? {
            guard let text else { return nil }
            guard let word = Word(rawValue: text) else {
                throw .badRequest("\(name) is \(Word.allCases.map(\.rawValue).joined(separator: " or ")).")
            }
            return word
        }
    }

    private struct List: Encodable {
        let destinations: [Row]
        let nextCursor: String?
    }

    private struct Changed: Encodable {
        let outcome: String
        let destination: Row
        let waiting: Int
        let newSecret: String?
    }

    private struct Row: Encodable {
        let destination: String
        let source: String
        let to: String?
        let format: String
        let media: String
        let kinds: [String]?
        let withoutKinds: [String]
        let groups: Bool
        let statusBroadcasts: Bool
        let newsletters: Bool
        let ownMessages: Bool
        let timeoutMs: Int
        let width: Int
        let state: String
        let secrets: [String]
        let revision: String?
        let waiting: Int?
        let oldest: Date?
        let attempts: Int?
        let failedAttempts: Int?

        init(_ view: DestinationView, _ standing: DestinationStanding?) {
            let record = view.record
            self.destination = view.scope.text
            self.source = view.source
            self.to = view.to
            self.format = record.format.rawValue
            self.media = record.media.rawValue
            self.kinds = record.selection.kinds?.sorted()
            self.withoutKinds = record.selection.excludedKinds.sorted()
            self.groups = record.selection.groups
            self.statusBroadcasts = record.selection.statusBroadcasts
            self.newsletters = record.selection.newsletters
            self.ownMessages = record.selection.ownMessages
            self.timeoutMs = Int(record.timeout / .milliseconds(1))
            self.width = record.width
            self.state = view.state
            self.secrets = (record.secrets?.secrets ?? []).map(\.masked)
            self.revision = standing.map { $0.revision ?? KeptDestination.none }
            self.waiting = standing?.waiting
            self.oldest = standing?.oldest
            self.attempts = standing?.attempts
            self.failedAttempts = standing?.failedAttempts
        }
    }
}

extension DestinationAPI {
    private static let formats = Schema.words(Destination.Format.allCases.map(\.rawValue))
    private static let media = Schema.words(Destination.Media.allCases.map(\.rawValue))

    private static let row = Schema.object(
        [
            ("destination", .text), ("source", .words(["configuration", "database"])), ("to", .text),
            ("format", formats), ("media", media), ("kinds", .list(.text)), ("without_kinds", .list(.text)),
            ("groups", .boolean), ("status_broadcasts", .boolean), ("newsletters", .boolean),
            ("own_messages", .boolean), ("timeout_ms", .integer(1)), ("width", .integer(1)),
            ("state", .words(["open", "resting", "tried", "paused"])), ("secrets", .list(.text)),
            ("revision", .text), ("waiting", .integer(0)), ("oldest", .time), ("attempts", .integer(0)),
            ("failed_attempts", .integer(0)),
        ], required: ["destination", "source", "format", "media", "state", "secrets"])

    private static let changed = Schema.object(
        [
            ("outcome", .words(["done", "unchanged", "dry_run"])), ("destination", row), ("waiting", .integer(0)),
            ("new_secret", .text),
        ], required: ["outcome", "destination", "waiting"])

    private static let question = Schema.object([("dry_run", .boolean)])

    private static let list = APIOperation(
        "List the destinations with what waits for them, the default first",
        query: APIOperation.page(largest: largestPage),
        answer: .object([("destinations", .list(row)), ("next_cursor", .text)], required: ["destinations"]))

    private static let show = APIOperation(
        "Show one destination: default, or organization:, clinic: or integration: and a UUID", answer: row)

    private static let set = APIOperation(
        "Set a destination, or change what is named and leave the rest, unless it has another revision than the expected "
            + "one; a dry run unless dry_run is false",
        body: .object([
            ("dry_run", .boolean), ("expected_revision", .text), ("url", .text), ("redis_stream", .text),
            ("shards", .integer(1, DestinationWish.shardCounts.upperBound)),
            ("length", .integer(1, DestinationWish.lengths.upperBound)), ("format", formats), ("media", media),
            ("kinds", .list(.text)), ("all_kinds", .boolean), ("without_kinds", .list(.text)), ("groups", .boolean),
            ("status_broadcasts", .boolean), ("newsletters", .boolean), ("own_messages", .boolean),
            ("timeout_ms", .integer(1, DestinationWish.timeouts.upperBound)),
            ("width", .integer(1, DestinationWish.widths.upperBound)),
            ("secret", .words(SigningSecret.Kind.allCases.map(\.rawValue))),
        ]), answer: changed, problems: [409, 422])

    private static let pause = APIOperation(
        "Stop delivering there, and lose nothing; a dry run unless dry_run is false", body: question, answer: changed,
        problems: [409])

    private static let resume = APIOperation(
        "Deliver there again, what waited first; a dry run unless dry_run is false", body: question, answer: changed,
        problems: [409])

    private static let remove = APIOperation(
        "Take a destination away, its events go to the next wider one; a dry run unless dry_run is false",
        body: question,
        answer: changed)
}
