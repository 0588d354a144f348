import EvolutionSimulator
import FoundationEssentials
import HookgateTestSupport
import NIOHTTP1
import PostgresClient
import Testing

/// `hookgate webhooks` as a binary, with a gateway and a simulated Evolution server that posts to it.
@Suite(.timeLimit(.minutes(3)))
struct WebhooksCommandTests {
    private static let key = SimulatedFleet.key

    private static func withFleet(
        _ names: [String], _ body: (TestDatabase, EvolutionSimulator, HookgateBinary) async throws -> Void
    ) async throws {
        try await SimulatedFleet.run(names) { fleet in
            try await body(fleet.database, fleet.simulator, fleet.hookgate)
        }
    }

    @Test func anInstanceIsSwitchedConfirmedByItsFirstEventAndTakenBack() async throws {
        try await Self.withFleet(["clinic-a"]) { _, simulator, hookgate in
            let before = simulator.webhookURL(of: "clinic-a")
            _ = try await hookgate.serving { address in
                let status = try await hookgate.run("webhooks", "status")
                #expect(status.exitCode == 3)
                #expect(status.output.contains("→ hookgate webhooks switch 'clinic-a'"))
                let arguments = [
                    "webhooks", "switch", "clinic-a", "--rehearsal", "--public-url", address, "--wait-for-event",
                ]
                let dry = try await hookgate.run(arguments + ["0s", "--dry-run"])
                #expect(dry.exitCode == 0 && dry.output.contains("would be set"), "\(dry.output)\(dry.complaint)")
                #expect(simulator.webhookURL(of: "clinic-a") == before)
                let quiet = try await hookgate.run(arguments + ["0s"])
                #expect(quiet.exitCode == 3 && quiet.output.contains("configured"), "\(quiet.output)\(quiet.complaint)")
                let run = try #require(quiet.output.firstMatch(of: /--run (?<id>[0-9a-f-]{36})/)).id
                simulator.receiveMessage("Tenho dor de dente", of: "clinic-a")
                let confirmed = try await hookgate.run(arguments + ["1m"])
                #expect(
                    confirmed.exitCode == 0 && confirmed.output.contains("✅ clinic-a: confirmed"),
                    "\(confirmed.output)\(confirmed.complaint)")
                // It went on with what the first run began, and that one's name takes it back.
                #expect(confirmed.output.contains("hookgate webhooks rollback --run \(run)"), "\(confirmed.output)")
                let preview = try await hookgate.run(
                    "webhooks", "rollback", "--run", String(run), "--dry-run", "--public-url", address)
                #expect(preview.exitCode == 0 && preview.output.contains("would be put back"), "\(preview)")
                let after = try await hookgate.run("webhooks", "status", "--json", "--public-url", address)
                #expect(after.exitCode == 0 && after.output.contains(#""finding" : "in_step""#), "\(after.output)")
                let back = try await hookgate.run("webhooks", "rollback", "clinic-a", "--public-url", address)
                #expect(back.exitCode == 0 && back.output.contains("the old settings are back"), "\(back.output)")
                #expect(simulator.webhookURL(of: "clinic-a") == before)
                for ending in [status, dry, quiet, confirmed, after, back] {
                    #expect(!(ending.output + ending.complaint).contains(Self.key))
                    #expect(!(ending.output + ending.complaint).contains("whatsapp/hgw_"))
                }
            }
        }
    }

    @Test func whereNothingWasSetNoWayBackIsNamed() async throws {
        try await Self.withFleet(["clinic-a"]) { _, simulator, hookgate in
            simulator.inject(.keyRefused, times: nil)
            let ending = try await hookgate.run(
                "webhooks", "switch", "clinic-a", "--rehearsal", "--public-url", "http://127.0.0.1:1")
            #expect(ending.exitCode == 3 && ending.output.contains("EVOLUTION_API_KEY"), "\(ending)")
            #expect(!ending.output.contains("The way back"))
        }
    }

    @Test func anAddressThatRedirectsIsNotSet() async throws {
        try await Self.withFleet(["clinic-a"]) { _, simulator, hookgate in
            let before = simulator.webhookURL(of: "clinic-a")
            _ = try await hookgate.serving { _ in
                try await AlarmReceiver.listening(answering: .movedPermanently) { url, _ in
                    let ending = try await hookgate.run(
                        "webhooks", "switch", "clinic-a", "--rehearsal", "--public-url", url)
                    #expect(ending.exitCode == 3, "\(ending)")
                    #expect(ending.output.contains("A redirect stands before the gateway"), "\(ending)")
                }
            }
            #expect(simulator.webhookURL(of: "clinic-a") == before)
        }
    }

    @Test func aTerminalSaysWhatIsWaitedFor() async throws {
        try await Self.withFleet(["clinic-a"]) { _, _, hookgate in
            _ = try await hookgate.serving { address in
                let text = try await hookgate.runOnTerminal([
                    "webhooks", "switch", "clinic-a", "--rehearsal", "--public-url", address, "--wait-for-event", "3s",
                ])
                #expect(text.contains("Waiting for the first event of 1 instance"), "\(text)")
            }
        }
    }

    @Test func whatIsNoPublicAddressIsRefused() async throws {
        try await Self.withFleet(["clinic-a"]) { _, _, hookgate in
            for (url, word) in [
                ("http://127.0.0.1:8080", "this machine's own name"), ("http://hooks.example.com", "not https"),
            ] {
                let ending = try await hookgate.run("webhooks", "switch", "--public-url", url)
                #expect(ending.exitCode == 64 && ending.complaint.contains(word), "\(ending)")
            }
            let elsewhere = HookgateBinary(
                databaseURL: "postgresql://unused", settings: ["EVOLUTION_API_URL": "https://evolution.example.test"])
            let ending = try await elsewhere.run("webhooks", "rollback")
            #expect(ending.exitCode == 64)
        }
    }

    @Test func aNameThatIsNotThereIsSaidWithTheNearest() async throws {
        try await Self.withFleet(["clinic-a"]) { _, _, hookgate in
            let ending = try await hookgate.run(
                "webhooks", "switch", "clinic-b", "--rehearsal", "--public-url", "http://127.0.0.1:1")
            #expect(ending.exitCode == 1 && ending.complaint.contains("Did you mean 'clinic-a'?"), "\(ending)")
            let back = try await hookgate.run("webhooks", "rollback", "clinic-a")
            #expect(back.exitCode == 1 && back.complaint.contains("No switch-over of 'clinic-a'"), "\(back)")
            let run = try await hookgate.run("webhooks", "rollback", "--run", UUID().uuidString.lowercased())
            #expect(run.exitCode == 1 && run.complaint.contains("no switch-over of the run"), "\(run)")
        }
    }

    @Test func withoutAServerItSaysWhatToSet() async throws {
        try await withSchema { database in
            let ending = try await HookgateBinary(databaseURL: database.url).run("webhooks", "status")
            #expect(ending.exitCode == 64 && ending.complaint.contains("Set EVOLUTION_API_URL"))
        }
    }
}
