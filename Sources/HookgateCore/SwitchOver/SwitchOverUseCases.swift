/// `hookgate webhooks`, as the command line and the console call it.
///
/// What becomes of single instances goes to an observer as it comes. A task that is cancelled leaves off between two
/// steps of an instance, as a killed process does: the journal knows where, and the same call goes on from there.
package protocol SwitchOverUseCases: Sendable {
    /// What can be switched over: integrations whose name stands once and whose token is valid.
    /// - Parameter names: only these, when given.
    func targets(_ names: [InstanceName]?) async throws -> [SwitchOverTarget]

    /// Holds the old tables, the integrations and Evolution against each other, name by name. Reads only.
    /// - Returns: the servers that could not be asked.
    func status(
        observe: @escaping @Sendable (WebhookStanding) -> Void
    ) async throws -> [(server: String, failure: EvolutionFailure)]

    /// Points instances at their token URLs, and waits for the first event of each.
    func switchOver(
        _ targets: [SwitchOverTarget], run: RunID, options: SwitchOverOptions,
        observe: @escaping @Sendable (SwitchOverEvent) -> Void
    ) async throws -> [SwitchOverResult]

    /// What a selection would take back: the newest entry of each instance that has something to go back from.
    func restorable(_ selection: RollbackSelection) async throws -> [SwitchOverEntry]

    /// Puts back exactly what the journal kept, where the URL that stands there is still ours.
    func rollBack(
        _ entries: [SwitchOverEntry], isDryRun: Bool, observe: @escaping @Sendable (SwitchOverEvent) -> Void
    ) async throws -> [SwitchOverResult]
}

/// What a rollback takes back.
package enum RollbackSelection: Sendable, Equatable {
    case fleet
    case run(RunID)
    case instances([InstanceName])
}

/// What became of one instance, and where.
package struct SwitchOverResult: Sendable, Equatable {
    package let target: SwitchOverTarget
    package let server: String?
    package let outcome: SwitchOverOutcome
    package let entry: SwitchOverEntry?

    package init(target: SwitchOverTarget, server: String?, outcome: SwitchOverOutcome, entry: SwitchOverEntry?) {
        self.target = target
        self.server = server
        self.outcome = outcome
        self.entry = entry
    }
}

/// One instance that can be switched over.
package struct SwitchOverTarget: Sendable, Equatable {
    package let instance: InstanceName
    package let integrationID: IntegrationID
    /// What people call it.
    package let title: String
    package let token: WebhookToken

    package init(instance: InstanceName, integrationID: IntegrationID, title: String, token: WebhookToken) {
        self.instance = instance
        self.integrationID = integrationID
        self.title = title
        self.token = token
    }

    package static func == (left: SwitchOverTarget, right: SwitchOverTarget) -> Bool {
        left.integrationID == right.integrationID && left.instance == right.instance && left.title == right.title
            && left.token.digest == right.token.digest
    }
}

/// What became of one instance in a switch-over or a rollback.
package enum SwitchOverOutcome: Sendable, Equatable {
    /// The settings are the wanted ones, and an event has come on the token route.
    case confirmed
    /// The settings are the wanted ones; no event has come in the time given.
    case configured
    /// A dry run would set it.
    case wouldSet
    /// Something is there that a person must decide about; nothing was sent.
    case refused(SwitchOverRefusal)
    /// Our URL does not take a probe; nothing was sent.
    case unproven(ProbeFailure)
    /// No server has the instance, or more than one.
    case unplaced(servers: [String])
    /// The server failed.
    case failed(EvolutionFailure)
    /// Accepted, and not there after every look.
    case notTaken
    /// The old settings were accepted, and are not there as they were after every look.
    case notRestored
    /// Somebody else's URL stands there now.
    case conflict
    /// Our URL stood there with other settings than before, so the old ones were put back. Which they were, is not known
    /// any more where another run had begun with that.
    case undone([EvolutionWebhookSettings.Part])
    case rolledBack
    /// A dry run would put the old settings back.
    case wouldRestore
    /// A dry run would make a new token, and set its URL.
    case wouldRotate
    /// There is a new token. Evolution posts to no token URL of the instance, so nothing was set.
    case rotatedHere
    /// The journal has nothing to go back to.
    case nothingToRestore
    /// Not begun: the run was stopped before.
    case stopped

    /// Whether nothing is left for a person.
    package var isWell: Bool {
        switch self {
        case .confirmed, .wouldSet, .rolledBack, .wouldRestore, .wouldRotate, .rotatedHere: true
        default: false
        }
    }

    /// Whether it speaks against going on with others.
    package var isFailure: Bool {
        switch self {
        case .unproven, .failed, .notTaken, .notRestored, .conflict, .undone: true
        case .confirmed, .configured, .wouldSet, .refused, .unplaced, .rolledBack, .wouldRestore, .wouldRotate,
            .rotatedHere, .nothingToRestore, .stopped:
            false
        }
    }
}

/// Why an instance is not switched over without a person's word.
package enum SwitchOverRefusal: Sendable, Equatable {
    /// Evolution posts nothing for it now.
    case noWebhook
    /// Enabled without a list of events; sending it back would subscribe to all.
    case eventsMissing
    /// Neither the old URL nor the new one.
    case foreignURL
    /// The server's release sends no header of ours, or signs with no `jwt_key`.
    case secondFactorUnsupported
    /// Somebody else has changed the second factor meanwhile.
    case secondFactorChanged
}

extension SwitchOverOutcome {
    /// A word for machines.
    package var word: String {
        switch self {
        case .confirmed: "confirmed"
        case .configured: "configured"
        case .wouldSet: "would_set"
        case .refused(.noWebhook): "refused_no_webhook"
        case .refused(.eventsMissing): "refused_events_missing"
        case .refused(.foreignURL): "refused_foreign_url"
        case .refused(.secondFactorUnsupported): "refused_second_factor_unsupported"
        case .refused(.secondFactorChanged): "refused_second_factor_changed"
        case .unproven: "unproven"
        case .unplaced: "unplaced"
        case .failed: "failed"
        case .notTaken: "not_taken"
        case .notRestored: "not_restored"
        case .conflict: "conflict"
        case .undone: "undone"
        case .rolledBack: "rolled_back"
        case .wouldRestore: "would_restore"
        case .wouldRotate: "would_rotate"
        case .rotatedHere: "rotated_here"
        case .nothingToRestore: "nothing_to_restore"
        case .stopped: "stopped"
        }
    }
}

extension SwitchOverOutcome: CustomStringConvertible {
    /// What it is and what to do.
    package var description: String {
        switch self {
        case .confirmed: "confirmed: an event has come on the token URL"
        case .configured: "configured; no event has come yet. Once one has, the same command confirms it"
        case .wouldSet: "would be set to the token URL"
        case .refused(.noWebhook):
            "Evolution posts nothing for it (no webhook, or switched off); enable it there with its events first"
        case .refused(.eventsMissing):
            "its webhook names no event, which Evolution reads as every event when it is sent back; choose them first"
        case .refused(.foreignURL):
            "its webhook leads somewhere else, neither to the old URL nor to a token URL; if it shall come here: "
                + "--replace-other"
        case .refused(.secondFactorUnsupported):
            "its server's release cannot send this second factor (headers need Evolution 2.1.2, jwt 2.3); nothing was "
                + "set: --second-factor none"
        case .refused(.secondFactorChanged):
            "somebody else has changed its second factor meanwhile; nothing was set, run it again"
        case .unproven: "the token URL does not take a probe; see: hookgate test - --prod"
        case .unplaced(let servers) where servers.isEmpty:
            "no configured Evolution server has it; check evolution-api-url and the servers in the file"
        case .unplaced(let servers):
            "more than one server has it (\(servers.joined(separator: ", "))); delete the one that is not in use"
        case .failed(let failure): "\(failure)"
        case .notTaken: "the server accepts the new URL and does not keep it; its log says more, then run it again"
        case .notRestored:
            "the server accepts the old settings and does not keep them as they were; its log says more, then: "
                + "hookgate webhooks rollback"
        case .conflict: "somebody else has set another URL meanwhile; it was left as it is"
        case .undone(let parts) where parts.isEmpty:
            "an earlier run had begun to put the old settings back, and they are; to switch it over, run this again"
        case .undone(let parts):
            "with the URL the server changed \(parts.map(\.rawValue).joined(separator: ", ")); the old ones are back"
        case .rolledBack: "the old settings are back"
        case .wouldRestore: "the old settings would be put back"
        case .wouldRotate: "would get a new token, and its URL set"
        case .rotatedHere: "has a new token; Evolution posts to no token URL of it, so nothing was set there"
        case .nothingToRestore: "the token URL was there before hookgate; there is nothing to go back to"
        case .stopped: "not begun: the run was stopped"
        }
    }
}

/// How a switch-over is carried out.
package struct SwitchOverOptions: Sendable, Codable {
    package var isDryRun = false
    /// The part of the fleet that goes first and must not fail; 0 for none.
    package var canaryShare = 0.0
    /// How long each instance is waited for.
    package var eventWait = Duration.seconds(30 * 60)
    /// Sets a second.
    package var pace = 5.0
    /// Whether a URL that is neither the old nor the new one may be replaced.
    package var replacesOther = false
    package var secondFactor = SecondFactorChoice.policy
    /// For so long the tokens before go on, where this makes new ones; nil where it makes none.
    package var rotationGrace: Duration?
    /// The fingerprint of the token that a new one is to follow: where another is current, that is the new one, made by
    /// whoever was at it before. Nil where whatever is current gets a follower.
    package var rotatedFrom: String?

    package init() {}
}

/// What a run tells while it works.
package enum SwitchOverEvent: Sendable {
    case began(total: Int)
    /// An instance is as far as it gets, or waits for its event (``SwitchOverOutcome/configured``).
    case reached(SwitchOverTarget, SwitchOverOutcome)
    case waiting(count: Int)
    case stopped(failures: Int, of: Int)
}

/// Which second factor is brought along with a switch-over.
package enum SecondFactorChoice: String, Sendable, Codable, CaseIterable {
    /// The one that the integration has, where Evolution does not send it yet.
    case policy
    /// None is brought; one that is there stays.
    case nothing = "none"
    case header
    case jwt
    case both
}
