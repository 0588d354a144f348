package import FoundationEssentials

/// What a webhook's second factor turned out to be, the better first.
package enum SecondFactorOutcome: Int, Sendable, CaseIterable {
    /// There is nothing to compare with: neither the integration nor the installation has a secret.
    case unconfigured
    case satisfied
    /// Rightly signed and expired, as the late retries of one event are.
    case late
    case missing
    /// Expired for longer than Evolution tries.
    case expired
    case wrong

    /// Whether an event may go its way. Where nothing is configured nothing can be asked for: a mode alone must never
    /// hold back a whole fleet.
    package var holds: Bool {
        switch self {
        case .unconfigured, .satisfied, .late: true
        case .missing, .expired, .wrong: false
        }
    }

    /// One word for machines.
    package var word: String {
        switch self {
        case .unconfigured: "unconfigured"
        case .satisfied: "satisfied"
        case .late: "late"
        case .missing: "missing"
        case .expired: "expired"
        case .wrong: "wrong"
        }
    }

    /// The worse of two factors that must both hold.
    fileprivate func and(_ other: SecondFactorOutcome) -> SecondFactorOutcome {
        rawValue >= other.rawValue ? self : other
    }
}

/// What was decided of one webhook's second factor.
package struct SecondFactorJudgement: Sendable, Equatable {
    package let mode: SecondFactorMode
    package let outcome: SecondFactorOutcome

    package init(mode: SecondFactorMode, outcome: SecondFactorOutcome) {
        self.mode = mode
        self.outcome = outcome
    }

    /// Whether the event is held back for it.
    package var holdsBack: Bool { mode == .enforce && !outcome.holds }
}

/// What applies to every integration that says nothing else.
package struct SecondFactorPolicy: Sendable {
    package let mode: SecondFactorMode
    /// Signs bodies; counts for integrations that have no secret of their own.
    package let signatureKey: WebhookSignatureKey?

    package init(mode: SecondFactorMode = .observe, signatureKey: WebhookSignatureKey? = nil) {
        self.mode = mode
        self.signatureKey = signatureKey
    }

    /// Judges a webhook for an integration; nil where nobody is to look. Pure.
    /// - Parameters:
    ///   - signature: what the signature over the body came to; nil where no key is configured.
    ///   - header: the values of a header of the request, whatever the case of its name.
    package func judge(
        _ entry: RoutingEntry, signature: SecondFactorOutcome?, at now: Date, header: (String) -> [String]
    ) -> SecondFactorJudgement? {
        let mode = self.mode(for: entry)
        guard mode != .off else { return nil }
        guard let factor = entry.secondFactor, !factor.secrets.isEmpty else {
            return SecondFactorJudgement(mode: mode, outcome: signature ?? .unconfigured)
        }
        var outcome = factor.secrets.judge(at: now, header: header)
        if !outcome.holds, let retired = factor.retired, now < retired.end {
            let before = retired.secrets.judge(at: now, header: header)
            if before.holds { outcome = before }
        }
        // The installation's key is everybody's: it cannot stand in for a secret of one's own, but a signature that is
        // there and wrong says that the body was changed.
        if signature == .wrong { outcome = .wrong }
        return SecondFactorJudgement(mode: mode, outcome: outcome)
    }

    package func mode(for entry: RoutingEntry) -> SecondFactorMode {
        entry.secondFactor?.mode ?? mode
    }

    /// Whether a webhook without a second factor would be held back.
    package func enforces(_ entry: RoutingEntry) -> Bool {
        guard mode(for: entry) == .enforce else { return false }
        return signatureKey != nil || entry.secondFactor?.secrets.isEmpty == false
    }
}

extension FactorSecrets {
    /// All that is configured must hold.
    fileprivate func judge(at now: Date, header: (String) -> [String]) -> SecondFactorOutcome {
        var outcome = SecondFactorOutcome.unconfigured
        if let secret = self.header { outcome = outcome.and(secret.judge(header(secret.name.text))) }
        if let jwtKey { outcome = outcome.and(jwtKey.judge(header("authorization"), at: now)) }
        return outcome
    }
}
