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
        /// Make the second factor that is to come along count.
        case arm
        /// Let the second factor before count again.
        case disarm
        case set(EvolutionWebhookSettings)
        case finish(SwitchOverOutcome)
    }

    enum Result {
        case settings(EvolutionWebhook)
        case recorded
        case proven
        case accepted
        /// With the headers that bring it.
        case armed([EvolutionMember])
        case disarmed
        case failedArming(SwitchOverRefusal)
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
        /// When settings are looked at again that stand there as before although others were set: an answer may be
        /// older than that.
        var secondLook = Duration.seconds(1)
    }

    private enum Phase {
        case beginning
        /// An entry is there: what stands at Evolution tells how far the other got.
        case resuming(SwitchOverState)
        case probing
        case recordingSet
        case arming
        case setting
        case lookingForOurs
        case recordingConfigured
        case recordingRestore
        case disarming
        case restoring
        case lookingForPrevious
        /// The second factor before counts again, then it is written down.
        case disarmingToEnd(SwitchOverState, SwitchOverOutcome)
        case recordingEnd(SwitchOverOutcome)
    }

    private let instance: InstanceName
    private let url: String
    private let policy: Policy
    /// Whether the aim is to go back.
    private let isRollback: Bool
    private let factor: FactorAim
    private var phase: Phase
    /// What stood there before any URL of ours.
    private(set) var previous: EvolutionWebhook?
    /// What stood there when this began: what the new settings are made from.
    private(set) var base: EvolutionWebhook?
    /// Whether ``base`` is a URL of ours, so that to go back to it is to have changed nothing.
    private(set) var isOurBase: Bool
    /// Headers that bring the second factor.
    private var brought: [EvolutionMember] = []
    /// Whether a second factor is to come that does not come along yet.
    private(set) var needsArming = false
    /// Whether a URL of ours stood there under this entry: then it is not given up, whatever fails.
    private var keepsEntry = false
    /// Whether there may be a second factor of ours to take back.
    private var isArmed: Bool
    /// Of the URL that the entry says was set: not the wanted one where the token was rotated since.
    private let entryDigest: TokenDigest?
    private var looks: ArraySlice<Duration> = []
    private var sets = 0
    /// Whether the old settings were on their way when this was left off.
    private let wasRestoring: Bool
    /// Whether the old settings, where they stand there, came back: they may be an answer from before ours were set.
    private var isBackInDoubt: Bool
    private var undone: [EvolutionWebhookSettings.Part] = []
    /// What the last set met, where that left its outcome open: the reason, should it not show.
    private var openFailure: EvolutionFailure?

    /// - Parameter entry: the newest of the journal, where there is one.
    init(
        instance: InstanceName, url: String, entry: SwitchOverEntry?, policy: Policy,
        factor: FactorAim = FactorAim(), isRollback: Bool = false
    ) {
        self.instance = instance
        self.url = url
        self.policy = policy
        self.factor = factor
        self.isRollback = isRollback
        self.entryDigest = entry?.urlDigest
        self.isArmed = entry?.factor != nil
        self.wasRestoring = entry?.state == .restoring
        self.isBackInDoubt = entry.map { [.setting, .configured, .confirmed, .restoring].contains($0.state) } ?? false
        self.isOurBase = entry?.base != nil
        if let entry, entry.state.isOpen || entry.state == .confirmed || isRollback {
            self.previous = entry.previous
            self.base = entry.base ?? entry.previous
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
    private var wanted: EvolutionWebhookSettings? { base?.settings?.pointing(to: url).bringing(brought) }

    /// What the settings become when all is taken back.
    private var target: EvolutionWebhook? { isRollback ? previous : base }

    /// Takes in what stands there: whether the second factor comes along already.
    private mutating func look(at there: EvolutionWebhookSettings) {
        brought = factor.carried(by: there)
        needsArming = !factor.isMet(by: there)
    }

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
        case (.probing, .failedProbe(let failure)): return giveUp(.unproven(failure))
        case (.recordingSet, .recorded):
            guard needsArming else { return sendWanted() }
            phase = .arming
            return .arm
        case (.arming, .armed(let headers)):
            isArmed = true
            brought = headers.overlaid(on: brought)
            return sendWanted()
        case (.arming, .failedArming(let refusal)): return giveUp(.refused(refusal))
        case (.setting, .accepted):
            phase = .lookingForOurs
            return firstLook()
        case (.lookingForOurs, .settings(let webhook)): return lookForOurs(webhook)
        case (.recordingConfigured, .recorded): return .finish(.configured)
        case (.recordingRestore, .recorded):
            guard isArmed else { return sendPrevious() }
            phase = .disarming
            return .disarm
        case (.disarming, .disarmed): return sendPrevious()
        case (.disarmingToEnd(let state, let outcome), .disarmed):
            isArmed = false
            return end(state, outcome)
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
        look(at: settings)
        let isThere = settings.url.isSameText(as: url)
        if isThere, !needsArming {
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
        base = webhook
        isOurBase = false
        phase = .probing
        return .record(.snapshotted)
    }

    /// The entry says what was intended; what stands there says what came of it.
    private mutating func resume(_ state: SwitchOverState, with webhook: EvolutionWebhook) -> Step {
        let there = webhook.effective
        look(at: there)
        switch state {
        case .restoring where !policy.isDryRun:
            return rollBack(from: webhook)
        case .confirmed where isWanted(there) && !needsArming:
            return .finish(.confirmed)
        case .confirmed where isWanted(there) || isOfEntry(there):
            // Ours stands there, and something new is to come: what was there before ours stays what it was.
            if policy.isDryRun { return .finish(.wouldSet) }
            base = webhook
            isOurBase = true
            isArmed = false
            phase = .probing
            return .record(.snapshotted)
        case .confirmed, .rolledBack, .abandoned:
            previous = nil
            isArmed = false
            return begin(with: webhook)
        case .configured where isWanted(there) && !needsArming:
            return .finish(.configured)
        case .snapshotted, .setting, .configured, .restoring:
            return goOn(from: webhook)
        }
    }

    private mutating func goOn(from webhook: EvolutionWebhook) -> Step {
        let there = webhook.effective
        if isWanted(there), !needsArming {
            if policy.isDryRun { return .finish(.configured) }
            phase = .lookingForOurs
            looks = []
            return lookForOurs(webhook)
        }
        let isBefore = base.map { there.differences(from: $0.effective).isEmpty } ?? false
        let isOurs = isOfEntry(there) || isWanted(there)
        guard isBefore || isOurs else { return .finish(.conflict) }
        if policy.isDryRun { return .finish(.wouldSet) }
        if base == nil {
            base = webhook
            isOurBase = true
        }
        keepsEntry = isOurs && !isBefore
        phase = .probing
        return .probe
    }

    private mutating func sendWanted() -> Step {
        guard let wanted else { preconditionFailure("cannot set while nothing is kept") }
        sets += 1
        openFailure = nil
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
        let isUnchanged = base.map { there.differences(from: $0.effective).isEmpty } ?? false
        if isWanted(there), !isUnchanged {
            // The URL is ours and something else is not as it was: evidence against it.
            undone = differences
            phase = .recordingRestore
            return .record(.restoring)
        }
        // Nothing shows at all where a find says `null`: that is no other editor.
        guard isUnchanged || webhook.settings == nil else { return .finish(.conflict) }
        if sets > 0, sets < policy.mostSets, isUnchanged { return sendWanted() }
        return .finish(openFailure.map { .failed($0) } ?? .notTaken)
    }

    private mutating func rollBack(from webhook: EvolutionWebhook) -> Step {
        guard let target else { return .finish(.nothingToRestore) }
        let there = webhook.effective
        if there.differences(from: target.effective).isEmpty {
            guard isBackInDoubt, !policy.isDryRun else { return endRestored() }
            isBackInDoubt = false
            return .look(after: policy.secondLook)
        }
        guard isWanted(there) || isOfEntry(there) || (wasRestoring && isHalfRestored(there)) else {
            return .finish(.conflict)
        }
        if policy.isDryRun { return .finish(.wouldRestore) }
        phase = .recordingRestore
        return .record(.restoring)
    }

    /// The old URL stands there with something else than before: that is what came of a set of ours.
    private func isHalfRestored(_ there: EvolutionWebhookSettings) -> Bool {
        target.map { there.url.isSameText(as: $0.effective.url) } ?? false
    }

    private mutating func sendPrevious() -> Step {
        guard let target else { preconditionFailure("cannot restore while nothing is kept") }
        sets += 1
        openFailure = nil
        phase = .restoring
        return .set(target.effective)
    }

    private mutating func lookForPrevious(_ webhook: EvolutionWebhook) -> Step {
        guard let target else { preconditionFailure("cannot restore while nothing is kept") }
        let there = webhook.effective
        if there.differences(from: target.effective).isEmpty { return endRestored() }
        if let pause = looks.popFirst() { return .look(after: pause) }
        if isHalfRestored(there), sets < policy.mostSets { return sendPrevious() }
        let isStillOurs =
            isWanted(there) || isOfEntry(there) || isHalfRestored(there) || webhook.settings == nil
        return .finish(isStillOurs ? openFailure.map { .failed($0) } ?? .notRestored : .conflict)
    }

    /// What was one of our own URLs before is so again: then nothing of the switch-over before this is taken back.
    private mutating func endRestored() -> Step {
        let state: SwitchOverState = isOurBase && !isRollback ? .abandoned : .rolledBack
        return end(state, isRollback ? .rolledBack : .undone(undone))
    }

    /// A set whose outcome is open is looked for; what failed before a set ends without a trace at the server.
    private mutating func failed(_ failure: EvolutionFailure) -> Step {
        switch phase {
        case .setting where failure.leavesOutcomeOpen:
            openFailure = failure
            phase = .lookingForOurs
            return firstLook()
        case .restoring where failure.leavesOutcomeOpen:
            openFailure = failure
            phase = .lookingForPrevious
            return firstLook()
        case .setting: return giveUp(.failed(failure))
        case .lookingForOurs, .lookingForPrevious:
            if let pause = looks.popFirst() { return .look(after: pause) }
            return .finish(.failed(failure))
        default: return .finish(.failed(failure))
        }
    }

    private mutating func giveUp(_ outcome: SwitchOverOutcome) -> Step {
        keepsEntry ? .finish(outcome) : end(.abandoned, outcome)
    }

    /// An end without a URL of ours leaves no second factor of ours either.
    private mutating func end(_ state: SwitchOverState, _ outcome: SwitchOverOutcome) -> Step {
        if policy.isDryRun { return .finish(outcome) }
        if isArmed {
            phase = .disarmingToEnd(state, outcome)
            return .disarm
        }
        phase = .recordingEnd(outcome)
        return .record(state)
    }
}
