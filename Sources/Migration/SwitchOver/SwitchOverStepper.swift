import FoundationEssentials
import HookgateCore

/// Takes one instance through its ``SwitchOverMachine``: every step is done, and what it brought is handed back.
struct SwitchOverStepper: Sendable {
    let server: any EvolutionServer
    let journal: any SwitchOverJournal
    let probe: any SwitchOverProbe
    let time: TimeSource
    let pause: @Sendable (Duration) async throws -> Void
    /// Before each step: the place at which a test lets the process die.
    let willTake: @Sendable (String) throws -> Void

    /// - Parameters:
    ///   - entry: the newest of the journal, on this server.
    /// - Returns: what became of it, and the entry as it stands then.
    func run(
        _ target: SwitchOverTarget, url: String, run: RunID, entry: SwitchOverEntry?, policy: SwitchOverMachine.Policy,
        isRollback: Bool = false
    ) async throws -> (outcome: SwitchOverOutcome, entry: SwitchOverEntry?) {
        var machine = SwitchOverMachine(
            instance: target.instance, url: url, entry: entry, policy: policy, isRollback: isRollback)
        var entry = entry
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
            case .record(let state):
                entry = try await record(
                    state, entry, target, url: url, run: run, previous: machine.previous, isRollback: isRollback)
                step = machine.next(after: .recorded)
            }
        }
    }

    private func read(_ instance: InstanceName) async -> SwitchOverMachine.Result {
        do {
            return .settings(try await server.webhook(of: instance))
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

    /// An open entry is moved on; else one is begun.
    private func record(
        _ state: SwitchOverState, _ entry: SwitchOverEntry?, _ target: SwitchOverTarget, url: String, run: RunID,
        previous: EvolutionWebhook?, isRollback: Bool
    ) async throws -> SwitchOverEntry {
        let now = time.now
        guard var entry, entry.state.isOpen || isRollback else {
            let new = SwitchOverEntry(
                run: run, instance: target.instance, integrationID: target.integrationID, server: server.name,
                state: state, previous: previous, urlDigest: TokenDigest(of: url), changedAt: now,
                setAt: state == .configured ? now : nil)
            try await journal.begin(new)
            return new
        }
        if !isRollback { entry.urlDigest = TokenDigest(of: url) }
        // An event may come before the answer does: from the sending on it counts.
        if state == .setting || state == .configured && entry.setAt == nil { entry.setAt = now }
        entry.state = state
        entry.changedAt = now
        try await journal.advance(entry)
        return entry
    }
}
