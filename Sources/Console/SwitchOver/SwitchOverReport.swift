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

/// What somebody asked for, kept so that a run which was paused, or whose replica is gone, goes on in the same way.
struct SwitchOverRequest: Sendable, Codable {
    enum Deed: String, Sendable, Codable {
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
    /// Instances that are written down for other replicas; all are counted.
    static let mostWritten = 300

    /// One that is as far as it gets, in words.
    struct Instance: Sendable, Codable {
        /// Who needs a person comes first.
        enum Place: Int, Sendable, Codable {
            case failed
            case open
            case well
        }

        let title: String
        let word: String
        let meaning: String
        let place: Place
    }

    /// When a run stopped by its own rule: failures, and of how many.
    struct Stop: Sendable, Codable {
        let count: Int
        let of: Int
    }

    /// What is written to the row: everything is counted, and some are listed.
    struct Summary: Sendable, Codable {
        struct Listed: Sendable, Codable {
            let name: InstanceName
            let instance: Instance
        }

        let total: Int?
        let waiting: Int
        let stop: Stop?
        let counts: [String: Int]
        let listed: [Listed]
    }

    let request: SwitchOverRequest
    /// Takes all of it back.
    let run: RunID
    var total: Int?
    var waiting = 0
    var stop: Stop?
    /// As many as there are targets, which the work itself holds.
    private(set) var reached: [InstanceName: Instance] = [:]
    private(set) var counts: [String: Int] = [:]

    init(_ request: SwitchOverRequest, run: RunID) {
        self.request = request
        self.run = run
    }

    init(_ request: SwitchOverRequest, run: RunID, _ summary: Summary) {
        self.init(request, run: run)
        self.total = summary.total
        self.waiting = summary.waiting
        self.stop = summary.stop
        self.counts = summary.counts
        for listed in summary.listed { self.reached[listed.name] = listed.instance }
    }

    var summary: Summary {
        Summary(
            total: self.total, waiting: self.waiting, stop: self.stop, counts: self.counts.filter { $0.value > 0 },
            listed: self.listed.prefix(Self.mostWritten).map { Summary.Listed(name: $0.name, instance: $0.instance) })
    }

    /// How many are as far as they get, or wait for their event.
    var done: Int { self.counts.values.reduce(0, +) }

    mutating func take(_ event: SwitchOverEvent) {
        switch event {
        case .began(let total): self.total = total
        case .reached(let target, let outcome): self.take(target, outcome)
        case .waiting(let count): self.waiting = count
        case .stopped(let failures, let total): self.stop = Stop(count: failures, of: total)
        }
    }

    /// An instance that was configured may be confirmed later, and counts once.
    mutating func take(_ target: SwitchOverTarget, _ outcome: SwitchOverOutcome) {
        if let before = self.reached[target.instance] { self.counts[before.word, default: 0] -= 1 }
        self.counts[outcome.word, default: 0] += 1
        self.reached[target.instance] = Instance(
            title: target.title, word: outcome.word, meaning: outcome.description, place: outcome.place)
    }

    /// Those that a person should look at first, by name.
    var listed: [(name: InstanceName, instance: Instance)] {
        self.reached.sorted { left, right in
            let (first, second) = (left.value.place, right.value.place)
            return first == second ? left.key < right.key : first.rawValue < second.rawValue
        }.map { (name: $0.key, instance: $0.value) }
    }
}

extension SwitchOverOutcome {
    fileprivate var place: SwitchOverReport.Instance.Place { self.isFailure ? .failed : self.isWell ? .well : .open }
}

extension SwitchOverReport.Instance.Place {
    var tone: Tone {
        switch self {
        case .failed: .bad
        case .open: .notice
        case .well: .good
        }
    }
}
