import EvolutionSimulator
import FoundationEssentials
import HookgateTestSupport
import NIOCore
import PostgresClient
import Subprocess
import Testing

/// A switch-over that outlives its servers: one is killed over it, one ends in good order, and the third ends it.
@Suite(.timeLimit(.minutes(5)))
struct ConsoleTakeOverTests {
    private struct Work: Decodable {
        struct Instance: Decodable { let instanceName: String }

        let counts: [String: Int]
        let run: String
        let instances: [Instance]
    }

    /// Asks until the work has come this far, or is over.
    private static func reached(
        _ console: ConsoleCaller, _ isEnough: (ConsoleCaller.Work<Work>) -> Bool
    ) async throws -> Work {
        while true {
            let work = try await console.read(ConsoleCaller.Work<Work>.self, "/api/v1/webhooks/work")
            if isEnough(work) { return try #require(work.report) }
            try #require(work.state == "running", "\(work)")
        }
    }

    @Test func aSwitchOverGoesOnWhereverItsServerEnds() async throws {
        let names = (1...8).map { "clinic-\($0)" }
        try await SimulatedConsole.withReplicas(names) { database, simulator, replica in
            let killed = try await replica("killed").serving(endingWith: .kill) { address in
                let console = ConsoleCaller(address: address)
                // The half that goes first waits for its events: there is time to kill it.
                let wish = #"{"rehearsal": true, "dry_run": false, "canary_percent": 50, "pace": 100}"#
                #expect(try await console.post("/api/v1/webhooks/switch", wish).status == 202)
                _ = try await Self.reached(console) { $0.report?.counts == ["configured": 4] }
            }
            #expect(killed == nil)
            var run = ""
            let ended = try await replica("ended").serving { address in
                let console = ConsoleCaller(address: address)
                // Before anybody goes on with it, it shows as it was left.
                run = try await Self.reached(console) { $0.state == "running" }.run
                let other = try await console.post("/api/v1/webhooks/rollback", #"{"dry_run": false}"#)
                #expect(other.status == 409 && String(buffer: other.body).contains("configured token (API)"))
                let half = try await Self.reached(console) { work in
                    work.report?.counts == ["configured": 4] && work.report?.instances.count == 4
                }
                for instance in half.instances {
                    simulator.receiveMessage("Tenho dor de dente", of: instance.instanceName)
                }
                _ = try await Self.reached(console) { $0.report?.counts == ["confirmed": 4, "configured": 4] }
            }
            #expect(ended == 0)
            let last = try await replica("last").serving { address in
                let console = ConsoleCaller(address: address)
                for name in names { simulator.receiveMessage("Tenho dor de dente", of: name) }
                let whole = try await console.ended(Work.self, "/api/v1/webhooks/work")
                #expect(whole.state == "done" && whole.report?.counts == ["confirmed": 8], "\(whole)")
                #expect(whole.report?.run == run)
                let back = #"{"dry_run": false, "run": "\#(run)"}"#
                #expect(try await console.post("/api/v1/webhooks/rollback", back).status == 202)
                let taken = try await console.ended(Work.self, "/api/v1/webhooks/work")
                #expect(taken.report?.counts == ["rolled_back": 8], "\(taken)")
            }
            #expect(last == 0)
            let noted = try await database.text(
                "SELECT string_agg(actor, ', ') FROM hookgate.audit_log WHERE action = 'work.resume'")
            #expect(noted == "configured token (API), configured token (API)")
        }
    }
}
