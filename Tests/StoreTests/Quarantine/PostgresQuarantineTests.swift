import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Testing

@testable import Store

/// Held events in a real inbox.
@Suite(.timeLimit(.minutes(2))) struct PostgresQuarantineTests {
    private static let act = QuarantineAct(
        actor: "anna@desk", decidedAt: Date(timeIntervalSince1970: 1_760_950_000), note: nil)

    private static func released(_ id: EventID, _ held: HeldEvents) async throws -> ReleasedEvent {
        var filter = QuarantineFilter()
        filter.ids = [id]
        let event = try #require(try await held.store.held(filter, after: nil, limit: 1).first)
        let integration = try #require(event.summary.integrationID)
        return ReleasedEvent(event: event.summary, entry: try #require(try await held.store.integration(integration)))
    }

    @Test func anEventThatIsShippedAgainStaysReleased() async throws {
        try await withHeldEvents { held in
            let integration = try await held.add("clinic-a")
            let accepted = AcceptedEvent(
                id: .timeOrdered(at: Self.act.decidedAt, random: (1, 2)), receivedAt: Self.act.decidedAt, route: .token,
                eventSuffix: nil, disposition: .quarantined(.tokenRetired), integrationID: integration,
                organizationID: HeldEvents.organization, clinicID: nil, instanceName: InstanceName("clinic-a"),
                facts: BodyFacts(event: "messages.upsert"), body: Array(HeldEvents.body.utf8))
            let entry = SpoolBatch.Entry(
                sequence: 1, position: SpoolPosition(segment: 1, offset: 1024), event: accepted)
            let record = InboxRecord(accepted, of: entry)
            let writer = InboxWriter(pool: held.database.pool, gatewayID: UUID(), time: .system)
            _ = try await writer.write([record])
            #expect(try await held.state(of: accepted.id) == "quarantined")
            let released = try await held.store.release([Self.released(accepted.id, held)], act: Self.act)
            #expect(released == [accepted.id])
            _ = try await writer.write([record])
            #expect(try await held.state(of: accepted.id).hasPrefix("pending"))
        }
    }

    @Test func twoPersonsReleaseAnEventOnce() async throws {
        try await withHeldEvents { held in
            let integration = try await held.add("clinic-a")
            let id = try await held.hold(.tokenRetired, integration: integration)
            let event = try await Self.released(id, held)
            async let one = held.store.release([event], act: Self.act)
            async let other = held.store.release([event], act: Self.act)
            #expect(try await one.count + other.count == 1)
            let notes = try await held.database.pool.query("SELECT FROM hookgate.event_decisions")
            #expect(notes.count == 1)
        }
    }

    @Test func whatIsHeldIsCountedByReasonAndHolder() async throws {
        try await withHeldEvents { held in
            let integration = try await held.add("clinic-a")
            for _ in 1...3 { _ = try await held.hold(.tokenRetired, integration: integration) }
            _ = try await held.hold(.noClinic, integration: integration)
            _ = try await held.hold(.noIntegration, instance: "old-one", route: .instance)
            let groups = try await held.store.groups(QuarantineFilter(), limit: 10)
            #expect(groups.map(\.events) == [3, 1, 1])
            #expect(groups[0].reason == "token_retired" && groups[0].holder == .integration(integration))
            let counts = try await held.store.heldCounts(limit: 10)
            #expect(counts.map(\.holder) == [.integration(integration), .instance(InstanceName("old-one"))])
            #expect(counts[0].events == 4 && counts[0].bytes == 4 * HeldEvents.body.utf8.count)
            var filter = QuarantineFilter()
            filter.reason = .noIntegration
            #expect(try await held.store.groups(filter, limit: 10).map(\.instanceName?.text) == ["old-one"])
        }
    }
}
