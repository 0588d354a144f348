import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import NIOHTTP1
import PostgresClient
import Testing

/// Bodies that lie sealed in the database, on their way to a backend that reads them in clear.
@Suite(.timeLimit(.minutes(3)))
struct SealedDeliveryTests {
    private static let key = Data(repeating: 7, count: 32).base64EncodedString()
    private static let words = "Tenho dor de dente"
    /// Long enough to go to the database in parts.
    private static let bodies = [
        OneIntegration.message("SHORT", text: words),
        OneIntegration.message("LONG", text: words + String(repeating: "a", count: 2 << 20)),
    ]

    private func store(_ stage: OneIntegration) async throws {
        _ = try await stage.hookgate(["HOOKGATE_BODY_ENCRYPTION_KEY": Self.key]).serving { address in
            let isKnown = try await OneIntegration.time {
                try await OneIntegration.post("{}", to: address).status == 200
            }
            #expect(isKnown < .seconds(10))
            for body in Self.bodies { #expect(try await OneIntegration.post(body, to: address).status == 200) }
            let isStored = try await OneIntegration.time { try await count(stage, "message_id IS NOT NULL") == 2 }
            #expect(isStored < .seconds(10))
        }
    }

    private func count(_ stage: OneIntegration, _ condition: String) async throws -> Int {
        try await stage.database.pool.query(
            "SELECT count(*)::bigint AS count FROM hookgate.events WHERE \(condition)")[0].decode("count")
    }

    @Test func sealedBodiesArriveAsTheyWereAcceptedShortAndLong() async throws {
        try await OneIntegration.with { stage in
            try await store(stage)
            let rows = try await stage.database.pool.query(
                """
                SELECT bool_and(get_byte(body, 0) = 1 AND position(convert_to($1, 'UTF8') IN body) = 0) AS are_sealed,
                    max(octet_length(body)) AS longest
                FROM hookgate.event_bodies
                """, [Self.words])
            #expect(try rows[0].decode("are_sealed", as: Bool.self))
            #expect(try rows[0].decode("longest", as: Int.self) > 2 << 20)
            try await AlarmReceiver.listening(answering: .ok) { url, receiver in
                let settings = ["HOOKGATE_BODY_ENCRYPTION_KEY": Self.key, "HOOKGATE_DELIVER_URL": url]
                _ = try await stage.hookgate(settings).serving { _ in
                    let isDone = try await OneIntegration.time { try await count(stage, "state = 'pending'") == 0 }
                    #expect(isDone < .seconds(10))
                }
                let arrived = receiver.received.map(\.body)
                for body in Self.bodies { #expect(arrived.contains(Array(body.utf8))) }
            }
        }
    }

    /// A gateway that was started without the key parks nothing: it says what is missing, and one that has it goes on.
    @Test func withoutTheKeyEventsWaitAndWithItTheyGo() async throws {
        try await OneIntegration.with { stage in
            try await store(stage)
            try await AlarmReceiver.listening(answering: .ok) { url, receiver in
                let settings = ["HOOKGATE_DELIVER_URL": url]
                _ = try await stage.hookgate(settings).serving { address in
                    let isSaid = try await OneIntegration.time {
                        try await OneIntegration.get("\(address)/health/ready").contains("sealed by a master key")
                    }
                    #expect(isSaid < .seconds(10))
                }
                #expect(receiver.received.isEmpty)
                #expect(try await count(stage, "state = 'pending'") == 3)
                let attempts = try await stage.database.text("SELECT count(*)::text FROM hookgate.delivery_attempts")
                #expect(attempts == "0")
                let both = settings.merging(["HOOKGATE_BODY_ENCRYPTION_KEY": Self.key]) { first, _ in first }
                _ = try await stage.hookgate(both).serving { _ in
                    let isDone = try await OneIntegration.time { try await count(stage, "state = 'delivered'") == 3 }
                    #expect(isDone < .seconds(10))
                }
                #expect(receiver.received.count == 3)
            }
        }
    }
}
