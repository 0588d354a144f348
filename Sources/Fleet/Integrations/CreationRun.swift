import HookgateCore

/// Takes one creation to its end, from wherever it stands: what is there at the server is looked at first, and what is
/// lacking is done. The journal says only what cannot be seen: whose the row and the instance are.
struct CreationRun {
    let stepper: LifeStepper
    let url: String
    let secret: HeaderSecret
    private(set) var life: IntegrationLife
    /// Whether the server has said in this run that it made the instance: then nobody else can have.
    private var isMade = false

    init(stepper: LifeStepper, url: String, secret: HeaderSecret, life: IntegrationLife) {
        self.stepper = stepper
        self.url = url
        self.secret = secret
        self.life = life
    }

    private var server: any EvolutionServer { stepper.server }

    /// How far it got.
    private enum Way {
        case reached
        case blocked(CreationObstacle)
        /// What became of the last call is not known.
        case open(EvolutionFailure)
    }

    private enum Finding {
        case absent
        case ours(EvolutionWebhook)
        case blocked(CreationObstacle)
    }

    mutating func run() async throws -> IntegrationCreation.Outcome {
        // Whoever left it so wanted it gone; why is not written down.
        if life.state == .undoing { return try await takeBack(.server(.unanswered("an earlier try was taken back"))) }
        let way: Way
        do {
            way = try await goForward()
        } catch let failure as EvolutionFailure {
            // Looking alone failed. Where nothing was sent there is nothing to come back to.
            way = life.state == .begun ? .blocked(.server(failure)) : .open(failure)
        }
        switch way {
        case .reached:
            try await stepper.end(life, as: .done, deletingRow: false)
            return life.ownsInstance ? .created : .adopted
        case .blocked(let obstacle): return try await takeBack(obstacle)
        case .open(let failure): return .unfinished(failure)
        }
    }

    private mutating func goForward() async throws -> Way {
        var failure = EvolutionFailure.unanswered("it answers that the instance is made, and has none")
        var tries = 0
        while true {
            switch try await Self.find(stepper, life, isMade: isMade) {
            case .blocked(let obstacle): return .blocked(obstacle)
            case .ours(let webhook): return try await configure(webhook)
            case .absent: break
            }
            guard tries < LifeStepper.mostTries else { return .blocked(.server(failure)) }
            tries += 1
            switch try await make() {
            case .made: continue
            case .nameTaken:
                try await stepper.record(.begun, &life) { $0.ownsInstance = false }
            case .unclear(let reason): failure = reason
            case .refused(let reason):
                try await stepper.record(.undoing, &life) { $0.ownsInstance = false }
                return .blocked(.server(reason))
            }
        }
    }

    /// What a dry run can say of it.
    static func look(_ stepper: LifeStepper, _ life: IntegrationLife) async throws -> IntegrationCreation.Outcome {
        switch try await find(stepper, life, isMade: false) {
        case .absent: .wouldCreate
        case .ours: .wouldAdopt
        case .blocked(let obstacle): .takenBack(obstacle)
        }
    }

    private static func find(
        _ stepper: LifeStepper, _ life: IntegrationLife, isMade: Bool
    ) async throws -> Finding {
        try stepper.willTake("look for the instance")
        guard let connection = try await stepper.connection() else { return .absent }
        if connection == .notLoaded { return .blocked(.notLoaded) }
        var webhook = try await stepper.server.webhook(of: stepper.instance)
        if webhook.settings == nil {
            // Releases say the same of an instance that is being loaded, and what stands there must not be lost.
            try await stepper.pause(LifeStepper.looks[1])
            webhook = try await stepper.server.webhook(of: stepper.instance)
        }
        let settings = webhook.effective
        if settings.isEnabled, !settings.url.isEmpty {
            return isMade || stepper.isOurs(settings.url) ? .ours(webhook) : .blocked(.foreignInstance)
        }
        let isTaken = connection == .open && !life.ownsInstance && !life.adoptsConnected
        return isTaken ? .blocked(.connectedInstance) : .ours(webhook)
    }

    private enum Making {
        case made
        case nameTaken
        case unclear(EvolutionFailure)
        /// Certainly nothing was made.
        case refused(EvolutionFailure)
    }

    private mutating func make() async throws -> Making {
        let release = try await server.release()
        let wanted = try await wanted(beside: nil, release)
        if life.state != .creating { try await stepper.record(.creating, &life) { $0.ownsInstance = true } }
        try stepper.willTake("create the instance")
        do throws(EvolutionFailure) {
            _ = try await server.create(EvolutionInstanceDraft(name: stepper.instance, webhook: wanted))
        } catch .nameTaken {
            return .nameTaken
        } catch {
            guard error.leavesOutcomeOpen else { return .refused(error) }
            return try await isThere() ? .made : .unclear(error)
        }
        isMade = true
        return try await isThere() ? .made : .unclear(.unanswered("it answers that the instance is made, and has none"))
    }

    private func isThere() async throws -> Bool {
        for wait in LifeStepper.looks {
            if wait > .zero { try await stepper.pause(wait) }
            try stepper.willTake("look for what was made")
            if try await stepper.connection() != nil { return true }
        }
        return false
    }

    private mutating func configure(_ webhook: EvolutionWebhook) async throws -> Way {
        if !life.ownsInstance, life.state != .adopting {
            try await stepper.record(.adopting, &life) { $0.previous = webhook }
        }
        let before = life.ownsInstance ? webhook : life.previous ?? webhook
        let wanted = try await wanted(beside: before.effective, try await server.release(), there: webhook.effective)
        switch try await stepper.settle(wanted, overridesOthers: isMade) {
        case .shown: return .reached
        case .taken: return .blocked(.foreignInstance)
        case .different(let parts): return .blocked(.notKept(parts))
        case .failed(.instanceNotLoaded): return .blocked(.notLoaded)
        case .failed(let failure):
            return failure.leavesOutcomeOpen || failure.concernsServer ? .open(failure) : .blocked(.server(failure))
        }
    }

    /// The settings of an integration: every needed event and what else was subscribed to, our secret header beside
    /// those that stand there. Media come inside the body: there is no other way to them later, and the setting takes
    /// effect at the first connection alone.
    private func wanted(
        beside before: EvolutionWebhookSettings?, _ release: EvolutionRelease, there: EvolutionWebhookSettings? = nil
    ) async throws -> EvolutionWebhookSettings {
        var headers = before?.headers ?? []
        if release.acceptsHeaders, let ours = try await secret.member(among: there?.headers ?? []) {
            headers.removeAll { $0.name.lowercased() == ours.name.lowercased() }
            headers.append(ours)
        }
        let kept = (before?.events ?? []).filter { !release.neededEvents.contains($0) }
        return EvolutionWebhookSettings(
            url: url, isEnabled: true, events: release.neededEvents + kept, byEvents: before?.byEvents ?? false,
            base64: true, headers: headers, others: before?.others ?? [])
    }

    /// Leaves the server and the table as they were before.
    private mutating func takeBack(_ obstacle: CreationObstacle) async throws -> IntegrationCreation.Outcome {
        if life.state != .undoing { try await stepper.record(.undoing, &life) }
        if life.ownsInstance {
            // Somebody else's URL stands there by now: then it is theirs, and stays.
            if case .failed(let failure) = try await stepper.remove() { return .unfinished(failure) }
        } else if let previous = life.previous {
            if let failure = try await restore(previous) { return .unfinished(failure) }
        }
        try await stepper.end(life, as: .undone, deletingRow: life.ownsRow, reason: obstacle.word)
        return .takenBack(obstacle)
    }

    private func restore(_ previous: EvolutionWebhook) async throws -> EvolutionFailure? {
        var isOurs = false
        for wait in LifeStepper.doubts where !isOurs {
            if wait > .zero { try await stepper.pause(wait) }
            try stepper.willTake("read what is to be restored")
            do throws(EvolutionFailure) {
                let there = try await server.webhook(of: stepper.instance).effective
                isOurs = there.isEnabled && stepper.isOurs(there.url)
            } catch .instanceUnknown {
                continue
            } catch {
                return error
            }
        }
        guard isOurs else { return nil }
        // Whoever has set another URL keeps it.
        return switch try await stepper.settle(previous.effective) {
        case .shown, .taken: nil
        case .different: .unanswered("it answers that the settings before are set, and shows others")
        case .failed(let failure): failure
        }
    }
}

extension CreationObstacle {
    /// For the journal: no word of a server's.
    fileprivate var word: String {
        switch self {
        case .server: "server"
        case .foreignInstance: "foreign_instance"
        case .connectedInstance: "connected_instance"
        case .notKept: "not_kept"
        case .notLoaded: "not_loaded"
        }
    }
}
