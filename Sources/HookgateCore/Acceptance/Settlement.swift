extension AcceptedEvent {
    /// Decides an event that was stored while no tier could say whose it is; nil while still nobody can.
    ///
    /// It was answered with a 200, so nothing here throws it away: what turns out to be nobody's, or to have come on a
    /// revoked token, is held for a person.
    package func settled(by resolution: Resolution) -> AcceptedEvent? {
        switch resolution {
        case .undecided: nil
        case .deliverable(let entry):
            with(entry, Acceptance.names(facts, another: entry) ? .quarantined(.instanceMismatch) : .pending)
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
