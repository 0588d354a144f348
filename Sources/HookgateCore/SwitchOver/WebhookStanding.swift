/// What `webhooks status` says of one name: the old tables, the integrations and Evolution, held against each other.
package struct WebhookStanding: Sendable, Equatable {
    package let instance: InstanceName
    package let title: String?
    package let legacyRows: Int
    package let integrations: Int
    /// The server that has it; nil where none or several do.
    package let server: String?
    package let connection: EvolutionConnection?
    package let finding: WebhookFinding
    /// How far its switch-over is, where one was begun.
    package let switchOver: SwitchOverState?

    package init(
        instance: InstanceName, title: String?, legacyRows: Int, integrations: Int, server: String?,
        connection: EvolutionConnection?, finding: WebhookFinding, switchOver: SwitchOverState?
    ) {
        self.instance = instance
        self.title = title
        self.legacyRows = legacyRows
        self.integrations = integrations
        self.server = server
        self.connection = connection
        self.finding = finding
        self.switchOver = switchOver
    }
}

/// Every way in which the three can stand to each other.
package enum WebhookFinding: Sendable, Equatable {
    /// Evolution posts to the token URL.
    case inStep
    /// Evolution posts to the old URL.
    case onOldURL
    /// To a token URL that is not the current one.
    case onOtherToken
    /// To somewhere else.
    case elsewhere
    /// Evolution posts nothing for it.
    case silent
    /// Enabled without events.
    case eventsMissing
    /// In the old tables and at Evolution, without an integration.
    case notMigrated
    /// Only the old tables have it.
    case onlyLegacy
    /// An integration that no server has.
    case missingAtEvolution
    /// Evolution has it, and nothing of ours names it.
    case orphan
    case onSeveralServers([String])
    case severalIntegrations
    case withoutToken
    /// In the server's database, not in its process.
    case notLoaded
    /// A server could not be asked, so nothing can be said.
    case unknown(EvolutionFailure)

    package var isWell: Bool { self == .inStep }

    /// A word for machines.
    package var word: String {
        switch self {
        case .inStep: "in_step"
        case .onOldURL: "on_old_url"
        case .onOtherToken: "on_other_token"
        case .elsewhere: "elsewhere"
        case .silent: "silent"
        case .eventsMissing: "events_missing"
        case .notMigrated: "not_migrated"
        case .onlyLegacy: "only_legacy"
        case .missingAtEvolution: "missing_at_evolution"
        case .orphan: "orphan"
        case .onSeveralServers: "on_several_servers"
        case .severalIntegrations: "several_integrations"
        case .withoutToken: "without_token"
        case .notLoaded: "not_loaded"
        case .unknown: "unknown"
        }
    }

    /// What it means.
    package var meaning: String {
        switch self {
        case .inStep: "Evolution posts to the token URL"
        case .onOldURL: "Evolution posts to the old URL"
        case .onOtherToken: "Evolution posts to a token URL that is not the current one"
        case .elsewhere: "Evolution posts to another address"
        case .silent: "Evolution posts nothing: no webhook, or switched off"
        case .eventsMissing: "the webhook is enabled and names no event"
        case .notMigrated: "in the old tables and at Evolution, without an integration"
        case .onlyLegacy: "in the old tables alone"
        case .missingAtEvolution: "no configured Evolution server has it"
        case .orphan: "at Evolution alone"
        case .onSeveralServers(let names): "on more than one server: \(names.joined(separator: ", "))"
        case .severalIntegrations: "several integrations have this name"
        case .withoutToken: "the integration has no valid token"
        case .notLoaded: "the server has it in its database and has not loaded it"
        case .unknown(let failure): "not known: \(failure)"
        }
    }

    /// The command, or the deed, that mends it; nil where nothing is wrong.
    package func remedy(for instance: InstanceName) -> String? {
        let name = instance.description
        return switch self {
        case .inStep: nil
        case .onOldURL, .onOtherToken: "hookgate webhooks switch '\(name)'"
        case .elsewhere: "if it shall come here: hookgate webhooks switch '\(name)' --replace-other"
        case .silent, .eventsMissing: "enable it in Evolution with its events, then: hookgate webhooks switch '\(name)'"
        case .notMigrated: "hookgate migrate"
        case .onlyLegacy: "nothing posts for it; hookgate check says what a migration makes of it"
        case .missingAtEvolution: "check its name and evolution-api-url: hookgate explain '\(name)'"
        case .orphan: "whose it may be: hookgate integrations list --orphans; it is never deleted by itself"
        case .onSeveralServers: "delete it in the manager of the server where it is not in use"
        case .severalIntegrations: "hookgate doctor"
        case .withoutToken: "hookgate schema apply, then hookgate tokens"
        case .notLoaded: "restart it at Evolution, then look again"
        case .unknown: "mend that, then run it again"
        }
    }
}
