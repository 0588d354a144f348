package import HookgateCore

extension IntegrationKeeper {
    package func delete(
        _ subject: String, _ options: DeletionOptions, actor: String
    ) async throws -> IntegrationDeletion {
        let integration = try await find(subject)
        guard let name = integration.instanceName else {
            return try await deleteRow(integration, InstanceName(integration.id.text), .nameless, options, actor)
        }
        if options.isDryRun { return try await delete(integration, name, options, actor) }
        return try await exclusively(name) {
            if let life = try await store.openLife(of: name) {
                // A creation that was left half done is ended first: then there is one thing to delete, or none.
                guard life.kind == .delete else {
                    if case .unfinished(let failure) = try await carryOn(life, as: nil).outcome {
                        throw IntegrationError.server(life.server, failure)
                    }
                    return try await delete(try await find(integration.id.text), name, options, actor)
                }
                return try await carryOnDeleting(life, integration)
            }
            return try await delete(integration, name, options, actor)
        }
    }

    private func delete(
        _ integration: IntegrationSummary, _ name: InstanceName, _ options: DeletionOptions, _ actor: String
    ) async throws -> IntegrationDeletion {
        if options.keepsInstance { return try await deleteRow(integration, name, .wanted, options, actor) }
        let others = try await store.integrations(named: name).filter { $0.id != integration.id }
        if let other = others.first {
            return try await deleteRow(integration, name, .namedByOther(other.id), options, actor)
        }
        guard !servers.all.isEmpty else { throw IntegrationError.serverMissing([]) }
        switch await servers.place(of: name, on: integration.server) {
        case .nowhere:
            // The row is the last that knows of the instance: one that is denied and listed would be left behind.
            guard let server = try await lister(of: name, on: integration.server) else {
                return try await deleteRow(integration, name, .absent, options, actor)
            }
            return try await begin(integration, name, on: server, options, actor)
        case .several(let names): throw IntegrationError.onSeveralServers(names)
        case .unknown(let server, let failure): throw IntegrationError.server(server, failure)
        case .on(let server, _): return try await begin(integration, name, on: server, options, actor)
        }
    }

    private func begin(
        _ integration: IntegrationSummary, _ name: InstanceName, on server: any EvolutionServer,
        _ options: DeletionOptions, _ actor: String
    ) async throws -> IntegrationDeletion {
        if options.isDryRun { return IntegrationDeletion(integration: integration, outcome: .wouldDelete) }
        let draft = LifeDraft(instance: name, server: server.name, actor: actor, now: time.now)
        try willTake("begin")
        return try await carryOnDeleting(try await store.beginDeletion(draft, of: integration.id), integration)
    }

    /// The server that lists an instance, among those where it would be looked for.
    private func lister(of name: InstanceName, on server: String?) async throws -> (any EvolutionServer)? {
        let asked = server.flatMap { servers[$0] }.map { [$0] } ?? servers.all
        let (listed, unanswered) = await ServerSet(asked).listed()
        if let entry = listed.first(where: { $0.instance.name == name }) { return servers[entry.server] }
        if let silent = unanswered.first { throw IntegrationError.server(silent.name, silent.failure) }
        return nil
    }

    /// Takes a deletion to its end.
    func carryOnDeleting(
        _ life: IntegrationLife, _ integration: IntegrationSummary
    ) async throws -> IntegrationDeletion {
        guard let server = servers[life.server] else {
            throw IntegrationError.serverUnknown(life.server, servers.all.map(\.name))
        }
        let stepper = stepper(for: life.instance, on: server)
        // Looked at anew: a row may have come since that names the same instance.
        let others = try await store.integrations(named: life.instance).filter { $0.id != life.integrationID }
        if let other = others.first {
            try await stepper.end(life, as: .done, deletingRow: true, reason: "named_by_other")
            return IntegrationDeletion(integration: integration, outcome: .rowDeleted(.namedByOther(other.id)))
        }
        switch try await stepper.remove() {
        case .gone:
            try await stepper.end(life, as: .done, deletingRow: true)
            return IntegrationDeletion(integration: integration, outcome: .deleted)
        case .foreign:
            try await stepper.end(life, as: .undone, deletingRow: false, reason: "foreign_instance")
            return IntegrationDeletion(integration: integration, outcome: .foreignInstance)
        case .failed(let failure):
            return IntegrationDeletion(integration: integration, outcome: .unfinished(failure))
        }
    }

    private func deleteRow(
        _ integration: IntegrationSummary, _ name: InstanceName, _ reason: InstanceKept, _ options: DeletionOptions,
        _ actor: String
    ) async throws -> IntegrationDeletion {
        if options.isDryRun {
            return IntegrationDeletion(integration: integration, outcome: .wouldDeleteRow(reason))
        }
        let draft = LifeDraft(instance: name, server: integration.server ?? "", actor: actor, now: time.now)
        try await store.deleteRow(draft, of: integration.id, reason: reason.word)
        return IntegrationDeletion(integration: integration, outcome: .rowDeleted(reason))
    }

    /// One after the other: each talks to a server that may be slow, and nobody waits for it.
    package func resume() async throws -> Int {
        var ended = 0
        for life in try await store.openLives() {
            // One that a person's command is at now is let be.
            let isOver = try await store.exclusively(life.instance, wait: .zero) {
                guard let life = try await store.openLife(of: life.instance) else { return false }
                switch life.kind {
                case .create:
                    if case .unfinished = try await carryOn(life, as: nil).outcome { return false }
                case .delete:
                    let row = try await store.integration(life.integrationID) ?? Self.summary(of: life)
                    if case .unfinished = try await carryOnDeleting(life, row).outcome { return false }
                }
                return true
            }
            if isOver == true { ended += 1 }
        }
        return ended
    }
}

extension InstanceKept {
    /// For the journal.
    fileprivate var word: String {
        switch self {
        case .wanted: "wanted"
        case .absent: "absent"
        case .namedByOther: "named_by_other"
        case .nameless: "nameless"
        }
    }
}
