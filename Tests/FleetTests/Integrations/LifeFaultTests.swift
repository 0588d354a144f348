import EvolutionClient
import EvolutionSimulator
import HookgateCore
import HookgateTestSupport
import Store
import Testing

@testable import Fleet

/// Every failure of the server × the death of the process before every step: each ends whole or with nothing left.
///
/// `make faults` crosses all of both. Otherwise every step is died before with the two failures that leave most in the
/// dark, and every other failure meets one death.
@Suite(.timeLimit(.minutes(WholeSize.isWanted ? 30 : 5)))
struct LifeFaultTests {
    struct Trial: Sendable, CustomTestStringConvertible {
        let mode: FailureMode?
        /// Before which of them the process dies, each time with a new instance.
        let steps: Range<Int>

        var isThorough: Bool { steps.count > 1 }
        var testDescription: String { mode?.rawValue ?? "no failure" }

        func comment(_ step: Int) -> Comment { "\(testDescription) at step \(step)" }
    }

    /// Done and said to have failed, and the other way round.
    private static let nastiest: [FailureMode?] = [.resetAfterWrite, .acceptedWithoutEffect]
    private static let modes: [FailureMode?] = [
        nil, .acceptedWithoutEffect, .delayedWrite, .nullFind, .staleFind, .otherEditor, .failBeforeWrite,
        .failAfterWrite, .resetBeforeWrite, .resetAfterWrite, .restartAfterSet, .licenceInactive, .keyRefused,
        .instanceGone, .gatewayError, .tooManyRequests, .redirect, .truncatedAnswer, .otherEvents,
    ]
    private static let mostSteps = 40
    private static let trials = modes.enumerated().map { index, mode in
        if WholeSize.isWanted || nastiest.contains(mode) { return Trial(mode: mode, steps: 0..<mostSteps) }
        // Spread over the steps of a life without a failure.
        let step = 1 + index % 7
        return Trial(mode: mode, steps: step..<step + 1)
    }

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

    @Test(arguments: trials)
    func aCreationThatDiesAnywhereEndsWholeOrWithNothing(trial: Trial) async throws {
        try await LifeRehearsal.run(release: "2.4.0") { rehearsal in
            for step in trial.steps {
                let label = "s\(step)"
                let name = LifeRehearsal.name(label: label)
                if let mode = trial.mode { rehearsal.simulator.inject(mode, instance: name) }
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
                    try await rehearsal.expectWhole(name, trial.comment(step))
                } else if trial.mode == .otherEditor, let url = rehearsal.simulator.webhookURL(of: name) {
                    // Somebody else's by then, who set their URL; whose it was before, nobody can tell any more.
                    #expect(url == "https://other.example.test/hook")
                    #expect(try await rehearsal.rows(name).isEmpty)
                } else {
                    try await rehearsal.expectNothing(name, trial.comment(step))
                }
                if isOver { return }
            }
            #expect(!trial.isThorough, "no creation came to its end by itself")
        }
    }

    @Test(arguments: trials)
    func anAdoptionThatDiesAnywhereEndsWholeOrAsItWas(trial: Trial) async throws {
        try await LifeRehearsal.run { rehearsal in
            for step in trial.steps {
                let label = "s\(step)"
                let name = LifeRehearsal.name(label: label)
                let url = LifeRehearsal.base + "/webhooks/evolution/\(name)"
                rehearsal.simulator.add(name, webhook: url, events: ["MESSAGES_UPSERT", "CALL"])
                if let mode = trial.mode { rehearsal.simulator.inject(mode, instance: name) }
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
                    // Another editor stays. Every other failure is over by the last try: then it is made.
                    case .takenBack(.foreignInstance): trial.mode == .otherEditor
                    case .takenBack, .wouldCreate, .wouldAdopt, .unfinished: false
                    }
                }
                rehearsal.simulator.clearFailures()
                if trial.mode == .otherEditor {
                    try await Self.expectTheirs(rehearsal, label, trial.comment(step))
                    if isOver { return }
                    continue
                }
                try await rehearsal.expectWhole(name, trial.comment(step))
                let events = try await rehearsal.client.webhook(of: InstanceName(name)).effective.events
                #expect(events.contains("CALL"))
                if isOver { return }
            }
            #expect(!trial.isThorough, "no adoption came to its end by itself")
        }
    }

    /// The other editor's URL stands and stays, it is said each time, and nothing of ours is left.
    private static func expectTheirs(
        _ rehearsal: LifeRehearsal, _ label: String, _ comment: Comment
    ) async throws {
        let name = LifeRehearsal.name(label: label)
        let settings = rehearsal.simulator.webhookSettings(of: name)
        #expect(rehearsal.simulator.webhookURL(of: name) == "https://other.example.test/hook", comment)
        #expect(try await rehearsal.create(label: label) == .takenBack(.foreignInstance), comment)
        #expect(rehearsal.simulator.webhookSettings(of: name) == settings, comment)
        #expect(try await rehearsal.rows(name).isEmpty, comment)
        #expect(try await rehearsal.store.openLife(of: InstanceName(name)) == nil, comment)
    }

    @Test(arguments: trials)
    func aDeletionThatDiesAnywhereIsFinishedByTheNext(trial: Trial) async throws {
        try await LifeRehearsal.run { rehearsal in
            for step in trial.steps {
                let label = "s\(step)"
                let name = LifeRehearsal.name(label: label)
                #expect(try await rehearsal.create(label: label) == .created)
                rehearsal.simulator.scan(name, number: "15550101001")
                if let mode = trial.mode { rehearsal.simulator.inject(mode, instance: name) }
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
                try await rehearsal.expectNothing(name, trial.comment(step))
                if isOver { return }
            }
            #expect(!trial.isThorough, "no deletion came to its end by itself")
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
