package import HookgateCore

extension SwitchOverService {
    /// What a selection would take back: the newest entry of each instance that has something to go back from.
    package func restorable(_ selection: RollbackSelection) async throws -> [SwitchOverEntry] {
        let entries =
            switch selection {
            case .fleet: try await journal.newest(of: nil)
            case .run(let run): try await journal.entries(of: run)
            case .instances(let names): try await journal.newest(of: names)
            }
        return entries.filter(\.canBeTakenBack).sorted { $0.instance < $1.instance }
    }

    /// Whether a run has begun anything at all, also what was taken back since.
    package func hasEntries(of run: RunID) async throws -> Bool { try await !journal.entries(of: run).isEmpty }

    /// Puts back exactly what the journal kept, where the URL that stands there is still ours.
    package func rollBack(
        _ entries: [SwitchOverEntry], isDryRun: Bool, observe: @escaping @Sendable (SwitchOverEvent) -> Void
    ) async throws -> [SwitchOverResult] {
        if isDryRun { return try await rollBackAll(entries, isDryRun, observe) }
        guard let results = try await journal.exclusively({ try await rollBackAll(entries, isDryRun, observe) })
        else { throw SwitchOverError.busy }
        return results
    }

    private func rollBackAll(
        _ entries: [SwitchOverEntry], _ isDryRun: Bool, _ observe: @escaping @Sendable (SwitchOverEvent) -> Void
    ) async throws -> [SwitchOverResult] {
        observe(.began(total: entries.count))
        let tokens = Dictionary(
            try await targets(entries.map(\.instance)).map { ($0.integrationID, $0) }, uniquingKeysWith: { $1 })
        let policy = SwitchOverMachine.Policy(isDryRun: isDryRun)
        var results: [SwitchOverResult] = []
        try await withThrowingTaskGroup(of: SwitchOverResult?.self) { tasks in
            var waiting = entries[...]
            var running = 0
            while running > 0 || !waiting.isEmpty {
                if running < Self.width, let entry = waiting.popFirst() {
                    running += 1
                    tasks.addTask { try await self.rollBackOne(entry, tokens[entry.integrationID], policy) }
                } else if let result = try await tasks.next() {
                    running -= 1
                    guard let result else { continue }
                    results.append(result)
                    observe(.reached(result.target, result.outcome))
                }
            }
        }
        return results.sorted { $0.target.instance < $1.target.instance }
    }

    private func rollBackOne(
        _ entry: SwitchOverEntry, _ target: SwitchOverTarget?, _ policy: SwitchOverMachine.Policy
    ) async throws -> SwitchOverResult? {
        // An integration that is gone, or whose token is, has still something at Evolution to be put back: the URL is
        // recognised by its digest, and the token is not needed.
        let target =
            target
            ?? SwitchOverTarget(
                instance: entry.instance, integrationID: entry.integrationID, title: entry.instance.text,
                token: WebhookToken(randomBytes: Array(repeating: 0, count: WebhookToken.randomByteCount)))
        guard let server = servers.first(where: { $0.name == entry.server }) else {
            return SwitchOverResult(target: target, server: nil, outcome: .unplaced(servers: []), entry: entry)
        }
        let (outcome, after) = try await stepper(on: server).run(
            target, url: publicURL.webhookURL(token: target.token), run: entry.run, entry: entry, policy: policy,
            isRollback: true)
        return SwitchOverResult(target: target, server: server.name, outcome: outcome, entry: after)
    }
}
