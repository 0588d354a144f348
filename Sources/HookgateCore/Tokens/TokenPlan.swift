package import FoundationEssentials

/// What would be done to one integration's tokens: decided, and not yet written. Pure.
package struct TokenPlan: Sendable, Equatable {
    package let holding: TokenHolding
    package let change: TokenChange
    /// Tokens other than the current one that go on passing, with their ends.
    package let stillInGrace: [TokenHolding.Held]

    /// A new token; the one before passes for the grace time.
    /// - Parameter random: 32 bytes for the new token.
    package static func rotation(
        of holding: TokenHolding, grace: Duration, at now: Date, random: [UInt8]
    ) -> TokenPlan {
        TokenPlan(
            holding: holding,
            change: .rotation(of: holding, to: WebhookToken(randomBytes: random), grace: grace, at: now),
            stillInGrace: holding.inGrace(at: now))
    }

    /// Ends all of an integration's tokens at once, or one of them. A current token is replaced, because an integration
    /// is never without one.
    /// - Parameter only: one of the holding's tokens; nil for all.
    package static func revocation(
        of holding: TokenHolding, only: TokenHolding.Held?, at now: Date, random: [UInt8]
    ) -> TokenPlan {
        let inGrace = holding.tokens.filter { if case .grace = $0.standing { true } else { false } }
        let replacement = TokenChange.Replacement(token: WebhookToken(randomBytes: random), graceUntil: nil)
        guard let only else {
            return TokenPlan(
                holding: holding,
                change: TokenChange(
                    .revocation, integrationID: holding.integrationID, expected: holding.current,
                    replacement: replacement, revoked: inGrace.map(\.digest)), stillInGrace: [])
        }
        let isCurrent = only.standing == .current
        return TokenPlan(
            holding: holding,
            change: TokenChange(
                .revocation, integrationID: holding.integrationID, expected: holding.current,
                replacement: isCurrent ? replacement : nil, revoked: isCurrent ? [] : [only.digest]),
            stillInGrace: holding.inGrace(at: now).filter { $0.digest != only.digest })
    }
}
