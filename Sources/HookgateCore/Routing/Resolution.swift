package import FoundationEssentials

/// What the gateway knows of one integration: enough to accept an event for it.
package struct RoutingEntry: Sendable, Equatable {
    package let integrationID: IntegrationID
    package let organizationID: OrganizationID?
    package let clinicID: ClinicID?
    /// Nil for a row whose `config` names no instance; only its token can reach it.
    package let instanceName: InstanceName?
    /// "May receive traffic"; says nothing about whether the phone is connected.
    package let isEnabled: Bool
    /// Grows with every change of the row; an older answer never replaces a newer one.
    package let revision: UInt64
    /// Nil for the many that have none of their own. It holds a key: it stays in memory and in the source of truth.
    package let secondFactor: SecondFactor?

    package init(
        integrationID: IntegrationID, organizationID: OrganizationID?, clinicID: ClinicID?,
        instanceName: InstanceName?, isEnabled: Bool, revision: UInt64, secondFactor: SecondFactor? = nil
    ) {
        self.integrationID = integrationID
        self.organizationID = organizationID
        self.clinicID = clinicID
        self.instanceName = instanceName
        self.isEnabled = isEnabled
        self.revision = revision
        self.secondFactor = secondFactor
    }
}

/// What the token ledger says of one token.
package enum TokenStanding: Sendable, Equatable {
    case current
    /// Replaced by `tokens rotate`; valid until then, held for a person afterwards.
    case grace(until: Date)
    /// Revoked on purpose, replaced by hand, or its integration was deleted.
    case revoked
}

/// What is known of a ``RoutingKey``, wherever it was learned: the one currency of all tiers.
package enum RoutingFact: Sendable, Equatable {
    case token(RoutingEntry, TokenStanding)
    /// A revoked token whose integration may be gone.
    case revokedToken
    case instance(RoutingEntry)
    /// More than one integration has this instance name.
    case duplicateInstance
    /// No integration has this name, but a legacy table does.
    case legacyInstance
    /// Neither an integration nor a legacy row: said by the source of truth.
    case nothing
}

/// What a request is resolved to.
package enum Resolution: Sendable, Equatable {
    case deliverable(RoutingEntry)
    /// Stored but held back until a person decides.
    case held(RoutingEntry?, QuarantineReason)
    /// The token was revoked on purpose.
    case revoked
    /// Known never to have existed.
    case unknown
    /// No tier can say at this moment.
    case undecided
}

extension Resolution {
    /// Decides from a fact. Pure: the same fact at the same instant always resolves the same way.
    package init(_ fact: RoutingFact, at now: Date) {
        switch fact {
        case .token(let entry, .current): self = Self.usable(entry)
        case .token(let entry, .grace(let end)): self = now < end ? Self.usable(entry) : .held(entry, .tokenRetired)
        case .token(_, .revoked), .revokedToken: self = .revoked
        case .instance(let entry): self = Self.usable(entry)
        case .duplicateInstance: self = .held(nil, .duplicateInstance)
        case .legacyInstance: self = .held(nil, .noIntegration)
        case .nothing: self = .unknown
        }
    }

    /// The integration it led to, deliverable or held.
    package var entry: RoutingEntry? {
        switch self {
        case .deliverable(let entry): entry
        case .held(let entry, _): entry
        case .revoked, .unknown, .undecided: nil
        }
    }

    private static func usable(_ entry: RoutingEntry) -> Resolution {
        if !entry.isEnabled { return .held(entry, .integrationDisabled) }
        if entry.clinicID == nil { return .held(entry, .noClinic) }
        return .deliverable(entry)
    }
}
