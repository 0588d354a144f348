import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Testing

@testable import Store

/// What is counted of traffic, and what it says later.
@Suite(.timeLimit(.minutes(3)))
struct TrafficHistoryTests {
    private static let start = Date(timeIntervalSince1970: 1_760_918_400)
    private static let name = InstanceName("clinic-a")

    private static func event(
        _ body: String, at minute: Double, _ route: Route = .instance, name: InstanceName? = name,
        _ disposition: AcceptedEvent.Disposition = .pending
    ) -> InboxRecord {
        let event = AcceptedEvent(
            id: EventID(UUID()), receivedAt: start.addingTimeInterval(minute * 60), route: route, eventSuffix: nil,
            disposition: disposition, integrationID: IntegrationID(nobody), organizationID: nil,
            clinicID: nil, instanceName: name, facts: BodyFacts(),
            body: Array(#"{"data":"\#(body)","date_time":"2026-01-01T00:00:00.000Z"}"#.utf8))
        return InboxRecord(
            event,
            of: SpoolBatch.Entry(sequence: 0, position: SpoolPosition(segment: 0, offset: 0), event: event))
    }

    private static func ship(_ records: [InboxRecord], to database: TestDatabase) async throws {
        let writer = InboxWriter(pool: database.pool, gatewayID: UUID(), time: TimeSource { start })
        _ = try await writer.write(records[...])
    }

    private static func minute(_ minute: Double) -> Date { start.addingTimeInterval(minute * 60) }

    @Test func retriesInFlightAreToldFromLiveTraffic() async throws {
        try await withSchema { database in
            // One retry in the same batch as its original, one in a later one, one of an event on the day before.
            try await Self.ship(
                [Self.event("a", at: 0), Self.event("a", at: 1), Self.event("late", at: -30)], to: database)
            try await Self.ship([Self.event("a", at: 40), Self.event("late", at: 10)], to: database)
            let history = PostgresTrafficHistory(pool: database.pool)
            let traffic = try #require(try await history.traffic(of: [Self.name])[Self.name]?.routes[.instance])
            #expect(
                traffic
                    == RouteTraffic(
                        firstSeen: Self.minute(-30), lastSeen: Self.minute(40), lastLive: Self.minute(0), events: 5,
                        retries: 3))
            let days = try await history.days(from: Self.minute(-60), until: Self.minute(60))
            #expect(days.map(\.day) == ["2025-10-20", "2025-10-19"])
            #expect(days.map(\.events) == [4, 1])
            #expect(days.map(\.retries) == [3, 0])
        }
    }

    @Test func theSameBodyOnTheOtherRouteOrMuchLaterIsLive() async throws {
        try await withSchema { database in
            try await Self.ship([Self.event("a", at: 0, .token), Self.event("a", at: 1)], to: database)
            try await Self.ship([Self.event("b", at: 0)], to: database)
            try await Self.ship([Self.event("b", at: 46)], to: database)
            let history = PostgresTrafficHistory(pool: database.pool)
            let traffic = try #require(try await history.traffic(of: [Self.name])[Self.name])
            #expect(traffic.routes[.instance]?.retries == 0)
            #expect(traffic.routes[.instance]?.lastLive == Self.minute(46))
            #expect(traffic.routes[.token]?.events == 1)
        }
    }

    /// A copy of a message in another body is what both URLs at once look like: somebody still calls the old one.
    @Test func aCopyInAnotherBodyIsLive() async throws {
        try await withSchema { database in
            func message(_ destination: String, at minute: Double, _ route: Route) -> InboxRecord {
                let body = #"{"event":"messages.upsert","destination":"\#(destination)","data":{"key":{"id":"A"}}}"#
                let event = AcceptedEvent(
                    id: EventID(UUID()), receivedAt: Self.minute(minute), route: route, eventSuffix: nil,
                    disposition: .pending, integrationID: IntegrationID(nobody), organizationID: nil,
                    clinicID: nil, instanceName: Self.name,
                    facts: BodyFacts(event: "messages.upsert", messageID: "A"), body: Array(body.utf8))
                return InboxRecord(
                    event,
                    of: SpoolBatch.Entry(sequence: 0, position: SpoolPosition(segment: 0, offset: 0), event: event))
            }
            try await Self.ship([message("new", at: 0, .token), message("old", at: 1, .instance)], to: database)
            let traffic = try await PostgresTrafficHistory(pool: database.pool).traffic(of: [Self.name])
            #expect(traffic[Self.name]?.routes[.instance]?.lastLive == Self.minute(1))
        }
    }

    /// What an earlier release counted told no retries apart; all of it counts as live.
    @Test func rowsOfAnEarlierReleaseCountAsLive() async throws {
        try await withSchema { database in
            try await database.pool.query(
                """
                INSERT INTO hookgate.route_traffic (instance_name, route, day, first_seen, last_seen, count)
                VALUES ('clinic-a', 'instance', '2025-10-19', $1, $2, 4)
                """, [Self.minute(-60), Self.minute(-30)])
            let history = PostgresTrafficHistory(pool: database.pool)
            let before = try await history.traffic(of: [Self.name])[Self.name]?.routes[.instance]
            #expect(before?.lastLive == Self.minute(-30))
        }
    }

    @Test func refusedRequestsOfStrangersAndKnownSendersAreToldApart() async throws {
        try await withSchema { database in
            let ledger = PostgresRefusalLedger(pool: database.pool)
            func counts(_ minutes: [Double], _ instance: InstanceName?, _ reason: RefusalReason) -> (
                RefusalKey, RefusalCount
            ) {
                var count = RefusalCount(at: Self.minute(minutes[0]))
                for minute in minutes.dropFirst() { count = count + RefusalCount(at: Self.minute(minute)) }
                return (
                    RefusalKey(instance: instance, route: .instance, reason: reason, at: Self.minute(minutes[0])), count
                )
            }
            try await ledger.add(
                Dictionary([counts([1, 2, 3], nil, .unknown), counts([4], Self.name, .malformed)]) { first, _ in first }
            )
            try await ledger.add(Dictionary([counts([9, 5], nil, .unknown)]) { first, _ in first })
            let history = PostgresTrafficHistory(pool: database.pool)
            #expect(
                try await history.refusals(from: Self.minute(0), until: Self.minute(60)) == [
                    RefusalSummary(
                        route: .instance, reason: .malformed, isKnown: true, count: 1, lastSeen: Self.minute(4)),
                    RefusalSummary(
                        route: .instance, reason: .unknown, isKnown: false, count: 5, lastSeen: Self.minute(9)),
                ])
            let known = try await history.traffic(of: [Self.name, InstanceName("other")])
            #expect(known.keys.map(\.text) == ["clinic-a"])
            #expect(known[Self.name]?.refusals.map(\.reason) == [.malformed])
        }
    }
}

private let nobody = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
