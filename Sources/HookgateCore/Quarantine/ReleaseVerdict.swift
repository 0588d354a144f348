/// What releasing a held event comes to, decided by what is true now.
package enum ReleaseVerdict: Sendable, Equatable {
    /// It goes to this integration.
    case release(RoutingEntry)
    case refuse(ReleaseRefusal)
}

/// Why a held event stays held.
package enum ReleaseRefusal: Sendable, Hashable {
    /// The reason it was held for, or another one, holds now.
    case stillHeld(QuarantineReason)
    /// The integration it came for is deleted.
    case integrationGone
    /// The name now belongs to another organization than the event.
    case anotherOrganization
    case bodyGone

    /// One word for machines.
    package var word: String {
        switch self {
        case .stillHeld(let reason): reason.rawValue
        case .integrationGone: "integration_gone"
        case .anotherOrganization: "another_organization"
        case .bodyGone: "body_gone"
        }
    }
}

/// What a release looks up: the integration that proved to be the sender, else a name.
package enum ReleaseLookUp: Hashable, Sendable {
    case integration(IntegrationID)
    case instance(InstanceName)
}

extension HeldEvent {
    /// Whom to look up; nil where nothing proves whose the event is.
    ///
    /// On the token route a body can name whom it likes, so its name counts only where a person vouches for it; where
    /// the body's name is all there was, so does the integration that it led to.
    package func lookUp(trustingName: Bool) -> ReleaseLookUp? {
        if trustingName, case .instance(let name) = naming { return .instance(name) }
        if summary.quarantineReason == QuarantineReason.bodyRouted.rawValue { return nil }
        if let id = summary.integrationID { return .integration(id) }
        guard summary.route == .instance, let name = summary.instanceName else { return nil }
        return .instance(name)
    }

    /// The verdict on what the look-up came to. Pure.
    package func verdict(_ resolution: Resolution) -> ReleaseVerdict {
        switch resolution {
        case .deliverable(let entry): verdict(for: entry)
        case .held(_, let reason): .refuse(.stillHeld(reason))
        case .revoked: .refuse(.stillHeld(.tokenRevoked))
        case .unknown: .refuse(summary.integrationID == nil ? .stillHeld(.unknownSender) : .integrationGone)
        case .undecided: .refuse(.stillHeld(.undecided))
        }
    }

    /// The verdict where there is nobody to look up: the reason it was held for.
    package var verdictWithoutLookUp: ReleaseVerdict {
        .refuse(.stillHeld(summary.quarantineReason.flatMap(QuarantineReason.init(rawValue:)) ?? .unknownSender))
    }

    private func verdict(for entry: RoutingEntry) -> ReleaseVerdict {
        if let organizationID, entry.organizationID != organizationID { return .refuse(.anotherOrganization) }
        switch naming {
        case .bodyGone: return .refuse(.bodyGone)
        case .instance(let name) where entry.instanceName != nil && entry.instanceName != name:
            return .refuse(.stillHeld(.instanceMismatch))
        case .instance, .nobody: return .release(entry)
        }
    }
}
