import EvolutionClient
import EvolutionSimulator
import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Store
import Testing

@testable import Migration

/// New tokens, carried to simulated servers.
@Suite(.timeLimit(.minutes(2)))
struct RotationTests {
    private static var options: SwitchOverOptions {
        var options = Rehearsal.options
        options.rotationGrace = .seconds(86_400)
        return options
    }

    private static func tokens(_ rehearsal: Rehearsal, _ state: String) async throws -> Int {
        try await rehearsal.database.pool.query(
            "SELECT count(*) AS count FROM hookgate.tokens WHERE state = $1", [state])[0].decode("count")
    }

    @Test(arguments: ServerProfile.releases)
    func aNewTokenIsSetReadBackAndConfirmed(release: String) async throws {
        try await Rehearsal.run(["a"], release: release) { rehearsal in
            try await rehearsal.switchOver()
            let before = try await rehearsal.tokenURL("a")
            #expect(try await rehearsal.switchOver(options: Self.options) == [.configured])
            let after = try await rehearsal.tokenURL("a")
            #expect(after != before && rehearsal.simulator.webhookURL(of: "a") == after)
            #expect(try await Self.tokens(rehearsal, "grace") == 1)
            // No event yet: the same command waits for it and makes no third token.
            #expect(try await rehearsal.switchOver(options: Self.options) == [.configured])
            try await rehearsal.store("a")
            #expect(try await rehearsal.switchOver(options: Self.options) == [.confirmed])
            #expect(try await rehearsal.tokenURL("a") == after)
            // Once it is confirmed, to rotate is to make another.
            #expect(try await rehearsal.switchOver(options: Self.options) == [.configured])
            #expect(try await rehearsal.tokenURL("a") != after)
            // And the way back still leads to what stood there before any of it.
            #expect(try await rehearsal.rollBack() == [.rolledBack])
            #expect(rehearsal.simulator.webhookURL(of: "a") == Rehearsal.oldURL + "a")
        }
    }

    /// Whoever goes on knows which token was to be followed, and finds that another is current.
    @Test func aRotationThatIsGoneOnWithMakesNoFurtherToken() async throws {
        try await Rehearsal.run(["on-token-url", "on-old-url"]) { rehearsal in
            try await rehearsal.store("on-token-url")
            #expect(try await rehearsal.switchOver(["on-token-url"]) == [.confirmed])
            // What came on the token before confirms nothing, also for whoever goes on.
            let expected: [(name: String, outcomes: [SwitchOverOutcome])] = [
                ("on-token-url", [.configured, .confirmed, .confirmed]), ("on-old-url", [.rotatedHere, .rotatedHere]),
            ]
            for (name, outcomes) in expected {
                let before = try #require(try await rehearsal.tokenURL(name).split(separator: "/").last)
                var options = Self.options
                options.rotatedFrom = TokenDigest(of: String(before)).fingerprint
                var after: String?
                // The last time, its process died when all was done but the word of it.
                for outcome in outcomes {
                    #expect(try await rehearsal.switchOver([name], options: options) == [outcome])
                    let url = try await rehearsal.tokenURL(name)
                    #expect(!url.hasSuffix(before) && url == after ?? url)
                    after = url
                    try await rehearsal.store(name)
                }
            }
        }
    }

    @Test func whatAPersonChangedSinceTheSwitchStays() async throws {
        try await Rehearsal.run(["a"]) { rehearsal in
            try await rehearsal.store("a")
            #expect(try await rehearsal.switchOver() == [.confirmed])
            var settings = try await rehearsal.client.webhook(of: InstanceName("a")).effective
            settings.events = ["CALL", "MESSAGES_UPSERT", "MESSAGES_UPDATE"]
            try await rehearsal.client.setWebhook(settings, of: InstanceName("a"))
            #expect(try await rehearsal.switchOver(options: Self.options) == [.configured])
            let there = try await rehearsal.client.webhook(of: InstanceName("a")).effective
            #expect(Set(there.events) == Set(settings.events))
        }
    }

    @Test func whatWasUnderWayOnTheTokenBeforeConfirmsNothing() async throws {
        try await Rehearsal.run(["a"]) { rehearsal in
            try await rehearsal.store("a")
            #expect(try await rehearsal.switchOver() == [.confirmed])
            // A retry of it, from after the change, and an event that does not say where it came.
            try await rehearsal.store("a", after: .seconds(600))
            try await rehearsal.store("a", after: .seconds(600), saysToken: false)
            #expect(try await rehearsal.switchOver(options: Self.options) == [.configured])
            #expect(try await rehearsal.switchOver(options: Self.options) == [.configured])
            try await rehearsal.store("a")
            #expect(try await rehearsal.switchOver(options: Self.options) == [.confirmed])
        }
    }

    @Test func anInstanceOnItsOldURLGetsATokenAndIsNotSwitched() async throws {
        try await Rehearsal.run(["a"]) { rehearsal in
            let before = try await rehearsal.tokenURL("a")
            #expect(try await rehearsal.switchOver(options: Self.options) == [.rotatedHere])
            #expect(try await rehearsal.tokenURL("a") != before)
            #expect(rehearsal.simulator.webhookURL(of: "a") == Rehearsal.oldURL + "a")
        }
    }

    @Test func aDryRunMakesNoToken() async throws {
        try await Rehearsal.run(["a"]) { rehearsal in
            try await rehearsal.switchOver()
            let before = try await rehearsal.tokenURL("a")
            var options = Self.options
            options.isDryRun = true
            #expect(try await rehearsal.switchOver(options: options) == [.wouldRotate])
            #expect(try await rehearsal.tokenURL("a") == before)
        }
    }

    @Test func aServerThatCannotBeAskedGetsNoNewToken() async throws {
        try await Rehearsal.run(["a"]) { rehearsal in
            try await rehearsal.switchOver()
            let before = try await rehearsal.tokenURL("a")
            rehearsal.simulator.inject(.keyRefused, times: nil)
            #expect(try await rehearsal.switchOver(options: Self.options) == [.failed(.keyRefused)])
            #expect(try await rehearsal.tokenURL("a") == before)
        }
    }

    @Test func killedBeforeAnyStepItGoesOnWithTheTokenThatWasMade() async throws {
        for isConfirmed in [true, false] {
            for steps in 0..<12 {
                try await Rehearsal.run(["a"]) { rehearsal in
                    if isConfirmed { try await rehearsal.store("a") }
                    try await rehearsal.switchOver()
                    // Whichever token it came on: so late nothing is under way on the one before.
                    try await rehearsal.store("a", after: .seconds(46 * 60), saysToken: false)
                    let first = try? await rehearsal.switchOver(options: Self.options, dying: steps)
                    #expect(try await rehearsal.switchOver(options: Self.options) == [.confirmed], "\(steps)")
                    let current = try await rehearsal.tokenURL("a")
                    #expect(rehearsal.simulator.webhookURL(of: "a") == current)
                    // Past the last step it was confirmed, and the second command was another rotation.
                    #expect(try await Self.tokens(rehearsal, "grace") == (first == nil ? 1 : 2), "\(steps)")
                    #expect(try await rehearsal.rollBack() == [.rolledBack])
                    #expect(rehearsal.simulator.webhookURL(of: "a") == Rehearsal.oldURL + "a", "\(steps)")
                }
            }
        }
    }

    @Test func aProbeThatFailsLeavesTheWayBack() async throws {
        try await Rehearsal.run(["a"]) { rehearsal in
            try await rehearsal.store("a")
            #expect(try await rehearsal.switchOver() == [.confirmed])
            let before = rehearsal.simulator.webhookURL(of: "a")
            let failure = ProbeFailure.refused(status: 301)
            #expect(try await rehearsal.switchOver(options: Self.options, failure: failure) == [.unproven(failure)])
            #expect(rehearsal.simulator.webhookURL(of: "a") == before)
            #expect(try await rehearsal.rollBack() == [.rolledBack])
            #expect(rehearsal.simulator.webhookURL(of: "a") == Rehearsal.oldURL + "a")
        }
    }
}
