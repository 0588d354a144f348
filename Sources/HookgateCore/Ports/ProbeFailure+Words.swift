extension ProbeFailure {
    /// What happened, and what to do.
    package var words: String {
        switch self {
        case .notAToken:
            "this is not a webhook token: its checksum is wrong, so a character is missing or changed. "
                + "Copy it again: hookgate tokens --reveal"
        case .unknownToken:
            "no integration has this token. Is it the right database? Look: hookgate tokens"
        case .revokedToken:
            "this token was revoked or replaced. The integration's present one: hookgate tokens"
        case .held(let reason):
            "events on it are stored but held back (\(reason.rawValue)). " + Self.advice(reason)
        case .unreachable(let why):
            "nobody answered there: \(why). Start the gateway (hookgate serve) or give another --url."
        case .refused(let status):
            "the answer was \(status) instead of 200. " + Self.advice(status: status)
        case .notHookgate:
            "something else than hookgate answers there: a 200 without an event id."
        case .notStored(let id):
            "the gateway stored event \(id) on its disk, but it did not reach this database in time. "
                + "Does the gateway use the same database, and is shipping up? See /health/ready there."
        case .wrongIntegration:
            "the event was stored under another integration than the token's: do not switch this instance over."
        case .notRecognised(let state):
            "the gateway stored the probe as ordinary traffic (\(state.rawValue)): it does not know this "
                + "database's signing key. Does it use the same database?"
        case .notTaken(let attempt):
            "it is stored and resolved, but the destination \(attempt.destination.text) did not take it: \(attempt.result)"
                + (attempt.status.map { " (status \($0))" } ?? "")
                + ". Try that alone: hookgate destinations test \(attempt.destination.text)"
        case .filtered(let reason):
            "it is stored and resolved, but its destination wants no such events (\(reason)): hookgate destinations"
        case .notDelivered:
            "it is stored and resolved, but nobody has tried to deliver it: no destination is set, or it is paused or "
                + "does not answer, or an earlier event of this integration keeps failing, or no gateway delivers. Look "
                + "at: hookgate destinations, and /health/ready"
        }
    }

    private static func advice(_ reason: QuarantineReason) -> String {
        switch reason {
        case .integrationDisabled: "Enable it: set enabled to true in healthcare.integrations."
        case .noClinic: "Give the integration a clinic_id."
        case .tokenRetired: "Its grace period is over; use the present one: hookgate tokens"
        case .instanceMismatch, .secondFactorMissing, .noIntegration, .duplicateInstance, .bodyRouted, .unknownSender,
            .undecided, .tokenRevoked:
            "See: hookgate check"
        }
    }

    private static func advice(status: Int) -> String {
        switch status {
        case 301, 302, 303, 307, 308: "A redirect stands before the gateway; Evolution loses events there."
        case 404: "The gateway there does not know the token: another database, or an address that is not hookgate's."
        case 503: "The gateway cannot store just now; see /health/ready there."
        default: "See the gateway's log."
        }
    }
}
