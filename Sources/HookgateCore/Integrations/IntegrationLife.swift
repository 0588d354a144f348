package import FoundationEssentials

/// What is done with an integration that takes several steps.
package enum LifeKind: String, Sendable, CaseIterable {
    case create
    case delete
}

/// How far it is. A step's state is written before the step is taken.
package enum LifeState: String, Sendable, CaseIterable {
    /// The row is there; nothing was sent.
    case begun
    /// The instance is sent for, or about to be: one that is found from now on is ours.
    case creating
    /// New settings are sent to an instance that was there, or about to be.
    case adopting
    /// What was done is being taken back.
    case undoing
    /// The instance is being deleted.
    case deleting
    case done
    /// Nothing is left of it.
    case undone

    /// Whether another start goes on from here.
    package var isOpen: Bool {
        switch self {
        case .begun, .creating, .adopting, .undoing, .deleting: true
        case .done, .undone: false
        }
    }
}

/// The journal's record of one integration's creation or deletion.
package struct IntegrationLife: Sendable, Equatable {
    package let id: Int64
    package let kind: LifeKind
    package let integrationID: IntegrationID
    package let instance: InstanceName
    /// The configured name of the Evolution server.
    package let server: String
    package var state: LifeState
    /// Whether the row was made for it, so that taking it back deletes the row.
    package let ownsRow: Bool
    /// Whether the instance was made for it, so that taking it back deletes the instance.
    package var ownsInstance: Bool
    /// Whether an instance that is connected and has no webhook may be taken over.
    package let adoptsConnected: Bool
    /// The settings of an instance that was there before; taking it back restores them.
    package var previous: EvolutionWebhook?
    package let actor: String
    package let begunAt: Date
    package var changedAt: Date

    package init(
        id: Int64, kind: LifeKind, integrationID: IntegrationID, instance: InstanceName, server: String,
        state: LifeState, ownsRow: Bool, ownsInstance: Bool, adoptsConnected: Bool, previous: EvolutionWebhook?,
        actor: String, begunAt: Date, changedAt: Date
    ) {
        self.id = id
        self.kind = kind
        self.integrationID = integrationID
        self.instance = instance
        self.server = server
        self.state = state
        self.ownsRow = ownsRow
        self.ownsInstance = ownsInstance
        self.adoptsConnected = adoptsConnected
        self.previous = previous
        self.actor = actor
        self.begunAt = begunAt
        self.changedAt = changedAt
    }
}
