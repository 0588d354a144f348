import FoundationEssentials
import HookgateCore

/// The fleet in numbers, as the first page has it.
enum FleetAPI {
    static func routes(_ reader: FleetReader) -> [Route] {
        [
            Route(.get, "/api/v1/fleet", .needs(.viewer, .organization), api: show) { visit in
                try .json(Document(try await reader.snapshot(of: visit.scope)))
            },
            Route(.get, "/api/v1/fleet/traffic", .needs(.viewer), api: traffic) { visit in
                let minutes = try visit.query("minutes", "a number from 1 to 1440") { text in
                    Int(text).flatMap { (1...1_440).contains($0) ? $0 : nil }
                }
                let series = try await visit.parts.fleet.traffic(minutes: minutes ?? 60, until: visit.now)
                return try .json(Traffic(minutes: series.map(Minute.init)))
            },
        ]
    }

    private struct Document: Encodable {
        let takenAt: Date
        let integrations: [String: Int]
        let legacyOnly: Int
        let disabled: Int
        let withToken: Int
        let switchedOver: [String: Int]
        let seenOnTokenRoute: Int
        let liveOnOldRoute: Int
        let events: [String: Int]
        let oldestPending: Date?
        let attempts: Int
        let failedAttempts: Int

        init(_ snapshot: FleetSnapshot) {
            let overview = snapshot.overview
            self.takenAt = snapshot.takenAt
            self.integrations = overview.integrations
            self.legacyOnly = overview.legacyOnly
            self.disabled = overview.disabled
            self.withToken = overview.withToken
            self.switchedOver = Self.words(overview.switchedOver)
            self.seenOnTokenRoute = overview.seenOnTokenRoute
            self.liveOnOldRoute = overview.liveOnOldRoute
            self.events = Self.words(overview.events)
            self.oldestPending = overview.oldestPending
            self.attempts = overview.attempts
            self.failedAttempts = overview.failedAttempts
        }

        private static func words<Key: RawRepresentable<String>>(_ counts: [Key: Int]) -> [String: Int] {
            Dictionary(uniqueKeysWithValues: counts.map { ($0.key.rawValue, $0.value) })
        }
    }

    private struct Traffic: Encodable {
        let minutes: [Minute]
    }

    private struct Minute: Encodable {
        let minute: Date
        let token: Int
        let instance: Int

        init(_ minute: TrafficMinute) {
            self.minute = minute.minute
            self.token = minute.token
            self.instance = minute.instance
        }
    }

    private static let show = APIOperation(
        "Show the fleet in numbers",
        answer: .object(
            [
                ("taken_at", .time), ("integrations", .counts), ("legacy_only", .integer(0)),
                ("disabled", .integer(0)), ("with_token", .integer(0)),
                ("switched_over", .counts), ("seen_on_token_route", .integer(0)), ("live_on_old_route", .integer(0)),
                ("events", .counts), ("oldest_pending", .time), ("attempts", .integer(0)),
                ("failed_attempts", .integer(0)),
            ], required: ["taken_at", "integrations", "events"]))

    private static let traffic = APIOperation(
        "Show accepted webhooks by minute and route", query: [.init("minutes", .integer(1, 1_440), "How many; 60.")],
        answer: .object(
            [
                (
                    "minutes",
                    .list(
                        .object(
                            [("minute", .time), ("token", .integer(0)), ("instance", .integer(0))],
                            required: ["minute", "token", "instance"]))
                )
            ], required: ["minutes"]))
}
