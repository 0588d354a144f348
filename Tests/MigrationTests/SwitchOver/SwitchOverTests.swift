import EvolutionClient
import EvolutionSimulator
import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Store
import Synchronization
import Testing

@testable import Migration

/// Switch-over and rollback with the real journal, over HTTP with simulated servers.
@Suite(.timeLimit(.minutes(2)))
struct SwitchOverTests {
    /// What is stored but for the time of its writing.
    private static func settings(_ rehearsal: Rehearsal, _ name: String) throws -> [String: WireJSON] {
        let row = try #require(rehearsal.simulator.webhookSettings(of: name))
        return Dictionary(
            (row.members ?? []).filter { $0.name != "updatedAt" }.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
    }

    @Test(arguments: ServerProfile.releases)
    func anInstanceIsSwitchedConfirmedAndTakenBack(release: String) async throws {
        try await Rehearsal.run(["a"], release: release) { rehearsal in
            let before = try Self.settings(rehearsal, "a")
            try await rehearsal.store("a")
            #expect(try await rehearsal.switchOver() == [.confirmed])
            var after = try Self.settings(rehearsal, "a")
            let new = try await rehearsal.tokenURL("a")
            #expect(after["url"] == .text(new))
            after["url"] = before["url"]
            // A release from 2.1.2 on cannot be given `null` back: it takes an empty list of headers for none.
            if before["headers"] == .null { after["headers"] = .null }
            #expect(after == before)
            #expect(try await rehearsal.state(of: "a") == .confirmed)
            #expect(try await rehearsal.switchOver() == [.confirmed])
            #expect(try await rehearsal.rollBack() == [.rolledBack])
            var restored = try Self.settings(rehearsal, "a")
            if before["headers"] == .null { restored["headers"] = .null }
            #expect(restored == before)
            #expect(try await rehearsal.rollBack().isEmpty)
        }
    }

    @Test func everyOtherSettingStaysAsItWas() async throws {
        try await Rehearsal.run(["a"]) { rehearsal in
            let old = EvolutionWebhookSettings(
                url: Rehearsal.oldURL + "a", isEnabled: true, events: ["CALL"], byEvents: true, base64: true,
                headers: [EvolutionMember(name: "X-Old", json: "\"1\"")])
            try await rehearsal.client.setWebhook(old, of: InstanceName("a"))
            #expect(try await rehearsal.switchOver() == [.configured])
            let there = try await rehearsal.client.webhook(of: InstanceName("a")).effective
            let new = try await rehearsal.tokenURL("a")
            #expect(there == old.pointing(to: new))
            #expect(try await rehearsal.rollBack() == [.rolledBack])
            #expect(try await rehearsal.client.webhook(of: InstanceName("a")).effective == old)
        }
    }

    @Test func whatIsNoRealEventOnTheTokenRouteConfirmsNothing() async throws {
        try await Rehearsal.run(["a"]) { rehearsal in
            try await rehearsal.store("a", route: "instance")
            try await rehearsal.store("a", state: "probe")
            try await rehearsal.store("a", state: "quarantined")
            try await rehearsal.store("a", after: .seconds(-1))
            #expect(try await rehearsal.switchOver() == [.configured])
            let new = try await rehearsal.tokenURL("a")
            #expect(rehearsal.simulator.webhookURL(of: "a") == new)
            try await rehearsal.store("a")
            #expect(try await rehearsal.switchOver() == [.confirmed])
        }
    }

    @Test func killedBeforeAnyStepTheSameCommandGoesOn() async throws {
        try await Rehearsal.run((0..<12).map { "i\($0)" }) { rehearsal in
            for steps in 0..<12 {
                let name = "i\(steps)"
                try await rehearsal.store(name)
                let before = try Self.settings(rehearsal, name)["url"]
                await #expect(throws: Rehearsal.Killed.self) {
                    // Past the last step there is nothing to be killed at.
                    if try await rehearsal.switchOver([name], dying: steps) == [.confirmed] { throw Rehearsal.Killed() }
                }
                let between = rehearsal.simulator.webhookURL(of: name)
                let new = try await rehearsal.tokenURL(name)
                #expect(between.map { WireJSON.text($0) } == before || between == new)
                #expect(try await rehearsal.switchOver([name]) == [.confirmed], "after \(steps) steps")
                for restoring in 0..<6 {
                    await #expect(throws: Rehearsal.Killed.self) {
                        _ = try await rehearsal.rollBack(.instances([InstanceName(name)]), dying: restoring)
                        throw Rehearsal.Killed()
                    }
                }
                _ = try await rehearsal.rollBack(.instances([InstanceName(name)]))
                #expect(try Self.settings(rehearsal, name)["url"] == before, "after \(steps) steps")
                #expect(try await rehearsal.state(of: name) == .rolledBack)
            }
        }
    }

    @Test(arguments: FailureMode.allCases.filter { ![.hang, .otherEditor, .licenceInactive].contains($0) })
    func afterEveryFailureItIsSwitchedOrAsItWas(mode: FailureMode) async throws {
        try await Rehearsal.run(["a"]) { rehearsal in
            try await rehearsal.store("a")
            let new = try await rehearsal.tokenURL("a")
            rehearsal.simulator.inject(mode, times: 1, instance: "a")
            let first = try await rehearsal.switchOver()
            let url = rehearsal.simulator.webhookURL(of: "a")
            #expect(first == [.confirmed] ? url == new : url == new || url == Rehearsal.oldURL + "a", "\(first)")
            rehearsal.simulator.clearFailures()
            #expect(try await rehearsal.switchOver() == [.confirmed])
            #expect(rehearsal.simulator.webhookURL(of: "a") == new)
            #expect(try await rehearsal.rollBack() == [.rolledBack])
            #expect(rehearsal.simulator.webhookURL(of: "a") == Rehearsal.oldURL + "a")
        }
    }

    @Test func anAnswerFromBeforeTheSwitchEndsNoRollback() async throws {
        try await Rehearsal.run(["a"]) { rehearsal in
            try await rehearsal.switchOver()
            rehearsal.simulator.inject(.staleFind, instance: "a")
            #expect(try await rehearsal.rollBack() == [.rolledBack])
            #expect(rehearsal.simulator.webhookURL(of: "a") == Rehearsal.oldURL + "a")
        }
    }

    @Test func anotherEditorsURLIsLeftAlone() async throws {
        try await Rehearsal.run(["a", "b"]) { rehearsal in
            rehearsal.simulator.inject(.otherEditor, times: 1, instance: "a")
            #expect(try await rehearsal.switchOver(["a"]) == [.conflict])
            #expect(rehearsal.simulator.webhookURL(of: "a") == "https://other.example.test/hook")
            try await rehearsal.switchOver(["b"])
            rehearsal.simulator.edit("b", url: "https://other.example.test/hook")
            #expect(try await rehearsal.rollBack(.instances([InstanceName("b")])) == [.conflict])
            #expect(rehearsal.simulator.webhookURL(of: "b") == "https://other.example.test/hook")
        }
    }

    @Test func whatAPersonMustDecideIsRefused() async throws {
        try await Rehearsal.run(["foreign", "off", "void"]) { rehearsal in
            rehearsal.simulator.edit("foreign", url: "https://other.example.test/hook")
            try await rehearsal.client.setWebhook(
                EvolutionWebhookSettings(url: "https://x.example.test", isEnabled: false, events: []),
                of: InstanceName("off"))
            rehearsal.simulator.add("void", owner: "15550101001")
            let outcomes = try await rehearsal.switchOver()
            #expect(outcomes == [.refused(.foreignURL), .refused(.noWebhook), .refused(.noWebhook)])
            #expect(try await rehearsal.journal.newest(of: nil).isEmpty)
            var options = Rehearsal.options
            options.replacesOther = true
            #expect(try await rehearsal.switchOver(["foreign"], options: options) == [.configured])
        }
    }

    /// Else it would look like one whose old URL somebody still calls.
    @Test func whatTheServerRefusedCountsAsNeverSwitched() async throws {
        try await Rehearsal.run(["a"]) { rehearsal in
            rehearsal.simulator.add(
                "a", webhook: Rehearsal.oldURL + "a", events: ["MESSAGES_UPSERT", "OF_ANOTHER_RELEASE"],
                owner: "15550101001")
            guard case .failed(.refused(status: 400, _))? = try await rehearsal.switchOver().first else {
                Issue.record("the server took what it does not know")
                return
            }
            #expect(try await rehearsal.state(of: "a") == .abandoned)
            try await PostgresFleetTraffic(pool: rehearsal.database.pool).forEachRow(marksSince: Rehearsal.now) {
                #expect($0.switchedAt == nil)
            }
            #expect(try await rehearsal.journal.newest(of: nil).map(\.setAt) == [nil])
        }
    }

    @Test func anInstanceThatIsNotLoadedIsSaidToBeThat() async throws {
        try await Rehearsal.run(["a", "b"]) { rehearsal in
            rehearsal.simulator.add("a", webhook: Rehearsal.oldURL + "a", isLoaded: false)
            let failure = EvolutionFailure.instanceNotLoaded(InstanceName("a"))
            #expect(try await rehearsal.switchOver(["a"]) == [.failed(failure)])
            #expect(try await rehearsal.journal.newest(of: nil).isEmpty)
            try await rehearsal.switchOver(["b"])
            rehearsal.simulator.add("b", webhook: try await rehearsal.tokenURL("b"), isLoaded: false)
            let back = try await rehearsal.rollBack(.instances([InstanceName("b")]))
            #expect(back == [.failed(.instanceNotLoaded(InstanceName("b")))])
            #expect(try await rehearsal.state(of: "b") == .configured)
        }
    }

    @Test func aURLThatTakesNoProbeIsNotSet() async throws {
        try await Rehearsal.run(["a"]) { rehearsal in
            let failure = ProbeFailure.refused(status: 301)
            let outcomes = try await rehearsal.switchOver(failure: failure)
            #expect(outcomes == [.unproven(failure)])
            #expect(rehearsal.simulator.webhookURL(of: "a") == Rehearsal.oldURL + "a")
            #expect(try await rehearsal.state(of: "a") == .abandoned)
            #expect(try await rehearsal.switchOver() == [.configured])
        }
    }

    @Test func aDryRunWritesNothing() async throws {
        try await Rehearsal.run(["a"]) { rehearsal in
            var options = Rehearsal.options
            options.isDryRun = true
            let outcomes = try await rehearsal.switchOver(options: options)
            #expect(outcomes == [.wouldSet])
            #expect(try await rehearsal.journal.newest(of: nil).isEmpty)
            #expect(rehearsal.simulator.webhookURL(of: "a") == Rehearsal.oldURL + "a")
        }
    }

    @Test func aFailedCanaryStopsTheRest() async throws {
        try await Rehearsal.run((0..<10).map { "i\($0)" }) { rehearsal in
            rehearsal.simulator.inject(.keyRefused, times: nil, instance: "i0")
            var options = Rehearsal.options
            options.canaryShare = 0.1
            let outcomes = try await rehearsal.switchOver(options: options)
            #expect(outcomes == [.failed(.keyRefused)] + Array(repeating: .stopped, count: 9))
        }
    }

    @Test func failuresInARowEndARun() async throws {
        try await Rehearsal.run((0..<30).map { "i\($0)" }) { rehearsal in
            rehearsal.simulator.inject(.failBeforeWrite, times: nil)
            let outcomes = try await rehearsal.switchOver()
            #expect(outcomes.contains(.stopped) && outcomes.count { $0.isFailure } < 15)
        }
    }

    /// A thousand quiet clinics take one wait: all that are set are waited for at the same time.
    @Test func quietInstancesAreWaitedForSideBySide() async throws {
        try await Rehearsal.run((0..<20).map { "i\($0)" }) { rehearsal in
            let service = try rehearsal.service()
            let targets = try await service.targets(nil)
            var options = Rehearsal.options
            options.eventWait = .seconds(1_800)
            let fixed = options
            let most = Mutex(0)
            let stop = Mutex<(@Sendable () -> Void)?>(nil)
            let run = Task {
                try await service.switchOver(targets, run: RunID(UUID()), options: fixed) { event in
                    guard case .waiting(let count) = event else { return }
                    most.withLock { $0 = max($0, count) }
                    // Nothing moves the time on here: it would be waited for ever.
                    stop.withLock { $0 }?()
                }
            }
            stop.withLock { $0 = { run.cancel() } }
            _ = await run.result
            #expect(most.withLock { $0 } == 20)
            // Ended while it waits, it goes on from there.
            #expect(try await rehearsal.switchOver() == Array(repeating: .configured, count: 20))
        }
    }

    @Test func twoProcessesDoNotSwitchAtOnce() async throws {
        try await Rehearsal.run(["a"]) { rehearsal in
            _ = try await rehearsal.journal.exclusively {
                await #expect(throws: SwitchOverError.busy) { try await rehearsal.switchOver() }
            }
        }
    }

    @Test func aRotatedTokenIsSwitchedToAndTakenBackFrom() async throws {
        try await Rehearsal.run(["a"]) { rehearsal in
            try await rehearsal.switchOver()
            try await rehearsal.database.pool.query(
                "UPDATE healthcare.integrations SET webhook_token = $1",
                [WebhookToken(randomBytes: Array(repeating: 7, count: 32)).secretText])
            #expect(try await rehearsal.switchOver() == [.configured])
            let new = try await rehearsal.tokenURL("a")
            #expect(rehearsal.simulator.webhookURL(of: "a") == new)
            #expect(try await rehearsal.rollBack() == [.rolledBack])
            #expect(rehearsal.simulator.webhookURL(of: "a") == Rehearsal.oldURL + "a")
        }
    }
}
