import HookgateCore

/// What pages and API do alike with the life of integrations.
final class LifeDesk: Sendable {
    /// Each has a connection of its own while it waits for its instance, so their number is bounded.
    static let mostAtOnce = 8
    /// More than a person's clicks on one button.
    private static let mostOfOne = 6

    let integrations: any IntegrationUseCases
    let pairing: PairingDesk
    private let underWay = ShareGate(LifeDesk.mostAtOnce, ofOne: LifeDesk.mostOfOne)

    init(_ integrations: any IntegrationUseCases, _ parts: ConsoleParts) {
        self.integrations = integrations
        self.pairing = PairingDesk(integrations, time: parts.time)
    }

    /// The integration that the path names, where this visitor may see it. Another organization's is not there, in the
    /// same words.
    func integration(_ visit: Visit) async throws -> IntegrationSummary {
        let id: IntegrationID = try visit.identifier("id", of: "integration")
        guard let integration = try await self.integrations.integration(id), visit.sees(integration.organizationID)
        else { throw ConsoleError.notFound("There is no integration of that id.") }
        return integration
    }

    /// Refuses what needs an Evolution server where none is configured.
    func checkServers() throws(ConsoleError) {
        guard !self.integrations.serverNames.isEmpty else { throw ConsoleError(.serverMissing([])) }
    }

    /// Does something to its end, also when whoever asked for it is gone by then: a browser that leaves in the middle
    /// leaves nothing half done.
    func carryOut<Value: Sendable>(
        _ visit: Visit, _ deed: @escaping @Sendable (any IntegrationUseCases) async throws -> Value
    ) async throws -> Value {
        let scope = visit.scope
        guard self.underWay.enter(scope) else {
            throw ConsoleError.unavailable("Too much is being done with integrations at this moment. Try again.")
        }
        let work = Task {
            defer { self.underWay.leave(scope) }
            return try await deed(self.integrations)
        }
        do {
            return try await work.value
        } catch let error as IntegrationError {
            throw ConsoleError(error, seesAll: visit.scope == nil)
        }
    }

    /// The whole webhook URL, for whoever says why.
    func revealURL(_ visit: Visit, reason: String) async throws -> (integration: IntegrationSummary, url: String) {
        struct Detail: Encodable {
            let reason: String
        }
        let integration = try await self.integration(visit)
        let subject = integration.id.text
        let url = try await self.carryOut(visit) { try await $0.webhookURL(subject) }
        guard let url else { throw ConsoleError(.withoutToken(integration.id)) }
        // Before anybody sees it: what cannot be noted is not shown.
        try await visit.note("integrations.reveal_url", subject, Detail(reason: reason))
        return (integration, url)
    }

    /// The reason for it, as it is noted.
    static func reason(_ text: String?) throws(ConsoleError) -> String {
        guard let text, !text.isEmpty else { throw .badRequest("Say why the whole URL must be seen.") }
        guard text.count <= 500, !text.utf8.contains(0) else {
            throw .badRequest("A reason has 500 characters at most.")
        }
        return text
    }
}
