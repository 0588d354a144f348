import FoundationEssentials
import HookgateCore

/// Takes one instance through its ``SwitchOverMachine``: every step is done, and what it brought is handed back.
struct SwitchOverStepper: Sendable {
    let server: any EvolutionServer
    let journal: any SwitchOverJournal
    let probe: any SwitchOverProbe
    let armament: SecondFactorArmament
    let time: TimeSource
    let pause: @Sendable (Duration) async throws -> Void
    /// Before each step: the place at which a test lets the process die.
    let willTake: @Sendable (String) throws -> Void

    /// - Parameters:
    ///   - entry: the newest of the journal, on this server.
    ///   - kind: why a new entry is begun.
    /// - Returns: what became of it, and the entry as it stands then.
    func run(
        _ target: SwitchOverTarget, url: String, run: RunID, entry: SwitchOverEntry?, policy: SwitchOverMachine.Policy,
        kind: SwitchOverEntry.Kind = .switchOver, factor: FactorAim = FactorAim(), isRollback: Bool = false
    ) async throws -> (outcome: SwitchOverOutcome, entry: SwitchOverEntry?) {
        var machine = SwitchOverMachine(
            instance: target.instance, url: url, entry: entry, policy: policy, factor: factor, isRollback: isRollback)
        var entry = entry
        var plan: SecondFactorPlan?
        var step = machine.begin()
        while true {
            try willTake("\(step)")
            switch step {
            case .finish(let outcome):
                return (outcome, entry)
            case .read:
                step = machine.next(after: await read(target.instance))
            case .look(let wait):
                if wait > .zero { try await pause(wait) }
                step = machine.next(after: await read(target.instance))
            case .probe:
                step = machine.next(after: await prove(target.token))
            case .set(let settings):
                step = machine.next(after: await set(settings, target.instance))
            case .arm:
                step = machine.next(after: try await arm(plan))
            case .disarm:
                try await armament.takeBack(entry?.factor, of: target.integrationID, at: time.now)
                step = machine.next(after: .disarmed)
            case .record(let state):
                var next = self.entry(state, entry, target, url: url, run: run, kind: kind, machine, isRollback)
                if state == .setting, machine.needsArming {
                    let made = try await armament.plan(factor, of: target.integrationID, at: time.now)
                    next.factor = made.noted(in: next.factor)
                    plan = made
                }
                try await write(next, over: entry, isRollback: isRollback)
                entry = next
                step = machine.next(after: .recorded)
            }
        }
    }

    private func arm(_ plan: SecondFactorPlan?) async throws -> SwitchOverMachine.Result {
        guard let plan else { preconditionFailure("cannot arm while nothing is planned") }
        do {
            return .armed(try await armament.carryOut(plan, at: time.now))
        } catch SecondFactorError.changedMeanwhile {
            return .failedArming(.secondFactorChanged)
        }
    }

    private func read(_ instance: InstanceName) async -> SwitchOverMachine.Result {
        do {
            return .settings(try await server.loadedWebhook(of: instance))
        } catch {
            return .failed(error)
        }
    }

    private func prove(_ token: WebhookToken) async -> SwitchOverMachine.Result {
        do {
            try await probe.prove(token)
            return .proven
        } catch {
            return .failedProbe(error)
        }
    }

    private func set(
        _ settings: EvolutionWebhookSettings, _ instance: InstanceName
    ) async -> SwitchOverMachine.Result {
        do {
            try await server.setWebhook(settings, of: instance)
            return .accepted
        } catch {
            return .failed(error)
        }
    }

    /// An open entry as it is moved on; else a new one.
    private func entry(
        _ state: SwitchOverState, _ entry: SwitchOverEntry?, _ target: SwitchOverTarget, url: String, run: RunID,
        kind: SwitchOverEntry.Kind, _ machine: SwitchOverMachine, _ isRollback: Bool
    ) -> SwitchOverEntry {
        let now = time.now
        let base = machine.isOurBase ? machine.base : nil
        guard var entry, entry.state.isOpen || isRollback else {
            return SwitchOverEntry(
                run: run, instance: target.instance, integrationID: target.integrationID, server: server.name,
                state: state, kind: kind, previous: machine.previous, base: base, urlDigest: TokenDigest(of: url),
                changedAt: now, setAt: state == .configured ? now : nil)
        }
        if isRollback {
            // Whoever goes on goes back all the way.
            entry.base = nil
        } else {
            entry.base = base
            entry.kind = kind
            // Until the new URL shows, the one before is the one to recognise.
            if state == .configured { entry.urlDigest = TokenDigest(of: url) }
        }
        // An event may come before the answer does: from the sending on it counts. Of a token URL that follows another,
        // only from when it shows: events that were under way come on the one before, and on the same route.
        let isFirst = entry.kind == .switchOver && state == .setting
        if isFirst || state == .configured && (entry.setAt == nil || kind == .rotation) { entry.setAt = now }
        // What is given up was not set, whatever was sent.
        if state == .abandoned { entry.setAt = nil }
        entry.state = state
        entry.changedAt = now
        return entry
    }

    private func write(_ entry: SwitchOverEntry, over before: SwitchOverEntry?, isRollback: Bool) async throws {
        let goesOn = before.map { $0.state.isOpen || isRollback } ?? false
        if goesOn { try await journal.advance(entry) } else { try await journal.begin(entry) }
    }
}
