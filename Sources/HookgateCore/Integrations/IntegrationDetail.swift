/// One integration as `integrations show` has it.
package struct IntegrationDetail: Sendable, Equatable {
    /// How many changes of status are shown.
    package static let longestHistory = 100

    package let integration: IntegrationSummary
    /// With the token masked; nil where there is no valid token or no public URL.
    package let maskedWebhookURL: String?
    package let tokenFingerprint: String?
    /// Newest first.
    package let history: [StatusChange]
    package let evolution: EvolutionView
    /// Other instances that are logged in with the same number.
    package let sharingNumber: [NumberSharer]

    package init(
        integration: IntegrationSummary, maskedWebhookURL: String?, tokenFingerprint: String?,
        history: [StatusChange], evolution: EvolutionView, sharingNumber: [NumberSharer]
    ) {
        self.integration = integration
        self.maskedWebhookURL = maskedWebhookURL
        self.tokenFingerprint = tokenFingerprint
        self.history = history
        self.evolution = evolution
        self.sharingNumber = sharingNumber
    }
}

/// What an Evolution server says of one instance at this moment.
package enum EvolutionView: Sendable, Equatable {
    /// No server is configured, or the integration names no instance.
    case notAsked
    case present(server: String, connection: EvolutionConnection, webhook: WebhookFinding)
    /// Every configured server answered, and none has it.
    case absent
    case onSeveralServers([String])
    case unknown(server: String, EvolutionFailure)
}

/// An instance that is logged in with a number which another one has too. WhatsApp lets one of the two go, again and
/// again (`device_removed`).
package struct NumberSharer: Sendable, Equatable {
    package let server: String
    package let instance: InstanceName
    package let connection: EvolutionConnection
    /// Nil where no integration names it.
    package let integrationID: IntegrationID?

    package init(server: String, instance: InstanceName, connection: EvolutionConnection, integrationID: IntegrationID?)
    {
        self.server = server
        self.instance = instance
        self.connection = connection
        self.integrationID = integrationID
    }
}

/// What `test` found of one integration.
package struct IntegrationTest: Sendable, Equatable {
    package let integration: IntegrationSummary
    /// Nil where the probe came through, from the public URL into the inbox.
    package let probeFailure: ProbeFailure?
    package let evolution: EvolutionView

    package init(integration: IntegrationSummary, probeFailure: ProbeFailure?, evolution: EvolutionView) {
        self.integration = integration
        self.probeFailure = probeFailure
        self.evolution = evolution
    }

    /// Whether nothing stands between a message on the telephone and the inbox.
    package var isWell: Bool {
        guard probeFailure == nil, case .present(_, .open, .inStep) = evolution else { return false }
        return true
    }
}

/// Instances at Evolution that nothing of ours names.
package struct OrphanReport: Sendable, Equatable {
    package let orphans: [OrphanInstance]
    /// Servers that could not be asked. While there is one, nobody is called an orphan.
    package let unanswered: [UnansweredServer]

    package init(orphans: [OrphanInstance], unanswered: [UnansweredServer]) {
        self.orphans = orphans
        self.unanswered = unanswered
    }
}

/// A server that did not say what was asked of it.
package struct UnansweredServer: Sendable, Equatable {
    package let name: String
    package let failure: EvolutionFailure

    package init(name: String, failure: EvolutionFailure) {
        self.name = name
        self.failure = failure
    }
}

/// An instance without an integration, and whose it seems to be. It is proposed to a person and never deleted by itself.
package struct OrphanInstance: Sendable, Equatable {
    package enum Owner: String, Sendable {
        /// Its webhook leads to our public URL.
        case ours
        /// Its webhook leads somewhere else: another installation's, or another product's.
        case elsewhere
        /// It has no webhook, so nobody can say.
        case nobody
        /// Its webhook could not be read.
        case unread
    }

    package let server: String
    package let instance: InstanceName
    package let connection: EvolutionConnection
    package let owner: Owner
    /// Whether an old table names it, so that `migrate` makes an integration of it.
    package let isInLegacyTables: Bool

    package init(
        server: String, instance: InstanceName, connection: EvolutionConnection, owner: Owner, isInLegacyTables: Bool
    ) {
        self.server = server
        self.instance = instance
        self.connection = connection
        self.owner = owner
        self.isInLegacyTables = isInLegacyTables
    }
}
