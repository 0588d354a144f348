import FoundationEssentials
package import HookgateCore

extension SwitchOverService {
    /// Switches instances over: the canaries first, then the rest, then one wait for all their first events.
    ///
    /// The run stops by rule: when a canary fails, or when failures rise (``StopRule``). What is set by then stays.
    package func switchOver(
        _ targets: [SwitchOverTarget], run: RunID, options: SwitchOverOptions,
        observe: @escaping @Sendable (SwitchOverEvent) -> Void
    ) async throws -> [SwitchOverResult] {
        if options.isDryRun { return try await switchAll(targets, run, options, observe) }
        guard
            let results = try await journal.exclusively({ try await switchAll(targets, run, options, observe) })
        else { throw SwitchOverError.busy }
        return results
    }

    private func switchAll(
        _ targets: [SwitchOverTarget], _ run: RunID, _ options: SwitchOverOptions,
        _ observe: @escaping @Sendable (SwitchOverEvent) -> Void
    ) async throws -> [SwitchOverResult] {
        observe(.began(total: targets.count))
        let directory = await ServerDirectory.ask(servers)
        let entries = Dictionary(
            try await journal.newest(of: targets.map(\.instance)).map { ($0.instance, $0) }, uniquingKeysWith: newer)
        var results: [SwitchOverResult] = []
        for group in Self.groups(targets, options) where !group.isEmpty {
            let outcome = try await set(group, run, options, directory, entries, observe)
            let watched = options.isDryRun ? outcome.results : try await confirmed(outcome.results, options, observe)
            results += watched
            let failures = watched.count { $0.outcome.isFailure }
            let isCanary = results.count < targets.count
            guard outcome.isStopped || isCanary && failures > 0 else { continue }
            observe(.stopped(failures: failures, of: group.count))
            let done = Set(results.map(\.target.instance))
            results += targets.filter { !done.contains($0.instance) }.map {
                SwitchOverResult(target: $0, server: nil, outcome: .stopped, entry: nil)
            }
            break
        }
        return results.sorted { $0.target.instance < $1.target.instance }
    }

    /// The canaries are spread over the alphabet, so that not one customer's numbers go first.
    private static func groups(_ targets: [SwitchOverTarget], _ options: SwitchOverOptions) -> [[SwitchOverTarget]] {
        guard options.canaryShare > 0, !targets.isEmpty, !options.isDryRun else { return [targets] }
        let count = min(targets.count, max(1, Int((Double(targets.count) * options.canaryShare).rounded(.up))))
        let places = Set((0..<count).map { $0 * targets.count / count })
        return [
            targets.enumerated().filter { places.contains($0.offset) }.map(\.element),
            targets.enumerated().filter { !places.contains($0.offset) }.map(\.element),
        ]
    }

    /// Sets a group, paced and side by side.
    private func set(
        _ group: [SwitchOverTarget], _ run: RunID, _ options: SwitchOverOptions, _ directory: ServerDirectory,
        _ entries: [InstanceName: SwitchOverEntry], _ observe: @escaping @Sendable (SwitchOverEvent) -> Void
    ) async throws -> (results: [SwitchOverResult], isStopped: Bool) {
        let spacing = options.isDryRun ? Duration.zero : .seconds(1 / max(options.pace, 0.01))
        var rule = StopRule()
        var results: [SwitchOverResult] = []
        try await withThrowingTaskGroup(of: SwitchOverResult.self) { tasks in
            var waiting = group[...]
            var running = 0
            func take(_ result: SwitchOverResult) {
                running -= 1
                rule.count(result.outcome)
                results.append(result)
                observe(.reached(result.target, result.outcome))
            }
            while let target = waiting.first, !rule.saysStop {
                if running == Self.width, let result = try await tasks.next() {
                    take(result)
                    continue
                }
                waiting.removeFirst()
                running += 1
                tasks.addTask {
                    try await self.switchOne(
                        target, run, options, directory.place(of: target.instance), entries[target.instance])
                }
                if spacing > .zero { try await pause(spacing) }
            }
            while let result = try await tasks.next() { take(result) }
        }
        return (results, rule.saysStop)
    }

    private func switchOne(
        _ target: SwitchOverTarget, _ run: RunID, _ options: SwitchOverOptions, _ place: ServerDirectory.Place,
        _ entry: SwitchOverEntry?
    ) async throws -> SwitchOverResult {
        switch place {
        case .nowhere:
            return SwitchOverResult(target: target, server: nil, outcome: .unplaced(servers: []), entry: entry)
        case .several(let names):
            return SwitchOverResult(target: target, server: nil, outcome: .unplaced(servers: names), entry: entry)
        case .unknown(let failure):
            return SwitchOverResult(target: target, server: nil, outcome: .failed(failure), entry: entry)
        case .on(let server, _):
            let entry = entry?.server == server.name ? entry : nil
            do {
                return try await switchOne(target, on: server, run, options, entry)
            } catch let failure as EvolutionFailure {
                return SwitchOverResult(target: target, server: server.name, outcome: .failed(failure), entry: entry)
            }
        }
    }

    private func switchOne(
        _ target: SwitchOverTarget, on server: any EvolutionServer, _ run: RunID, _ options: SwitchOverOptions,
        _ entry: SwitchOverEntry?
    ) async throws -> SwitchOverResult {
        var target = target
        if let grace = options.rotationGrace {
            try willTake("renew")
            switch try await renewed(target, on: server, grace: grace, entry, options) {
            case .goOn(let renewed): target = renewed
            case .end(let renewed, let outcome):
                return SwitchOverResult(target: renewed, server: server.name, outcome: outcome, entry: entry)
            }
        }
        let aim = try await armament.aim(options.secondFactor, for: target.integrationID) {
            try await server.release()
        }
        guard let aim else {
            return SwitchOverResult(
                target: target, server: server.name, outcome: .refused(.secondFactorUnsupported), entry: entry)
        }
        let (outcome, entry) = try await stepper(on: server).run(
            target, url: publicURL.webhookURL(token: target.token), run: run, entry: entry,
            policy: SwitchOverMachine.Policy(isDryRun: options.isDryRun, replacesOther: options.replacesOther),
            kind: options.rotationGrace == nil ? .switchOver : .rotation, factor: aim)
        return SwitchOverResult(target: target, server: server.name, outcome: outcome, entry: entry)
    }

    /// Waits for the first events of all that are configured, each for its own time from its setting on.
    private func confirmed(
        _ results: [SwitchOverResult], _ options: SwitchOverOptions,
        _ observe: @escaping @Sendable (SwitchOverEvent) -> Void
    ) async throws -> [SwitchOverResult] {
        var done = results
        while true {
            let waiting = done.indices.filter { done[$0].isWaiting }
            let events = try await traffic.firstTokenEvents(waiting.compactMap { done[$0].awaited })
            for index in waiting where events[done[index].target.integrationID] != nil {
                done[index] = try await confirm(done[index])
                observe(.reached(done[index].target, .confirmed))
            }
            let patient = waiting.filter { done[$0].isWaiting && !isOver(done[$0], options.eventWait) }
            if patient.isEmpty { return done }
            observe(.waiting(count: patient.count))
            try await pause(Self.trafficPause)
        }
    }

    private func isOver(_ result: SwitchOverResult, _ wait: Duration) -> Bool {
        guard let setAt = result.entry?.setAt else { return true }
        return time.now >= setAt.addingTimeInterval(wait / .seconds(1))
    }

    private func confirm(_ result: SwitchOverResult) async throws -> SwitchOverResult {
        guard var entry = result.entry else { return result }
        try willTake("confirm")
        entry.state = .confirmed
        entry.changedAt = time.now
        try await journal.advance(entry)
        return SwitchOverResult(target: result.target, server: result.server, outcome: .confirmed, entry: entry)
    }
}

extension SwitchOverResult {
    /// Configured, and written down as such: only an event is missing.
    fileprivate var isWaiting: Bool { outcome == .configured && entry?.state == .configured }

    fileprivate var awaited: AwaitedEvent? {
        guard let entry, let setAt = entry.setAt else { return nil }
        let followsOurs = entry.base != nil || entry.kind == .rotation
        return AwaitedEvent(
            integrationID: target.integrationID, instance: target.instance, since: setAt,
            token: followsOurs ? target.token.digest : nil)
    }
}

/// Of two entries of one name on different servers, the one that was touched last.
private func newer(_ left: SwitchOverEntry, _ right: SwitchOverEntry) -> SwitchOverEntry {
    left.changedAt >= right.changedAt ? left : right
}

/// When a run ends by itself: failures in a row, or too many among the latest.
struct StopRule {
    private static let mostInARow = 3
    private static let window = 20
    private static let mostInWindow = 4

    private var latest: [Bool] = []

    mutating func count(_ outcome: SwitchOverOutcome) {
        latest.append(outcome.isFailure)
        if latest.count > Self.window { latest.removeFirst() }
    }

    var saysStop: Bool {
        latest.count { $0 } > Self.mostInWindow
            || latest.count >= Self.mostInARow && latest.suffix(Self.mostInARow).allSatisfy { $0 }
    }
}
