package import HookgateCore

/// What `hookgate explain` has to say, step by step, in the order of a webhook's way.
package struct Explanation: Sendable, Equatable {
    package struct Step: Sendable, Equatable {
        package let name: String
        package let finding: String

        package init(_ name: String, _ finding: String) {
            self.name = name
            self.finding = finding
        }
    }

    package var steps: [Step] = []
    /// What a webhook to this address would be answered now; nil for an event that is stored already.
    package var answer: ExpectedAnswer?
    /// Nil when nothing is to be done.
    package var remedy: String?
    package var needsAttention = false

    package init() {}

    mutating func add(_ name: String, _ finding: String) {
        steps.append(Step(name, finding))
    }
}

/// The answer that a webhook would get, and why.
package struct ExpectedAnswer: Sendable, Equatable {
    package let httpStatus: Int
    /// `ok`, `quarantined`, `undecided`; nil for a refusal.
    package let status: String?
    package let reason: QuarantineReason?
    package let why: String

    package init(httpStatus: Int, status: String? = nil, reason: QuarantineReason? = nil, why: String) {
        self.httpStatus = httpStatus
        self.status = status
        self.reason = reason
        self.why = why
    }

    /// Whether a person has something to do before events are delivered.
    package var needsAttention: Bool { status != "ok" }
}

extension ExpectedAnswer {
    /// The answer to a webhook that resolves like this, while so much of its sender is held back. Pure.
    /// - Parameter enforcesFactor: a webhook without its second factor is held back.
    package init(
        _ resolution: Resolution, held: HeldCount?, limits: QuarantineLimits, enforcesFactor: Bool = false
    ) {
        switch resolution {
        case .deliverable(let entry):
            let exception =
                entry.instanceName.map { " A body that names another instance than \($0) would be held back." } ?? ""
            let condition = enforcesFactor ? " Without its second factor it would be held back." : ""
            self.init(
                httpStatus: 200, status: "ok", why: "it is stored and waits to be delivered.\(exception)\(condition)")
        case .held(_, let reason):
            if let held, limits.share(events: held.events + 1, bytes: held.bytes) > 1 {
                self.init(
                    httpStatus: 503, reason: reason,
                    why: "\(reason.explanation); and as many of its events are held back as may be (\(held.events))")
            } else {
                self.init(
                    httpStatus: 200, status: "quarantined", reason: reason,
                    why: "it is stored and held back: \(reason.explanation)")
            }
        case .revoked:
            self.init(httpStatus: 403, why: "the token was revoked, replaced by hand, or deleted with its integration")
        case .unknown:
            self.init(httpStatus: 404, why: "neither an integration nor a legacy row has it")
        case .undecided:
            self.init(
                httpStatus: 200, status: "undecided",
                why: "nobody can say whose it is now; it is stored, and decided when it is shipped")
        }
    }
}

extension QuarantineReason {
    /// In words, for a person who has to decide.
    package var explanation: String {
        switch self {
        case .instanceMismatch: "the body names another instance than the token's integration"
        case .integrationDisabled: "the integration is disabled"
        case .tokenRetired: "the token was rotated out and its grace is over"
        case .secondFactorMissing: "the second factor is missing or wrong"
        case .noIntegration: "the name stands in a legacy table, and no integration has it yet"
        case .noClinic: "the integration has no clinic yet"
        case .duplicateInstance: "several integrations have this instance name, or this token"
        case .bodyRouted: "it came to a URL that names nobody, and what its body names is proven by nothing"
        case .unknownSender: "neither an integration nor a legacy row had it when it could be decided"
        case .undecided: "the database could not say whose it is: most likely a table that this role may not read"
        case .tokenRevoked: "its token was revoked"
        }
    }

    /// What ends it.
    package var remedy: String {
        switch self {
        case .instanceMismatch:
            "Give each instance its own URL at Evolution (hookgate tokens --verbose). If you know that the body is right: "
                + "hookgate quarantine release --trust-name EVENT"
        case .integrationDisabled: "Set enabled to true in healthcare.integrations, then: hookgate quarantine release"
        case .tokenRetired: "Set the present URL at Evolution (hookgate tokens); then: hookgate quarantine release"
        case .secondFactorMissing:
            "Give Evolution the second factor (hookgate integrations second-factor INSTANCE shows which), then: "
                + "hookgate quarantine release"
        case .noIntegration: "hookgate migrate, then: hookgate quarantine release"
        case .noClinic: "Set clinic_id in healthcare.integrations, then: hookgate quarantine release"
        case .duplicateInstance: "Keep one of them (hookgate check lists both), then: hookgate quarantine release"
        case .bodyRouted:
            "Give each instance its token URL at Evolution (hookgate webhooks switch), and switch a global webhook off there "
                + "(WEBHOOK_GLOBAL_ENABLED=false). If you know that the bodies are right: "
                + "hookgate quarantine release --reason body_routed --trust-name"
        case .unknownSender: "Add its integration, then: hookgate quarantine release; or discard them"
        case .undecided: "Grant this role SELECT on the legacy tables, then: hookgate quarantine release"
        case .tokenRevoked:
            "Discard them; or, if you know who sent them: hookgate quarantine release --trust-name EVENT"
        }
    }
}
