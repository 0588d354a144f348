import EvolutionSimulator
import FoundationEssentials
import HookgateTestSupport
import NIOCore
import PostgresClient
import Testing

/// Tokens tested and rotated at a simulated Evolution server over the API of a served console.
@Suite(.timeLimit(.minutes(3)))
struct ConsoleRotationTests {
    private struct Probe: Decodable {
        struct Step: Decodable {
            let step: String
        }

        let result: String
        let steps: [Step]
    }

    private struct Rotation: Decodable {
        let isAtEvolution: Bool
        let outcome: String?
    }

    private struct Tokens: Decodable {
        struct Token: Decodable {
            let standing: String
        }

        let tokens: [Token]
    }

    private struct Switched: Decodable {
        let counts: [String: Int]
    }

    private static func path(_ database: TestDatabase) async throws -> String {
        "/api/v1/integrations/\(try #require(try await database.text("SELECT id FROM healthcare.integrations")))"
    }

    @Test func aProbeGoesFromThePublicURLIntoTheInbox() async throws {
        try await SimulatedConsole.with(["clinic-a"]) { database, _, console in
            let path = try await Self.path(database)
            let answer = try await console.post("\(path)/test")
            #expect(answer.status == 200)
            let probe = try ConsoleCaller.decode(Probe.self, answer.body)
            #expect(probe.result == "passed", "\(String(buffer: answer.body))")
            #expect(probe.steps.map(\.step) == ["known", "posted", "stored", "resolved"])
            let noted = try await database.text(
                "SELECT count(*) FROM hookgate.audit_log WHERE action = 'integrations.test'")
            #expect(noted == "1")
        }
    }

    @Test func aRotationIsCarriedToEvolutionAndConfirmedThere() async throws {
        try await SimulatedConsole.with(["clinic-a"]) { database, simulator, console in
            let path = try await Self.path(database)
            let switching = #"{"rehearsal": true, "dry_run": false, "wait_minutes": 0, "pace": 100}"#
            #expect(try await console.post("/api/v1/webhooks/switch", switching).status == 202)
            let switched = try await console.ended(Switched.self, "/api/v1/webhooks/work")
            #expect(switched.report?.counts == ["configured": 1], "\(switched)")
            let before = simulator.webhookURL(of: "clinic-a")

            let refused = try await console.post("\(path)/rotate", #"{"dry_run": false}"#)
            #expect(refused.status == 422 && String(buffer: refused.body).contains("cannot be set at Evolution"))
            #expect(try await console.post("\(path)/rotate", #"{"rehearsal": true}"#).status == 202)
            let dry = try await console.ended(Rotation.self, "\(path)/rotation")
            #expect(dry.report?.outcome == "would_rotate" && dry.report?.isAtEvolution == true, "\(dry)")
            #expect(simulator.webhookURL(of: "clinic-a") == before)

            let quiet = #"{"rehearsal": true, "dry_run": false, "wait_minutes": 0}"#
            #expect(try await console.post("\(path)/rotate", quiet).status == 202)
            let set = try await console.ended(Rotation.self, "\(path)/rotation")
            #expect(set.report?.outcome == "configured", "\(set)")
            let after = simulator.webhookURL(of: "clinic-a")
            #expect(after != before)
            simulator.receiveMessage("Tenho dor de dente", of: "clinic-a")
            let waiting = #"{"rehearsal": true, "dry_run": false, "wait_minutes": 1}"#
            #expect(try await console.post("\(path)/rotate", waiting).status == 202)
            let confirmed = try await console.ended(Rotation.self, "\(path)/rotation")
            #expect(confirmed.report?.outcome == "confirmed", "\(confirmed)")
            // It waited for the token that was made, and made no third one.
            #expect(simulator.webhookURL(of: "clinic-a") == after)
            let tokens = try await console.read(Tokens.self, "\(path)/tokens").tokens
            #expect(tokens.map(\.standing) == ["current", "grace"])
        }
    }

    @Test func aRotationThatWaitsIsStoppedAndNoSecondOneBegins() async throws {
        try await SimulatedConsole.with(["clinic-a"]) { database, _, console in
            let path = try await Self.path(database)
            let switching = #"{"rehearsal": true, "dry_run": false, "wait_minutes": 0, "pace": 100}"#
            #expect(try await console.post("/api/v1/webhooks/switch", switching).status == 202)
            _ = try await console.ended(Switched.self, "/api/v1/webhooks/work")
            let wish = #"{"rehearsal": true, "dry_run": false, "wait_minutes": 30}"#
            #expect(try await console.post("\(path)/rotate", wish).status == 202)
            #expect(try await console.post("\(path)/rotate", wish).status == 409)
            #expect(try await console.post("\(path)/rotation/stop").status == 202)
            #expect(try await console.ended(Rotation.self, "\(path)/rotation").state == "stopped")
        }
    }
}
