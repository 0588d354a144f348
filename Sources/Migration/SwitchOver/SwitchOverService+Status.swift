package import HookgateCore

extension SwitchOverService {
    /// Holds the old tables, the integrations and Evolution against each other, name by name.
    ///
    /// Reads only. Names that Evolution alone has are told only when every server could be asked: on partial data
    /// nobody is an orphan.
    /// - Returns: the servers that could not be asked.
    package func status(
        observe: @escaping @Sendable (WebhookStanding) -> Void
    ) async throws -> [(server: String, failure: EvolutionFailure)] {
        let directory = await ServerDirectory.ask(servers)
        var ours: [InstanceState] = []
        _ = try await migration.check { event in
            if case .instance(let state) = event { ours.append(state) }
        }
        let tokens = Dictionary(
            try await targets(nil).map { ($0.instance, $0) }, uniquingKeysWith: { first, _ in first })
        let switched = Dictionary(
            try await journal.newest(of: nil).map { ($0.instance, $0.state) }, uniquingKeysWith: { first, _ in first })
        var subjects = ours.map { Subject($0, directory, tokens[$0.name], switched[$0.name]) }
        if directory.failures.isEmpty {
            let known = Set(ours.map(\.name))
            subjects += directory.instances.keys.filter { !known.contains($0) }.map { Subject(orphan: $0, directory) }
        }
        try await standings(subjects.sorted { $0.name < $1.name }, observe)
        return directory.failures
    }

    /// One name, as far as it is known without asking for its webhook.
    struct Subject: Sendable {
        let name: InstanceName
        let title: String?
        let legacyRows: Int
        let integrations: [IntegrationRow]
        let place: ServerDirectory.Place
        let target: SwitchOverTarget?
        let switchOver: SwitchOverState?

        init(
            _ state: InstanceState, _ directory: ServerDirectory, _ target: SwitchOverTarget?,
            _ switchOver: SwitchOverState?
        ) {
            self.name = state.name
            self.title = target?.title
            self.legacyRows = state.legacyRows.count
            self.integrations = state.integrations
            self.place = directory.place(of: state.name)
            self.target = target
            self.switchOver = switchOver
        }

        init(orphan name: InstanceName, _ directory: ServerDirectory) {
            self.name = name
            self.title = nil
            self.legacyRows = 0
            self.integrations = []
            self.place = directory.place(of: name)
            self.target = nil
            self.switchOver = nil
        }
    }

    private func standings(
        _ subjects: [Subject], _ observe: @escaping @Sendable (WebhookStanding) -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: (Int, WebhookStanding).self) { tasks in
            // In the order of names, though the answers come as they come.
            var ready: [Int: WebhookStanding] = [:]
            var (next, told, running) = (0, 0, 0)
            while told < subjects.count {
                if running < Self.width, next < subjects.count {
                    let (index, subject) = (next, subjects[next])
                    next += 1
                    running += 1
                    tasks.addTask { (index, await self.standing(of: subject)) }
                    continue
                }
                guard let (index, standing) = try await tasks.next() else { return }
                running -= 1
                ready[index] = standing
                while let standing = ready.removeValue(forKey: told) {
                    observe(standing)
                    told += 1
                }
            }
        }
    }

    private func standing(of subject: Subject) async -> WebhookStanding {
        var server: String?
        var connection: EvolutionConnection?
        var webhook: Result<EvolutionWebhook, EvolutionFailure>?
        if case .on(let place, let instance) = subject.place {
            server = place.name
            connection = instance.connection
            do throws(EvolutionFailure) {
                webhook = .success(try await place.loadedWebhook(of: subject.name))
            } catch {
                webhook = .failure(error)
            }
        }
        let url = subject.target.map { publicURL.webhookURL(token: $0.token) }
        return WebhookStanding(
            instance: subject.name, title: subject.title, legacyRows: subject.legacyRows,
            integrations: subject.integrations.count, server: server, connection: connection,
            finding: WebhookReconciliation.finding(subject, webhook, url: url), switchOver: subject.switchOver)
    }
}

/// What the three sides amount to. Pure.
enum WebhookReconciliation {
    static func finding(
        _ subject: SwitchOverService.Subject, _ webhook: Result<EvolutionWebhook, EvolutionFailure>?, url: String?
    ) -> WebhookFinding {
        switch subject.place {
        case .unknown(let failure): return .unknown(failure)
        case .several(let names): return .onSeveralServers(names)
        case .nowhere: return subject.integrations.isEmpty ? .onlyLegacy : .missingAtEvolution
        case .on: break
        }
        if subject.integrations.isEmpty { return subject.legacyRows > 0 ? .notMigrated : .orphan }
        if subject.integrations.count > 1 { return .severalIntegrations }
        guard let url else { return .withoutToken }
        switch webhook {
        case .failure(.instanceNotLoaded): return .notLoaded
        case .failure(let failure): return .unknown(failure)
        case .success(let webhook): return WebhookFinding(webhook.effective, of: subject.name, url: url)
        case nil: return .missingAtEvolution
        }
    }
}
