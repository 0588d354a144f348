import EvolutionSimulator
import FoundationEssentials
import HookgateTestSupport
import PostgresClient
import Testing

/// New tokens and second factors, carried to a simulated Evolution server by the binary, with a gateway behind.
@Suite(.timeLimit(.minutes(3)))
struct RotationCommandTests {
    @Test func aRotationIsCarriedToEvolutionAndConfirmedThere() async throws {
        try await SimulatedFleet.run(["clinic-a", "clinic-b"]) { fleet in
            try await fleet.switched { address in
                let before = fleet.simulator.webhookURL(of: "clinic-a")
                let arguments = ["tokens", "rotate", "--rehearsal", "--public-url", address]
                let dry = try await fleet.hookgate.run(arguments + ["--all", "--dry-run"])
                #expect(dry.exitCode == 0 && dry.output.contains("✅ clinic-b: would get a new token"), "\(dry)")
                let declined = try await fleet.hookgate.run(arguments + ["clinic-a"])
                #expect(declined.exitCode == 3 && declined.complaint.contains("nothing was changed"), "\(declined)")
                #expect(fleet.simulator.webhookURL(of: "clinic-a") == before)
                let quiet = try await fleet.hookgate.run(
                    arguments + ["clinic-a", "--yes", "--wait-for-event", "0s"])
                #expect(quiet.exitCode == 3 && quiet.output.contains("pass for 24h"), "\(quiet)")
                let after = fleet.simulator.webhookURL(of: "clinic-a")
                #expect(after != before && after?.hasPrefix(address) == true)
                fleet.simulator.receiveMessage("Tenho dor de dente", of: "clinic-a")
                let confirmed = try await fleet.hookgate.run(
                    arguments + ["clinic-a", "--yes", "--wait-for-event", "1m"])
                #expect(
                    confirmed.exitCode == 0 && confirmed.output.contains("✅ clinic-a: confirmed"), "\(confirmed)")
                // It waited for the token that was made, and made no third one.
                #expect(fleet.simulator.webhookURL(of: "clinic-a") == after)
                for ending in [dry, declined, quiet, confirmed] {
                    #expect(!(ending.output + ending.complaint).contains(SimulatedFleet.key))
                    #expect(!(ending.output + ending.complaint).contains("whatsapp/hgw_"))
                }
            }
        }
    }

    @Test func withoutAServerOnlyOurSideChangesAndItIsSaid() async throws {
        try await SimulatedFleet.run(["clinic-a"]) { fleet in
            let alone = HookgateBinary(databaseURL: fleet.database.url)
            let ending = try await alone.run("tokens", "rotate", "--all", "--yes")
            #expect(ending.exitCode == 0, "\(ending)")
            #expect(ending.output.contains("No Evolution server is configured (EVOLUTION_API_URL)"))
        }
    }

    @Test func aSecondFactorComesAlongAndItsWebhooksHold() async throws {
        try await SimulatedFleet.run(["clinic-a"]) { fleet in
            try await fleet.switched(["--second-factor", "both"]) { address in
                let enforced = try await fleet.hookgate.run(
                    "integrations", "second-factor", "clinic-a", "--mode", "enforce", "--yes")
                #expect(enforced.exitCode == 0, "\(enforced)")
                fleet.simulator.receiveMessage("Bom dia", of: "clinic-a")
                let again = try await fleet.hookgate.run(
                    "webhooks", "switch", "--rehearsal", "--wait-for-event", "1m", "--public-url", address)
                #expect(again.exitCode == 0 && again.output.contains("✅ clinic-a: confirmed"), "\(again)")
                let back = try await fleet.hookgate.run("webhooks", "rollback", "--all")
                #expect(back.exitCode == 0, "\(back)")
                let shown = try await fleet.hookgate.run("integrations", "second-factor", "clinic-a")
                #expect(shown.output.contains("secrets:  none"), "\(shown)")
            }
        }
    }

    @Test func checkSaysWhatEvolutionHasAndAServerThatIsAwayIsAWord() async throws {
        try await SimulatedFleet.run(["clinic-a", "clinic-b"]) { fleet in
            fleet.simulator.edit("clinic-b", url: "https://user:secret@n8n.example.test/hook?key=secret")
            let check = try await fleet.hookgate.run("check")
            #expect(check.exitCode == 0, "\(check)")
            #expect(check.output.contains("posts to the old URL, http://127.0.0.1:9/webhooks/evolution/clinic-a"))
            #expect(check.output.contains("posts to another address, https://n8n.example.test/…"))
            #expect(!check.output.contains("secret"))
            _ = try await fleet.hookgate.serving { address in
                _ = try await fleet.hookgate.run(
                    "webhooks", "switch", "clinic-a", "--rehearsal", "--public-url", address, "--wait-for-event", "0s")
                let after = try await fleet.hookgate.run("check")
                #expect(after.output.contains("posts to the token URL, \(address)/webhooks/evolution/whatsapp/hgw_"))
                #expect(after.output.contains("Next:        wait for its first event"))
                let url = try #require(fleet.simulator.webhookURL(of: "clinic-a"))
                #expect(!after.output.contains(url))
            }
            await fleet.simulator.stop()
            let away = try await fleet.hookgate.run("check")
            #expect(
                away.exitCode == 0 && away.output.contains("cannot be asked: the server cannot be reached"), "\(away)")
        }
    }
}
