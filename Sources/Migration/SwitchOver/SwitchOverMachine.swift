import HookgateCore

/// Decides, step by step, how one instance gets from what Evolution has to the token URL, and back.
///
/// Pure: it is told what a step brought and says what comes next. What it asks to have written down is written before
/// the step after it is taken, so whoever begins anew with the last entry goes on where the other was killed.
struct SwitchOverMachine {
    enum Step: Equatable {
        case read
        /// Read again after a while.
        case look(after: Duration)
        case record(SwitchOverState)
        case probe
        case set(EvolutionWebhookSettings)
        case finish(SwitchOverOutcome)
    }

    enum Result {
        case settings(EvolutionWebhook)
        case recorded
        case proven
        case accepted
        case failedProbe(ProbeFailure)
        case failed(EvolutionFailure)
    }

    struct Policy {
        var isDryRun = false
        var replacesOther = false
        /// How often, and when, a set is looked for: releases answer before they have written it.
        var looks: [Duration] = [.zero, .milliseconds(250), .seconds(1), .seconds(3)]
        /// How often a set is sent that does not show.
        var mostSets = 2
    }

    private enum Phase {
        case beginning
        /// An entry is there: what stands at Evolution tells how far the other got.
        case resuming(SwitchOverState)
        case probing
        case recordingSet
        case setting
        case lookingForOurs
        case recordingConfigured
        case recordingRestore
        case restoring
        case lookingForPrevious
        case recordingEnd(SwitchOverOutcome)
    }

    private let instance: InstanceName
    private let url: String
    private let policy: Policy
    /// Whether the aim is to go back.
    private let isRollback: Bool
    private var phase: Phase
    /// What stood there before.
    private(set) var previous: EvolutionWebhook?
    /// Of the URL that the entry says was set: not the wanted one where the token was rotated since.
    private let entryDigest: TokenDigest?
    private var looks: ArraySlice<Duration> = []
    private var sets = 0
    private var undone: [EvolutionWebhookSettings.Part] = []

    /// - Parameter entry: the newest of the journal, where there is one.
    init(instance: InstanceName, url: String, entry: SwitchOverEntry?, policy: Policy, isRollback: Bool = false) {
        self.instance = instance
        self.url = url
        self.policy = policy
        self.isRollback = isRollback
        self.entryDigest = entry?.urlDigest
        if let entry, entry.state.isOpen || entry.state == .confirmed || isRollback {
            self.previous = entry.previous
            self.phase = .resuming(entry.state)
        } else {
            self.phase = .beginning
        }
    }

    private func isWanted(_ settings: EvolutionWebhookSettings) -> Bool {
        settings.isEnabled && settings.url.isSameText(as: url)
    }

    private func isOfEntry(_ settings: EvolutionWebhookSettings) -> Bool {
        settings.isEnabled && TokenDigest(of: settings.url) == entryDigest
    }

    /// What the settings become.
    private var wanted: EvolutionWebhookSettings? { previous?.settings?.pointing(to: url) }

    func begin() -> Step { .read }

    mutating func next(after result: Result) -> Step {
        switch (phase, result) {
        case (_, .failed(let failure)): return failed(failure)
        case (.beginning, .settings(let webhook)): return begin(with: webhook)
        case (.resuming(let state), .settings(let webhook)):
            return isRollback ? rollBack(from: webhook) : resume(state, with: webhook)
        case (.probing, .recorded): return .probe
        case (.probing, .proven):
            phase = .recordingSet
            return .record(.setting)
        case (.probing, .failedProbe(let failure)): return end(.abandoned, .unproven(failure))
        case (.recordingSet, .recorded): return sendWanted()
        case (.setting, .accepted):
            phase = .lookingForOurs
            return firstLook()
        case (.lookingForOurs, .settings(let webhook)): return lookForOurs(webhook)
        case (.recordingConfigured, .recorded): return .finish(.configured)
        case (.recordingRestore, .recorded): return sendPrevious()
        case (.restoring, .accepted):
            phase = .lookingForPrevious
            return firstLook()
        case (.lookingForPrevious, .settings(let webhook)): return lookForPrevious(webhook)
        case (.recordingEnd(let outcome), .recorded): return .finish(outcome)
        default: preconditionFailure("cannot take \(result) while \(phase)")
        }
    }
}

extension SwitchOverMachine {
    private mutating func begin(with webhook: EvolutionWebhook) -> Step {
        guard let settings = webhook.settings, settings.isEnabled else { return .finish(.refused(.noWebhook)) }
        if settings.url.isSameText(as: url) {
            // Somebody has set it by hand: there is nothing to keep, and nothing to set.
            if policy.isDryRun { return .finish(.configured) }
            phase = .recordingConfigured
            return .record(.configured)
        }
        if settings.events.isEmpty { return .finish(.refused(.eventsMissing)) }
        let kind = WebhookURLKind(settings.url, instance: instance)
        if kind == .other, !policy.replacesOther { return .finish(.refused(.foreignURL)) }
        if policy.isDryRun { return .finish(.wouldSet) }
        previous = webhook
        phase = .probing
        return .record(.snapshotted)
    }

    /// The entry says what was intended; what stands there says what came of it.
    private mutating func resume(_ state: SwitchOverState, with webhook: EvolutionWebhook) -> Step {
        let there = webhook.effective
        switch state {
        case .restoring where !policy.isDryRun:
            return rollBack(from: webhook)
        case .confirmed, .rolledBack, .abandoned:
            if isWanted(there) { return .finish(state == .confirmed ? .confirmed : .configured) }
            previous = nil
            return begin(with: webhook)
        case .configured where isWanted(there):
            return .finish(.configured)
        case .snapshotted, .setting, .configured, .restoring:
            if isWanted(there) {
                if policy.isDryRun { return .finish(.configured) }
                phase = .lookingForOurs
                looks = []
                return lookForOurs(webhook)
            }
            let isBefore = previous.map { there.differences(from: $0.effective).isEmpty } ?? false
            guard isBefore || isOfEntry(there) && previous != nil else { return .finish(.conflict) }
            if policy.isDryRun { return .finish(.wouldSet) }
            phase = .probing
            return .probe
        }
    }

    private mutating func sendWanted() -> Step {
        guard let wanted else { preconditionFailure("cannot set while nothing is kept") }
        sets += 1
        phase = .setting
        return .set(wanted)
    }

    private mutating func firstLook() -> Step {
        looks = policy.looks[...]
        return .look(after: looks.popFirst() ?? .zero)
    }

    private mutating func lookForOurs(_ webhook: EvolutionWebhook) -> Step {
        guard let wanted else {
            phase = .recordingConfigured
            return .record(.configured)
        }
        let there = webhook.effective
        let differences = there.differences(from: wanted)
        if differences.isEmpty {
            phase = .recordingConfigured
            return .record(.configured)
        }
        if let pause = looks.popFirst() { return .look(after: pause) }
        if isWanted(there) {
            // The URL is ours and something else is not as it was: evidence against it.
            undone = differences
            phase = .recordingRestore
            return .record(.restoring)
        }
        let isUnchanged = previous.map { there.differences(from: $0.effective).isEmpty } ?? false
        // Nothing shows at all where a find says `null`: that is no other editor.
        guard isUnchanged || webhook.settings == nil else { return .finish(.conflict) }
        return sets > 0 && sets < policy.mostSets && isUnchanged ? sendWanted() : .finish(.notTaken)
    }

    private mutating func rollBack(from webhook: EvolutionWebhook) -> Step {
        guard let previous else { return .finish(.nothingToRestore) }
        let there = webhook.effective
        if there.differences(from: previous.effective).isEmpty { return end(.rolledBack, rolledBack) }
        guard isWanted(there) || isOfEntry(there) else { return .finish(.conflict) }
        if policy.isDryRun { return .finish(.wouldRestore) }
        phase = .recordingRestore
        return .record(.restoring)
    }

    private mutating func sendPrevious() -> Step {
        guard let previous else { preconditionFailure("cannot restore while nothing is kept") }
        sets += 1
        phase = .restoring
        return .set(previous.effective)
    }

    private mutating func lookForPrevious(_ webhook: EvolutionWebhook) -> Step {
        guard let previous else { preconditionFailure("cannot restore while nothing is kept") }
        let there = webhook.effective
        if there.differences(from: previous.effective).isEmpty { return end(.rolledBack, rolledBack) }
        if let pause = looks.popFirst() { return .look(after: pause) }
        let isStillOurs = isWanted(there) || isOfEntry(there) || webhook.settings == nil
        return .finish(isStillOurs ? .notTaken : .conflict)
    }

    private var rolledBack: SwitchOverOutcome { undone.isEmpty ? .rolledBack : .undone(undone) }

    /// A set whose outcome is open is looked for; what failed before a set ends without a trace at the server.
    private mutating func failed(_ failure: EvolutionFailure) -> Step {
        switch phase {
        case .setting where failure.leavesOutcomeOpen:
            phase = .lookingForOurs
            return firstLook()
        case .restoring where failure.leavesOutcomeOpen:
            phase = .lookingForPrevious
            return firstLook()
        case .setting: return end(.abandoned, .failed(failure))
        case .lookingForOurs, .lookingForPrevious:
            if let pause = looks.popFirst() { return .look(after: pause) }
            return .finish(.failed(failure))
        default: return .finish(.failed(failure))
        }
    }

    private mutating func end(_ state: SwitchOverState, _ outcome: SwitchOverOutcome) -> Step {
        if policy.isDryRun { return .finish(outcome) }
        phase = .recordingEnd(outcome)
        return .record(state)
    }
}

/// What a webhook's URL says by its path.
enum WebhookURLKind: Equatable {
    /// The old route of this very instance, on whatever host, or one of the still older routes that named nobody.
    case legacy
    /// A token URL, of whichever token.
    case token(String)
    case other

    init(_ url: String, instance: InstanceName) {
        guard let scheme = url.firstRange(of: "://"),
            let slash = url[scheme.upperBound...].firstIndex(of: "/")
        else {
            self = .other
            return
        }
        let path = String(url[slash...])
        if ["/webhooks/whatsapp", "/webhooks/evolution"].contains(path) {
            self = .legacy
            return
        }
        switch WebhookAddress(requestTarget: path)?.target {
        case .instance(let name) where name == instance: self = .legacy
        case .token(let token) where WebhookToken(token.text) != nil: self = .token(token.text)
        default: self = .other
        }
    }
}
