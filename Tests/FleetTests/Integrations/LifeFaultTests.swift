import EvolutionClient
import EvolutionSimulator
import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Store
import Testing

@testable import Fleet

/// Every failure of the server × the death of the process before every step: each ends whole or with nothing left.
@Suite(.timeLimit(.minutes(5)))
struct LifeFaultTests {
    private static let modes: [FailureMode?] = [
        nil, .acceptedWithoutEffect, .delayedWrite, .nullFind, .staleFind, .otherEditor, .failBeforeWrite,
        .failAfterWrite, .resetBeforeWrite, .resetAfterWrite, .restartAfterSet, .licenceInactive, .keyRefused,
        .gatewayError, .tooManyRequests, .truncatedAnswer,
    ]
    private static let mostSteps = 40

    /// Asks until nothing is open: at first with what is left of the failure, then with a server that is well.
    private static func settle(
        _ rehearsal: LifeRehearsal, _ ask: () async throws -> Bool
    ) async throws {
        for attempt in 0..<6 {
            if attempt == 2 { rehearsal.simulator.clearFailures() }
            if try await ask() { return }
        }
        Issue.record("it does not come to an end")
    }

    @Test(arguments: modes)
    func aCreationThatDiesAnywhereEndsWholeOrWithNothing(mode: FailureMode?) async throws {
        try await LifeRehearsal.run(release: "2.4.0") { rehearsal in
            for step in 0..<Self.mostSteps {
                let label = "s\(step)"
                let name = LifeRehearsal.name(label: label)
                if let mode { rehearsal.simulator.inject(mode, instance: name) }
                var isOver = false
                do {
                    try await rehearsal.create(label: label, dying: step)
                    isOver = true
                } catch is LifeRehearsal.Killed {
                    // As after any other death: nobody tells what was done.
                }
                var isMade = false
                try await Self.settle(rehearsal) {
                    switch try await rehearsal.create(label: label) {
                    case .created, .adopted, .present: isMade = true
                    case .takenBack: isMade = false
                    case .wouldCreate, .wouldAdopt, .unfinished: return false
                    }
                    return true
                }
                rehearsal.simulator.clearFailures()
                if isMade {
                    try await rehearsal.expectWhole(name, "\(String(describing: mode)) at step \(step)")
                } else if mode == .otherEditor, let url = rehearsal.simulator.webhookURL(of: name) {
                    // Somebody else's by then, who set their URL; whose it was before, nobody can tell any more.
                    #expect(url == "https://other.example.test/hook")
                    #expect(try await rehearsal.rows(name).isEmpty)
                } else {
                    try await rehearsal.expectNothing(name, "\(String(describing: mode)) at step \(step)")
                }
                if isOver { return }
            }
            Issue.record("no creation came to its end by itself")
        }
    }

    @Test(arguments: modes)
    func anAdoptionThatDiesAnywhereEndsWholeOrAsItWas(mode: FailureMode?) async throws {
        try await LifeRehearsal.run { rehearsal in
            for step in 0..<Self.mostSteps {
                let label = "s\(step)"
                let name = LifeRehearsal.name(label: label)
                let url = LifeRehearsal.base + "/webhooks/evolution/\(name)"
                rehearsal.simulator.add(name, webhook: url, events: ["MESSAGES_UPSERT", "CALL"])
                if let mode { rehearsal.simulator.inject(mode, instance: name) }
                var isOver = false
                do {
                    try await rehearsal.create(label: label, dying: step)
                    isOver = true
                } catch is LifeRehearsal.Killed {
                    // As after any other death: nobody tells what was done.
                }
                try await Self.settle(rehearsal) {
                    switch try await rehearsal.create(label: label) {
                    case .adopted, .present, .created: true
                    // The server is well by the last try: then it is made.
                    case .takenBack, .wouldCreate, .wouldAdopt, .unfinished: false
                    }
                }
                rehearsal.simulator.clearFailures()
                try await rehearsal.expectWhole(name, "\(String(describing: mode)) at step \(step)")
                let events = try await rehearsal.client.webhook(of: InstanceName(name)).effective.events
                #expect(events.contains("CALL"))
                if isOver { return }
            }
            Issue.record("no adoption came to its end by itself")
        }
    }

    @Test(arguments: modes)
    func aDeletionThatDiesAnywhereIsFinishedByTheNext(mode: FailureMode?) async throws {
        try await LifeRehearsal.run { rehearsal in
            for step in 0..<Self.mostSteps {
                let label = "s\(step)"
                let name = LifeRehearsal.name(label: label)
                #expect(try await rehearsal.create(label: label) == .created)
                rehearsal.simulator.scan(name, number: "15550101001")
                if let mode { rehearsal.simulator.inject(mode, instance: name) }
                var isOver = false
                do {
                    _ = try await rehearsal.keeper(dying: step).delete(name, DeletionOptions(), actor: "test")
                    isOver = true
                } catch is LifeRehearsal.Killed {
                    // As after any other death: nobody tells what was done.
                } catch is IntegrationError {
                    // The server did not say where the instance is: nothing was begun.
                    isOver = true
                }
                try await Self.settle(rehearsal) {
                    if try await rehearsal.rows(name).isEmpty { return true }
                    guard
                        let outcome = try? await rehearsal.keeper().delete(name, DeletionOptions(), actor: "test")
                            .outcome
                    else { return false }
                    if case .unfinished = outcome { return false }
                    return outcome != .foreignInstance
                }
                rehearsal.simulator.clearFailures()
                try await rehearsal.expectNothing(name, "\(String(describing: mode)) at step \(step)")
                if isOver { return }
            }
            Issue.record("no deletion came to its end by itself")
        }
    }

    @Test func whatWasLeftIsGoneOnWithByWhoeverComes() async throws {
        try await LifeRehearsal.run { rehearsal in
            // Killed right after the instance was sent for.
            await #expect(throws: LifeRehearsal.Killed.self) { try await rehearsal.create(dying: 4) }
            #expect(try await rehearsal.store.openLives().count == 1)
            #expect(try await rehearsal.keeper().resume() == 1)
            try await rehearsal.expectWhole(LifeRehearsal.name(), "resumed")
            await #expect(throws: LifeRehearsal.Killed.self) {
                _ = try await rehearsal.keeper(dying: 2).delete(
                    LifeRehearsal.name(), DeletionOptions(), actor: "test")
            }
            #expect(try await rehearsal.keeper().resume() == 1)
            try await rehearsal.expectNothing(LifeRehearsal.name(), "resumed")
            #expect(try await rehearsal.keeper().resume() == 0)
        }
    }
}
