import HookgateCore

/// What Evolution said when it was asked last, held against what we want.
struct WebhookLook: Sendable {
    /// Names that are kept; all are counted.
    static let mostKept = 20_000

    private(set) var standings: [WebhookStanding] = []
    private(set) var findings: [InstanceName: WebhookFinding] = [:]
    private(set) var counts: [String: Int] = [:]
    /// Servers that could not be asked, with the reason.
    var failures: [(server: String, why: String)] = []

    var total: Int { self.counts.values.reduce(0, +) }

    mutating func take(_ standing: WebhookStanding) {
        self.counts[standing.finding.word, default: 0] += 1
        guard self.standings.count < Self.mostKept else { return }
        self.standings.append(standing)
        self.findings[standing.instance] = standing.finding
    }
}

/// What somebody asked for, kept so that a run which was paused goes on in the same way.
struct SwitchOverRequest: Sendable {
    enum Deed: Sendable, Equatable {
        case switchOver
        case rollBack
    }

    var deed = Deed.switchOver
    /// Nil for the whole fleet.
    var names: [InstanceName]?
    /// Of a rollback: the run that is taken back. Of a switch-over: the run that it goes on with.
    var run: RunID?
    var options = SwitchOverOptions()
    var isRehearsal = false

    var title: String {
        switch (self.deed, self.options.isDryRun) {
        case (.switchOver, false): "The switch-over"
        case (.switchOver, true): "The dry run of a switch-over"
        case (.rollBack, false): "The rollback"
        case (.rollBack, true): "The dry run of a rollback"
        }
    }
}

/// A switch-over or a rollback, while it works and after it.
struct SwitchOverReport: Sendable {
    struct Instance: Sendable {
        let title: String
        let outcome: SwitchOverOutcome
    }

    let request: SwitchOverRequest
    /// Takes all of it back.
    let run: RunID
    var total: Int?
    var waiting = 0
    /// When the run stopped by its own rule: failures, and of how many.
    var failures: (count: Int, of: Int)?
    /// As many as there are targets, which the work itself holds.
    private(set) var reached: [InstanceName: Instance] = [:]
    private(set) var counts: [String: Int] = [:]

    init(_ request: SwitchOverRequest, run: RunID) {
        self.request = request
        self.run = run
    }

    mutating func take(_ event: SwitchOverEvent) {
        switch event {
        case .began(let total): self.total = total
        case .reached(let target, let outcome): self.take(target, outcome)
        case .waiting(let count): self.waiting = count
        case .stopped(let failures, let total): self.failures = (failures, total)
        }
    }

    /// An instance that was configured may be confirmed later, and counts once.
    mutating func take(_ target: SwitchOverTarget, _ outcome: SwitchOverOutcome) {
        if let before = self.reached[target.instance] { self.counts[before.outcome.word, default: 0] -= 1 }
        self.counts[outcome.word, default: 0] += 1
        self.reached[target.instance] = Instance(title: target.title, outcome: outcome)
    }

    /// Those that a person should look at first, by name.
    var listed: [(name: InstanceName, instance: Instance)] {
        self.reached.sorted { left, right in
            let (first, second) = (left.value.outcome.place, right.value.outcome.place)
            return first == second ? left.key < right.key : first < second
        }.map { (name: $0.key, instance: $0.value) }
    }
}

extension SwitchOverOutcome {
    fileprivate var place: Int { self.isFailure ? 0 : self.isWell ? 2 : 1 }

    var tone: Tone { self.isFailure ? .bad : self.isWell ? .good : .notice }
}
