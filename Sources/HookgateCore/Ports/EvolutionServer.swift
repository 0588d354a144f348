/// One Evolution API server. A fleet may have several; filled by the client.
///
/// Every call takes whatever release answers there, has a time limit, and is paced so that the server is not
/// overrun. Reads are tried again by themselves; a change is not where its outcome is open, since only reading back
/// tells (``EvolutionFailure/leavesOutcomeOpen``).
package protocol EvolutionServer: Sendable {
    /// What the configuration calls it.
    var name: String { get }

    func release() async throws(EvolutionFailure) -> EvolutionRelease

    func webhook(of instance: InstanceName) async throws(EvolutionFailure) -> EvolutionWebhook

    /// Asks for the settings. That it was accepted is no proof: releases answer 201 before, and at times without,
    /// writing. Read back.
    func setWebhook(_ settings: EvolutionWebhookSettings, of instance: InstanceName) async throws(EvolutionFailure)

    func instances() async throws(EvolutionFailure) -> [EvolutionInstance]

    func connection(of instance: InstanceName) async throws(EvolutionFailure) -> EvolutionConnection

    func create(_ draft: EvolutionInstanceDraft) async throws(EvolutionFailure) -> EvolutionCreatedInstance

    /// Asks for a code to pair with, or for a new one.
    func connect(_ instance: InstanceName, number: String?) async throws(EvolutionFailure) -> EvolutionConnectAnswer

    func restart(_ instance: InstanceName) async throws(EvolutionFailure)

    /// Ends the session; an instance without one is as wanted.
    func logOut(_ instance: InstanceName) async throws(EvolutionFailure)

    func delete(_ instance: InstanceName) async throws(EvolutionFailure)
}

extension EvolutionServer {
    /// The webhook of an instance that is loaded. Of one that is not, releases from 2.0 on say that it has none, and
    /// keep what it has: only its connection tells.
    package func loadedWebhook(of instance: InstanceName) async throws(EvolutionFailure) -> EvolutionWebhook {
        let webhook = try await webhook(of: instance)
        if webhook.settings == nil, try await connection(of: instance) == .notLoaded {
            throw .instanceNotLoaded(instance)
        }
        return webhook
    }
}

/// Says what Evolution has as webhook of instances, whichever server they are on.
package protocol EvolutionWebhookSource: Sendable {
    /// - Returns: for each of the names; those that are missing were not asked about.
    func webhooks(of names: [InstanceName]) async -> [InstanceName: WebhookAtEvolution]
}

/// What the configured servers say of one instance's webhook.
package enum WebhookAtEvolution: Sendable, Equatable {
    case settings(EvolutionWebhookSettings)
    /// No server has the instance.
    case nowhere
    case several([String])
    case unknown(EvolutionFailure)
}
