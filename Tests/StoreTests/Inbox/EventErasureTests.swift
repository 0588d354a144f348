import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Testing

@testable import Store

@Suite(.timeLimit(.minutes(2))) struct EventErasureTests {
    private static let act = QuarantineAct(actor: "anna@desk", decidedAt: StoredEvents.day, note: "request of 12 March")

    @Test func nothingOfAChatIsLeftAndTheAuditLogDoesNotHoldItsAddress() async throws {
        try await withSchema { database in
            let events = StoredEvents(database)
            let other = "15550109999@s.whatsapp.net"
            let delivered = try await events.add(.delivered, settled: StoredEvents.day, message: "3EB0")
            let tomorrow = StoredEvents.day.addingTimeInterval(86_400)
            let waiting = try await events.add(.pending, at: tomorrow, message: "3EB1")
            let kept = try await events.add(.pending, message: "3EB2", chat: other)
            let erasure = PostgresEventErasure(pool: database.pool)
            let found = try await erasure.findings(chat: StoredEvents.chat)
            #expect(found == ErasureCount(events: 2, bodies: 2, waiting: 1))
            #expect(try await erasure.erase(chat: StoredEvents.chat, act: Self.act) == found)

            #expect(try await events.state(of: delivered) == .delivered)
            #expect(try await events.state(of: waiting) == .discarded)
            #expect(try await events.hasBody(kept))
            let left = try await events.text(
                """
                SELECT string_agg(concat_ws(' ', e.message_id, e.chat, convert_from(b.body, 'UTF8')), ' ')
                FROM hookgate.events AS e LEFT JOIN hookgate.event_bodies AS b USING (day, id)
                WHERE e.chat IS DISTINCT FROM '\(other)'
                """)
            #expect((left ?? "").filter { !$0.isWhitespace } == "")
            // What waited is out of the queue too.
            #expect(try await events.text("SELECT count(*) FROM hookgate.delivery_queue") == "1")
            let audit = try #require(
                try await events.text("SELECT jsonb_agg(a) FROM hookgate.audit_log AS a"))
            #expect(!audit.contains("15550101001"))
            #expect(audit.contains(try await erasure.fingerprint(ofChat: StoredEvents.chat)))
            #expect(try await erasure.findings(chat: StoredEvents.chat) == ErasureCount())
        }
    }
}
