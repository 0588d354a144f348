package import FoundationEssentials

/// How far one instance's switch-over is. Each is written down before what comes after it is begun.
package enum SwitchOverState: String, Sendable, CaseIterable {
    /// What stood there is kept; nothing was sent.
    case snapshotted
    /// The new URL is sent, or about to be.
    case setting
    /// A find shows the new settings.
    case configured
    /// The first real event has come on the token route.
    case confirmed
    /// The old settings are sent, or about to be.
    case restoring
    /// What stood there before stands there again.
    case rolledBack = "rolled_back"
    /// Ended before anything was sent.
    case abandoned

    /// Whether another start goes on from here.
    package var isOpen: Bool {
        switch self {
        case .snapshotted, .setting, .configured, .restoring: true
        case .confirmed, .rolledBack, .abandoned: false
        }
    }
}

/// The journal's record of one instance's switch-over.
package struct SwitchOverEntry: Sendable, Equatable {
    package let run: RunID
    package let instance: InstanceName
    package let integrationID: IntegrationID
    /// The configured name of the Evolution server that the instance is on.
    package let server: String
    package var state: SwitchOverState
    /// What stood there. Nil where the new URL stood there already: there is nothing to go back to.
    package let previous: EvolutionWebhook?
    /// SHA-256 of the URL that was set: the URL itself holds the token.
    package var urlDigest: TokenDigest
    package var changedAt: Date
    /// When the new URL was first sent; an event from then on confirms it.
    package var setAt: Date?

    package init(
        run: RunID, instance: InstanceName, integrationID: IntegrationID, server: String, state: SwitchOverState,
        previous: EvolutionWebhook?, urlDigest: TokenDigest, changedAt: Date, setAt: Date? = nil
    ) {
        self.run = run
        self.instance = instance
        self.integrationID = integrationID
        self.server = server
        self.state = state
        self.previous = previous
        self.urlDigest = urlDigest
        self.changedAt = changedAt
        self.setAt = setAt
    }

    /// Whether a URL is the one that was set.
    package func isOurs(_ url: String) -> Bool { TokenDigest(of: url) == urlDigest }
}

/// Where switch-overs are written down. Filled by the store.
package protocol SwitchOverJournal: Sendable {
    /// Runs `body` while no other process switches or rolls back; nil when one does.
    func exclusively<T: Sendable>(_ body: @escaping @Sendable () async throws -> T) async throws -> T?

    /// The newest entry of each instance on each server, or of those that are named.
    func newest(of names: [InstanceName]?) async throws -> [SwitchOverEntry]

    /// Every entry of a run.
    func entries(of run: RunID) async throws -> [SwitchOverEntry]

    /// Begins an entry. Fails where one of the instance is open: its snapshot must not be lost.
    func begin(_ entry: SwitchOverEntry) async throws

    /// Moves an entry on.
    func advance(_ entry: SwitchOverEntry) async throws
}

/// Why a switch-over or a rollback could not be begun at all.
package enum SwitchOverError: Error, Equatable, CustomStringConvertible {
    /// Another process is at it.
    case busy

    package var description: String {
        "another hookgate switches webhooks over, or back, on this database; wait for it or end it, then run this again"
    }
}

/// Tells of traffic on the token route. Filled by the store.
package protocol SwitchOverTraffic: Sendable {
    /// The first real event of each integration on the token route since its time, where there was one; probes and
    /// held events do not count.
    func firstTokenEvents(
        since: [(integration: IntegrationID, instance: InstanceName, time: Date)]
    ) async throws -> [IntegrationID: Date]
}

/// Proves the way from the public token URL to the inbox. Filled by the composition.
package protocol SwitchOverProbe: Sendable {
    func prove(_ token: WebhookToken) async throws(ProbeFailure)
}
