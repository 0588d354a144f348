import EvolutionAPI
package import HookgateCore

extension EvolutionClient {
    package func webhook(of instance: InstanceName) async throws(EvolutionFailure) -> EvolutionWebhook {
        let document = try await document(.webhook(of: instance))
        guard let webhook = WebhookBody.decode(document) else { throw .notEvolution(status: 200) }
        return webhook
    }

    package func setWebhook(
        _ settings: EvolutionWebhookSettings, of instance: InstanceName
    ) async throws(EvolutionFailure) {
        try await inItsDialect { (dialect) throws(EvolutionFailure) in
            try .setWebhook(settings, of: instance, dialect: dialect)
        }
    }

    package func instances() async throws(EvolutionFailure) -> [EvolutionInstance] {
        guard let instances = InstanceBody.instances(try await document(.instances).root) else {
            throw .notEvolution(status: 200)
        }
        return instances
    }

    package func connection(of instance: InstanceName) async throws(EvolutionFailure) -> EvolutionConnection {
        guard let connection = InstanceBody.connection(try await document(.connection(of: instance)).root) else {
            throw .notEvolution(status: 200)
        }
        return connection
    }

    package func create(_ draft: EvolutionInstanceDraft) async throws(EvolutionFailure) -> EvolutionCreatedInstance {
        let document = try await inItsDialect { (dialect) throws(EvolutionFailure) in
            try .create(draft, dialect: dialect)
        }
        guard let created = InstanceBody.created(document.root) else { throw .notEvolution(status: 201) }
        return created
    }

    package func connect(
        _ instance: InstanceName, number: String?
    ) async throws(EvolutionFailure) -> EvolutionConnectAnswer {
        let document = try await document(.connect(instance, number: number))
        guard let answer = try InstanceBody.connectAnswer(document.root) else { throw .notEvolution(status: 200) }
        return answer
    }

    package func restart(_ instance: InstanceName) async throws(EvolutionFailure) {
        let document = try await inItsDialect { (dialect) throws(EvolutionFailure) in
            .restart(instance, dialect: dialect)
        }
        // A 200 may still say that it went wrong.
        _ = try InstanceBody.connectAnswer(document.root)
    }

    package func logOut(_ instance: InstanceName) async throws(EvolutionFailure) {
        do throws(EvolutionFailure) {
            _ = try await document(.logOut(instance))
        } catch .refused(status: 400, let reason) {
            // Before 2.4 an instance without a session is refused; with one it is not.
            guard try await connection(of: instance) == .closed else { throw .refused(status: 400, reason: reason) }
        }
    }

    package func delete(_ instance: InstanceName) async throws(EvolutionFailure) {
        _ = try await document(.delete(instance))
    }

    /// Sends what depends on the release, and once more where the refusal says that it is another.
    @discardableResult
    private func inItsDialect(
        _ request: (EvolutionDialect) throws(EvolutionFailure) -> EvolutionRequest
    ) async throws(EvolutionFailure) -> JSONDocument {
        let dialect = try await release().dialect
        do throws(EvolutionFailure) {
            return try await document(try request(dialect), dialect: dialect)
        } catch .wrongDialect(let other) {
            let release = try await relearn(other)
            return try await document(try request(release.dialect), dialect: release.dialect)
        } catch .unrouted(let call) {
            // One route differs between the releases by its method.
            let release = try await relearn(nil)
            guard release.dialect != dialect else { throw .unrouted(call) }
            return try await document(try request(release.dialect), dialect: release.dialect)
        }
    }
}
