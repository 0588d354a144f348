import EvolutionSimulator
import FoundationEssentials
import HookgateTestSupport
import NIOCore
import NIOHTTP1
import PostgresClient
import Testing

/// Webhooks at a simulated Evolution server, looked at, switched over and taken back over the API of a served console.
@Suite(.timeLimit(.minutes(3)))
struct ConsoleSwitchOverTests {
    private struct Look: Decodable {
        let counts: [String: Int]
    }

    private struct Work: Decodable {
        let counts: [String: Int]
        let run: String
        let instances: [Instance]

        struct Instance: Decodable {
            let instanceName: String
        }
    }

    @Test func instancesAreSwitchedOverConfirmedAndTakenBack() async throws {
        try await SimulatedConsole.with(["clinic-a", "clinic-b"]) { database, simulator, console in
            let before = simulator.webhookURL(of: "clinic-a")
            #expect(try await console.post("/api/v1/webhooks/look").status == 202)
            let look = try await console.ended(Look.self, "/api/v1/webhooks")
            #expect(look.report?.counts == ["on_old_url": 2], "\(look)")

            let refused = try await console.post("/api/v1/webhooks/switch", #"{"dry_run": false}"#)
            #expect(refused.status == 422 && String(buffer: refused.body).contains("cannot be set at Evolution"))
            #expect(try await console.post("/api/v1/webhooks/switch", #"{"rehearsal": true}"#).status == 202)
            let dry = try await console.ended(Work.self, "/api/v1/webhooks/work")
            #expect(dry.report?.counts == ["would_set": 2], "\(dry)")
            #expect(simulator.webhookURL(of: "clinic-a") == before)

            let wish = #"{"rehearsal": true, "dry_run": false, "wait_minutes": 0, "pace": 100}"#
            #expect(try await console.post("/api/v1/webhooks/switch", wish).status == 202)
            let set = try await console.ended(Work.self, "/api/v1/webhooks/work")
            #expect(set.report?.counts == ["configured": 2], "\(set)")
            simulator.receiveMessage("Tenho dor de dente", of: "clinic-a")
            let waiting =
                #"{"rehearsal": true, "dry_run": false, "wait_minutes": 1, "pace": 100, "instances": ["clinic-a"]}"#
            #expect(try await console.post("/api/v1/webhooks/switch", waiting).status == 202)
            let confirmed = try await console.ended(Work.self, "/api/v1/webhooks/work")
            #expect(confirmed.report?.counts == ["confirmed": 1], "\(confirmed)")

            #expect(try await console.post("/api/v1/webhooks/rollback", #"{"dry_run": false}"#).status == 202)
            let back = try await console.ended(Work.self, "/api/v1/webhooks/work")
            #expect(back.report?.counts == ["rolled_back": 2], "\(back)")
            #expect(simulator.webhookURL(of: "clinic-a") == before)
            let begun = try await database.text(
                "SELECT count(*) FROM hookgate.audit_log WHERE action IN ('webhooks.switch', 'webhooks.rollback')")
            #expect(begun == "4")
        }
    }

    /// Asks until the work under way has come this far.
    private static func reached(_ counts: [String: Int], _ console: ConsoleCaller) async throws {
        while true {
            let work = try await console.read(ConsoleCaller.Work<Work>.self, "/api/v1/webhooks/work")
            if work.report?.counts == counts { return }
            try #require(work.state == "running", "\(work)")
        }
    }

    @Test func aRunThatIsPausedGoesOnAndIsTakenBackAsAWhole() async throws {
        let names = (1...40).map { "clinic-\($0)" }
        try await SimulatedConsole.with(names) { _, simulator, console in
            // The half that goes first waits for its events: there is time to stop it.
            let wish = #"{"rehearsal": true, "dry_run": false, "canary_percent": 50, "pace": 100"#
            #expect(try await console.post("/api/v1/webhooks/switch", wish + "}").status == 202)
            #expect(try await console.post("/api/v1/webhooks/switch", wish + "}").status == 409)
            try await Self.reached(["configured": 20], console)
            #expect(try await console.post("/api/v1/webhooks/pause").status == 202)
            let paused = try await console.ended(Work.self, "/api/v1/webhooks/work")
            #expect(paused.state == "stopped", "\(paused)")
            let run = try #require(paused.report?.run)

            for instance in paused.report?.instances ?? [] {
                simulator.receiveMessage("Tenho dor de dente", of: instance.instanceName)
            }
            let visitor = try await ConsoleVisitor.signIn(console.address, console.key)
            #expect(try await visitor.post("/switch-over/continue") == .seeOther)
            try await Self.reached(["confirmed": 20, "configured": 20], console)
            #expect(try await console.post("/api/v1/webhooks/pause").status == 202)
            #expect(try await console.ended(Work.self, "/api/v1/webhooks/work").report?.run == run)

            let last = wish + #", "wait_minutes": 0, "run": "\#(run)"}"#
            #expect(try await console.post("/api/v1/webhooks/switch", last).status == 202)
            let whole = try await console.ended(Work.self, "/api/v1/webhooks/work")
            #expect(whole.report?.run == run)
            #expect(whole.report?.counts == ["confirmed": 20, "configured": 20], "\(whole)")

            let back = #"{"dry_run": false, "run": "\#(run)"}"#
            #expect(try await console.post("/api/v1/webhooks/rollback", back).status == 202)
            let taken = try await console.ended(Work.self, "/api/v1/webhooks/work")
            #expect(taken.report?.counts == ["rolled_back": 40], "\(taken)")
        }
    }
}
