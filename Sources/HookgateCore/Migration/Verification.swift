/// How one instance stands against the legacy rows it came from.
package struct InstanceVerification: Sendable, Equatable {
    package enum Outcome: Sendable, Equatable {
        /// Every field matches, apart from those a person edited since.
        case verified
        /// At least one field, or a token, or a route is not what it must be.
        case mismatch
        /// Nothing stands in the way of this instance, and it has no integration.
        case missing
        /// A person must decide first; the plan says what.
        case undecided(String)
        /// Left out by a person's decision.
        case excluded
    }

    package let name: InstanceName
    package let integrationID: IntegrationID?
    package let outcome: Outcome
    package let findings: [Finding]

    package init(name: InstanceName, integrationID: IntegrationID?, outcome: Outcome, findings: [Finding]) {
        self.name = name
        self.integrationID = integrationID
        self.outcome = outcome
        self.findings = findings
    }
}

/// One thing that verification found of an instance.
package enum Finding: Sendable, Equatable {
    case mismatch(FieldDifference)
    /// The integration differs while its legacy row did not change: somebody's edit, which stays.
    case edited(FieldDifference)
    /// A person said that the difference is meant to be, and why.
    case accepted(FieldDifference, reason: String)
    case tokenMissing
    case tokenMalformed
    case tokenShared
    /// The legacy route leads elsewhere than to this integration.
    case instanceRoute(RouteFault)
    /// The token route leads elsewhere than to this integration.
    case tokenRoute(RouteFault)

    /// Whether it is an edit that no person has accepted yet.
    package var isOpenEdit: Bool {
        if case .edited = self { true } else { false }
    }

    package var isFault: Bool {
        switch self {
        case .edited, .accepted: false
        case .mismatch, .tokenMissing, .tokenMalformed, .tokenShared, .instanceRoute, .tokenRoute: true
        }
    }
}

package enum RouteFault: Sendable, Equatable {
    case leadsNowhere
    case leadsTo(IntegrationID)
    case leadsToClinic(ClinicID?)
    case isDuplicate
}

/// One field on its three sides.
package struct FieldDifference: Sendable, Equatable {
    package let field: MappedField
    /// What the legacy row said when it was carried over; nil when no run carried it.
    package let seen: String?
    /// What the legacy row says now.
    package let legacy: String?
    /// What the integration has.
    package let integration: String?

    package init(field: MappedField, seen: String?, legacy: String?, integration: String?) {
        self.field = field
        self.seen = seen
        self.legacy = legacy
        self.integration = integration
    }
}

extension InstanceVerification {
    /// The same result with the differences that a person accepted counted as edits.
    package func accepting(_ reasons: [MappedField: String]) -> InstanceVerification {
        guard !reasons.isEmpty else { return self }
        let findings = findings.map { finding in
            switch finding {
            case .mismatch(let difference), .edited(let difference):
                reasons[difference.field].map { .accepted(difference, reason: $0) } ?? finding
            default: finding
            }
        }
        let isCleared = outcome == .mismatch && !findings.contains(where: \.isFault)
        return InstanceVerification(
            name: name, integrationID: integrationID, outcome: isCleared ? .verified : outcome, findings: findings)
    }
}

/// The totals of a verification.
package struct VerificationSummary: Sendable, Equatable, Codable {
    package var verified = 0
    /// Verified instances with at least one edited field.
    package var withEdits = 0
    /// Those among them with an edit that nobody has accepted.
    package var withOpenEdits = 0
    package var mismatched = 0
    package var missing = 0
    package var undecided = 0
    package var excluded = 0

    package init() {}

    package mutating func count(_ result: InstanceVerification) {
        switch result.outcome {
        case .verified:
            verified += 1
            if !result.findings.isEmpty { withEdits += 1 }
            if result.findings.contains(where: \.isOpenEdit) { withOpenEdits += 1 }
        case .mismatch: mismatched += 1
        case .missing: missing += 1
        case .undecided: undecided += 1
        case .excluded: excluded += 1
        }
    }

    package var total: Int { verified + mismatched + missing + undecided + excluded }

    /// Whether every instance is verified or left out on purpose.
    package var holds: Bool { mismatched == 0 && missing == 0 && undecided == 0 }
}

extension Finding: CustomStringConvertible {
    /// A sentence for people; secret values are masked.
    package var description: String {
        switch self {
        case .mismatch(let difference): difference.description
        case .edited(let difference): "edited: \(difference)"
        case .accepted(let difference, let reason): "edited: \(difference); accepted: \(reason)"
        case .tokenMissing: "it has no webhook token: run `hookgate schema apply`"
        case .tokenMalformed: "its webhook token is none: rotate it"
        case .tokenShared: "its webhook token is another integration's too: rotate both"
        case .instanceRoute(let fault): "by instance name, \(fault)"
        case .tokenRoute(let fault): "by token, \(fault)"
        }
    }
}

extension RouteFault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .leadsNowhere: "a webhook finds no integration"
        case .leadsTo(let id): "a webhook finds integration \(id) instead"
        case .leadsToClinic(let id): "a webhook finds clinic \(id?.text ?? "none") instead"
        case .isDuplicate: "a webhook finds several integrations"
        }
    }
}

extension FieldDifference: CustomStringConvertible {
    package var description: String {
        "\(field.name) is \(field.shown(integration)) here and \(field.shown(legacy)) in the legacy tables"
            + (seen.map { $0 == legacy ?? "" ? "" : " (was \(field.shown($0)) when it was migrated)" } ?? "")
    }
}
