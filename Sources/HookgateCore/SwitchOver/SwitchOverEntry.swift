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
    /// Why it was begun.
    package enum Kind: String, Sendable {
        case switchOver = "switch"
        /// For a new token.
        case rotation
    }

    package let run: RunID
    package let instance: InstanceName
    package let integrationID: IntegrationID
    /// The configured name of the Evolution server that the instance is on.
    package let server: String
    package var state: SwitchOverState
    package var kind: Kind
    /// What stood there before any URL of ours. Nil where ours stood there already: there is nothing to go back to.
    package let previous: EvolutionWebhook?
    /// What stood there when this began, where that was one of our URLs; nil where it is ``previous``.
    package var base: EvolutionWebhook?
    /// What it changes of the second factor; nil for nothing.
    package var factor: SwitchOverFactor?
    /// SHA-256 of the URL that was set: the URL itself holds the token.
    package var urlDigest: TokenDigest
    package var changedAt: Date
    /// When the new URL was first sent; an event from then on confirms it.
    package var setAt: Date?

    package init(
        run: RunID, instance: InstanceName, integrationID: IntegrationID, server: String, state: SwitchOverState,
        kind: Kind = .switchOver, previous: EvolutionWebhook?, base: EvolutionWebhook? = nil,
        factor: SwitchOverFactor? = nil, urlDigest: TokenDigest, changedAt: Date, setAt: Date? = nil
    ) {
        self.run = run
        self.instance = instance
        self.integrationID = integrationID
        self.server = server
        self.state = state
        self.kind = kind
        self.previous = previous
        self.base = base
        self.factor = factor
        self.urlDigest = urlDigest
        self.changedAt = changedAt
        self.setAt = setAt
    }

    /// Whether something of it may stand at Evolution still.
    package var canBeTakenBack: Bool { ![.rolledBack, .abandoned].contains(state) }

    /// Whether a URL is the one that was set.
    package func isOurs(_ url: String) -> Bool { TokenDigest(of: url) == urlDigest }
}

/// What a switch-over changes of an integration's second factor, so that it can be taken back.
package struct SwitchOverFactor: Sendable, Equatable {
    /// What there was before; nil for none.
    package let before: SecondFactor?
    /// Fingerprints of those that it made: another one is a person's, and stays.
    package var made: [String]

    package init(before: SecondFactor?, made: [String]) {
        self.before = before
        self.made = made
    }
}

/// Where switch-overs are written down. Filled by the store.
package protocol SwitchOverJournal: Sendable {
    /// Runs `body` while no other process switches or rolls back; nil when one does.
    func exclusively<T: Sendable>(_ body: @escaping @Sendable () async throws -> T) async throws -> T?

    /// The newest entry of each instance on each server, or of those that are named. One that was given up before
    /// anything was sent does not hide those before it.
    func newest(of names: [InstanceName]?) async throws -> [SwitchOverEntry]

    /// Of a run, the newest entry of each instance on each server: a run that was gone on with may have several. One
    /// that was given up does not hide those before it.
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
    /// Somebody else has given the instance another token meanwhile.
    case tokenChanged(InstanceName)

    package var description: String {
        switch self {
        case .busy:
            "another hookgate switches webhooks over, or back, on this database; wait for it or end it, then run this "
                + "again"
        case .tokenChanged(let name): "somebody else has changed the token of '\(name)' meanwhile; run it again"
        }
    }
}

/// A first event that is waited for.
package struct AwaitedEvent: Sendable {
    package let integrationID: IntegrationID
    package let instance: InstanceName
    package let since: Date
    /// The token that it must have come on, where another one's URL stood there before: what was under way on that one
    /// comes on the same route. An event that does not say counts once nothing can be under way any more.
    package let token: TokenDigest?

    package init(integrationID: IntegrationID, instance: InstanceName, since: Date, token: TokenDigest?) {
        self.integrationID = integrationID
        self.instance = instance
        self.since = since
        self.token = token
    }
}

/// Tells of traffic on the token route. Filled by the store.
package protocol SwitchOverTraffic: Sendable {
    /// When the first real event of each came, where one has; probes and held events do not count.
    func firstTokenEvents(_ awaited: [AwaitedEvent]) async throws -> [IntegrationID: Date]
}

/// Proves the way from the public token URL to the inbox. Filled by the composition.
package protocol SwitchOverProbe: Sendable {
    func prove(_ token: WebhookToken) async throws(ProbeFailure)
}
