/// The states of an event in the inbox.
package enum EventState: String, Sendable, CaseIterable {
    /// Waits to be delivered.
    case pending
    case delivered
    /// Kept, and not meant for the destination.
    case filtered
    /// Every attempt failed; waits for a person.
    case parked
    /// Held back for a person before any attempt; see ``QuarantineReason``.
    case quarantined
    case discarded
    case expired
    /// A signed test of our own; neither traffic nor mail.
    case probe
}

/// Why an event was stored but held back.
package enum QuarantineReason: String, Sendable, CaseIterable {
    /// The body names another instance than the token's integration.
    case instanceMismatch = "instance_mismatch"
    case integrationDisabled = "integration_disabled"
    /// The token was rotated out and its grace is over.
    case tokenRetired = "token_retired"
    /// The second factor is missing or wrong under `enforce`.
    case secondFactorMissing = "second_factor_missing"
    /// The name stands in a legacy table, but no integration has it yet.
    case noIntegration = "no_integration"
    /// The integration has no clinic yet.
    case noClinic = "no_clinic"
    /// Several integrations have this instance name.
    case duplicateInstance = "duplicate_instance"
    /// It came to a URL that names nobody: of the oldest kind, or of a webhook for all instances at once.
    case bodyRouted = "body_routed"
    /// Stored while no tier could decide; when it could be decided, neither an integration nor a legacy row had it.
    case unknownSender = "unknown_sender"
    /// Stored while no tier could decide, and the source of truth still cannot say although the inbox can be written:
    /// most likely a table that this role may not read.
    case undecided
    /// Stored while no tier could decide; when it could be decided, its token turned out to be revoked.
    case tokenRevoked = "token_revoked"
}
