extension AcceptedEvent {
    /// Decides an event that was stored while no tier could say whose it is; nil while still nobody can.
    ///
    /// It was answered with a 200, so nothing here throws it away: what turns out to be nobody's, or to have come on a
    /// revoked token, is held for a person. So is what should have brought a second factor: nobody knew of it when the
    /// request was there to be looked at.
    package func settled(
        by resolution: Resolution, secondFactor policy: SecondFactorPolicy = SecondFactorPolicy()
    ) -> AcceptedEvent? {
        switch resolution {
        case .undecided: nil
        case .deliverable(let entry) where policy.enforces(entry): with(entry, .quarantined(.secondFactorMissing))
        case .deliverable(let entry):
            with(entry, Acceptance.names(facts, another: entry) ? .quarantined(.instanceMismatch) : .pending)
        case .held(let entry?, _) where policy.enforces(entry): with(entry, .quarantined(.secondFactorMissing))
        case .held(let entry, let reason): with(entry, .quarantined(reason))
        case .revoked: with(nil, .quarantined(.tokenRevoked))
        case .unknown: with(nil, .quarantined(.unknownSender))
        }
    }

    private func with(_ entry: RoutingEntry?, _ disposition: Disposition) -> AcceptedEvent {
        AcceptedEvent(
            id: id, receivedAt: receivedAt, route: route, eventSuffix: eventSuffix, disposition: disposition,
            integrationID: entry?.integrationID, organizationID: entry?.organizationID, clinicID: entry?.clinicID,
            instanceName: entry?.instanceName ?? instanceName, facts: facts, body: body,
            bodyByteCount: bodyByteCount)
    }
}
