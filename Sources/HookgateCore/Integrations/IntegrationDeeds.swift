/// What a new integration shall be.
package struct IntegrationRequest: Sendable, Equatable {
    package var clinic: ClinicID
    /// Only where the clinic's own row says none.
    package var organization: OrganizationID?
    /// The only organization that whoever asks may do anything for; nil for all. A clinic or an instance of another is
    /// then as if it were not there.
    package var scope: OrganizationID?
    /// Tells a clinic's second number from its first: lower-case letters, digits and hyphens. It ends the instance's
    /// name, so the same clinic and label are always the same instance.
    package var label: String?
    package var displayName: String?
    /// The configured name of the Evolution server; nil where only one is configured.
    package var server: String?
    /// Whether an instance of that name which is connected and has no webhook may be taken over.
    package var adoptsConnected = false
    package var isDryRun = false

    package init(clinic: ClinicID) {
        self.clinic = clinic
    }
}

/// What `create` came to.
package struct IntegrationCreation: Sendable, Equatable {
    package enum Outcome: Sendable, Equatable {
        case created
        /// The instance was there already, and is ours now.
        case adopted
        /// Both were there already; nothing was changed.
        case present
        /// A dry run would make both, or what is missing of them.
        case wouldCreate
        case wouldAdopt
        /// Nothing is left of it, for this reason.
        case takenBack(CreationObstacle)
        /// The server does not say; it goes on by itself, or with the next `create`.
        case unfinished(EvolutionFailure)
    }

    /// With a dry run it may not exist: its id is then of no row.
    package let integration: IntegrationSummary
    package let outcome: Outcome

    package init(integration: IntegrationSummary, outcome: Outcome) {
        self.integration = integration
        self.outcome = outcome
    }
}

/// What stood in the way of a new integration.
package enum CreationObstacle: Sendable, Equatable {
    case server(EvolutionFailure)
    /// An instance of that name posts to an address that is not ours: it belongs to another installation.
    case foreignInstance
    /// An instance of that name is connected and has no webhook; see ``IntegrationRequest/adoptsConnected``.
    case connectedInstance
    /// The server accepts the webhook's settings and does not keep them.
    case notKept([EvolutionWebhookSettings.Part])
    /// The instance is in the server's database and not in its process.
    case notLoaded
}

/// How an integration is deleted.
package struct DeletionOptions: Sendable, Equatable {
    package var isDryRun = false
    /// Deletes the row alone, and leaves the instance at its server as it is.
    package var keepsInstance = false

    package init() {}
}

/// What `delete` came to.
package struct IntegrationDeletion: Sendable, Equatable {
    package enum Outcome: Sendable, Equatable {
        /// The server has confirmed that the instance is gone, and the row is gone too.
        case deleted
        /// The row is gone; the instance was left, for this reason.
        case rowDeleted(InstanceKept)
        case wouldDelete
        case wouldDeleteRow(InstanceKept)
        /// Refused: its webhook leads to another installation, so the instance is not ours to delete.
        case foreignInstance
        /// The server has not confirmed it. It is tried again by itself, or by the next `delete`.
        case unfinished(EvolutionFailure)
    }

    package let integration: IntegrationSummary
    package let outcome: Outcome

    package init(integration: IntegrationSummary, outcome: Outcome) {
        self.integration = integration
        self.outcome = outcome
    }
}

/// Why an instance outlives its integration.
package enum InstanceKept: Sendable, Equatable {
    /// Asked for.
    case wanted
    /// No configured server has it.
    case absent
    /// Another integration names it.
    case namedByOther(IntegrationID)
    /// The integration names none.
    case nameless
}

/// Where pairing is.
package enum PairingState: Sendable, Equatable {
    /// A code to scan or to type, and about when the next one comes.
    case code(EvolutionPairing, lasts: Duration)
    /// The server has no code yet.
    case waiting
    case connected(PhoneNumber?)
    /// The code before has run out; the next one follows.
    case renewed
}
