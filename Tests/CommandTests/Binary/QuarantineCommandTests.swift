import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Testing

@Suite(.timeLimit(.minutes(3)))
struct QuarantineCommandTests {
    @Test func theListCountsByReasonAndShowsNoPatientsWords() async throws {
        try await withHeldEvents { held in
            let integration = try await held.add("clinic-a", enabled: false)
            let event = try await held.hold(.integrationDisabled, integration: integration)
            let hookgate = HookgateBinary(databaseURL: held.database.url)
            let list = try await hookgate.run("quarantine", "list")
            #expect(list.exitCode == 0, "\(list.complaint)")
            #expect(list.output.contains("Held back: 1 events"))
            #expect(list.output.contains("integration_disabled") && list.output.contains(event.text))
            #expect(!list.output.contains("dente"))
            let json = try await hookgate.run("quarantine", "list", "--json", "--reason", "no_clinic")
            let document = try #require(
                try JSONDecoder().decode([String: Held].self, from: Data("{\"list\":\(json.output)}".utf8))["list"])
            #expect(document.held == 0)
            #expect(try await hookgate.run("quarantine", "list", "--reason", "boredom").exitCode == 64)
        }
    }

    private struct Held: Decodable {
        let held: Int
    }

    @Test func aQuarantineThatIsNearlyFullEndsWithThree() async throws {
        try await withHeldEvents { held in
            let integration = try await held.add("clinic-a", enabled: false)
            _ = try await held.hold(.integrationDisabled, integration: integration)
            let hookgate = HookgateBinary(
                databaseURL: held.database.url, settings: ["HOOKGATE_QUARANTINE_MAX_EVENTS": "1"])
            let list = try await hookgate.run("quarantine", "list")
            #expect(list.exitCode == 3)
            #expect(list.output.contains("100 % of what it may hold back"))
        }
    }

    @Test func releaseAsksFirstAndListsWhatStaysHeld() async throws {
        try await withHeldEvents { held in
            let disabled = try await held.add("clinic-b", enabled: false)
            let integration = try await held.add("clinic-a")
            let event = try await held.hold(.tokenRetired, integration: integration)
            let stays = try await held.hold(
                .integrationDisabled, integration: disabled, instance: "clinic-b", body: #"{"event":"x"}"#)
            let hookgate = HookgateBinary(databaseURL: held.database.url)

            let dry = try await hookgate.run("quarantine", "release", "--all", "--dry-run")
            #expect(dry.exitCode == 3)
            #expect(dry.output.contains("Would release 1 events; 1 stay held."))
            #expect(dry.output.contains("\(stays)  clinic-b  stays held: the integration is disabled"))
            let unanswered = try await hookgate.run("quarantine", "release", "--all")
            #expect(unanswered.exitCode == 3)
            #expect(unanswered.complaint.contains("nothing was changed"))
            #expect(try await held.state(of: event) == "quarantined")

            let answered = try await hookgate.run("quarantine", "release", event.text, input: "yes\n")
            #expect(answered.exitCode == 0, "\(answered.output)\(answered.complaint)")
            #expect(try await held.state(of: event).hasPrefix("pending"))
            let again = try await hookgate.run("quarantine", "release", event.text, "--yes")
            #expect(again.exitCode == 0)
            #expect(again.output.contains("not held; its state is pending"))
        }
    }

    @Test func aDecisionMustSayWhatItIsAbout() async throws {
        try await withHeldEvents { held in
            let hookgate = HookgateBinary(databaseURL: held.database.url)
            #expect(try await hookgate.run("quarantine", "release").exitCode == 64)
            #expect(try await hookgate.run("quarantine", "discard", "--all").exitCode == 64)
            let id = UUID().uuidString
            #expect(try await hookgate.run("quarantine", "release", id, "--all").exitCode == 64)
            let unknown = try await hookgate.run("quarantine", "release", id, "--yes")
            #expect(unknown.exitCode == 1)
            #expect(unknown.complaint.contains("nothing was changed"))
        }
    }

    @Test func discardedEventsKeepTheirRowAndTheNote() async throws {
        try await withHeldEvents { held in
            let event = try await held.hold(.tokenRevoked)
            let hookgate = HookgateBinary(databaseURL: held.database.url)
            let discard = ["quarantine", "discard", "--reason", "token_revoked", "--note", "a scanner"]
            let dry = try await hookgate.run(discard + ["--dry-run"])
            #expect(dry.exitCode == 0 && dry.output.contains("Would discard 1 events"))
            #expect(try await hookgate.run(discard).exitCode == 3)
            #expect(try await held.state(of: event) == "quarantined")
            let done = try await hookgate.run(discard + ["--yes", "--json"])
            #expect(done.exitCode == 0 && done.output.contains("\"discarded\" : 1"))
            let explained = try await hookgate.run("explain", event.text)
            #expect(explained.exitCode == 0, "\(explained.output)")
            #expect(explained.output.contains("a scanner"))
        }
    }
}
