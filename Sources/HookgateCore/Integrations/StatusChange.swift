package import FoundationEssentials

/// Why an integration has its status. The words stand in the database and in `--json`.
package enum StatusReason: String, Sendable, CaseIterable {
    case connected
    case connecting
    /// A code is shown that somebody must scan.
    case codeOffered = "code_offered"
    /// Nobody scanned any of the codes.
    case codesUsedUp = "codes_used_up"
    /// WhatsApp has let the device go: unlinked on the telephone, or logged in by another instance.
    case deviceRemoved = "device_removed"
    /// The session was ended, here or on the telephone.
    case loggedOut = "logged_out"
    /// WhatsApp has restricted the account.
    case accountRestricted = "account_restricted"
    /// The same session is open elsewhere, or is corrupt.
    case sessionConflict = "session_conflict"
    /// The connection broke; the server connects again by itself.
    case connectionLost = "connection_lost"
    /// Closed at its server for minutes, and nobody said why.
    case closed
    /// It has tried to connect for too long.
    case stuck
    /// The instance was removed at its server.
    case removed
    /// Every configured server answered, and none has the instance.
    case instanceMissing = "instance_missing"
    /// The server has it in its database and has not loaded it.
    case notLoaded = "not_loaded"
    /// Written by somebody else: a migration, a person, another program.
    case outside

    /// What it means and what to do; nil where nothing is to be done.
    package var remedy: String? {
        switch self {
        case .connected, .connecting, .outside: nil
        case .codeOffered, .codesUsedUp: "scan a code: hookgate integrations connect"
        case .deviceRemoved:
            "WhatsApp let this device go: it was unlinked on the telephone, or a second instance is logged in with the "
                + "same number; see who shares it, then pair anew: hookgate integrations connect"
        case .loggedOut, .closed: "pair anew: hookgate integrations connect"
        case .accountRestricted: "WhatsApp has restricted the account; its owner must settle that on the telephone"
        case .sessionConflict: "log it out and pair anew; make sure that no second server runs the same session"
        case .connectionLost: "wait; the server connects again by itself"
        case .stuck: "restart the instance at Evolution, or pair anew: hookgate integrations connect"
        case .removed, .instanceMissing: "make it anew: hookgate integrations create, or delete the integration"
        case .notLoaded: "restart the instance or the server"
        }
    }

    /// Whether somebody with the telephone must pair it again.
    package var losesDevice: Bool { self == .deviceRemoved || self == .loggedOut }
}

/// What a change of status was learned from.
package enum StatusSource: Sendable, Equatable {
    case event(EventID)
    case poll
    /// A command of ours, with who gave it.
    case command(actor: String)
    /// Found in the row, written by somebody else.
    case found
}

/// One line of an integration's history.
package struct StatusChange: Sendable, Equatable {
    package let at: Date
    /// The word in the row before; nil where there was none.
    package let from: String?
    package let to: IntegrationStatus
    package let reason: StatusReason
    package let source: StatusSource

    package init(at instant: Date, from: String?, to: IntegrationStatus, reason: StatusReason, source: StatusSource) {
        self.at = instant
        self.from = from
        self.to = to
        self.reason = reason
        self.source = source
    }
}
