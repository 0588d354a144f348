package import FoundationEssentials

/// One integration as whoever changes its tokens sees it: with every token that is known of it.
package struct TokenHolding: Sendable, Equatable {
    /// A token of the ledger, current, in grace or revoked.
    package struct Held: Sendable, Equatable {
        package let digest: TokenDigest
        package let standing: TokenStanding

        package init(digest: TokenDigest, standing: TokenStanding) {
            self.digest = digest
            self.standing = standing
        }
    }

    package let integrationID: IntegrationID
    package let instanceName: InstanceName?
    /// What people call it.
    package let title: String
    /// The token in the row itself; nil where it has none.
    package let current: TokenDigest?
    /// What the ledger has of this integration. A token that several rows hold is nobody's there.
    package let tokens: [Held]

    package init(
        integrationID: IntegrationID, instanceName: InstanceName?, title: String, current: TokenDigest?,
        tokens: [Held]
    ) {
        self.integrationID = integrationID
        self.instanceName = instanceName
        self.title = title
        self.current = current
        self.tokens = tokens
    }

    /// The tokens that let a webhook pass at this instant beside the current one.
    package func inGrace(at now: Date) -> [Held] {
        tokens.filter { if case .grace(let end) = $0.standing { now < end } else { false } }
    }
}

/// A change of one integration's tokens, decided and not yet written.
package struct TokenChange: Sendable, Equatable {
    /// Why it is made.
    package enum Kind: String, Sendable {
        case rotation = "rotate"
        case revocation = "revoke"
    }

    package let kind: Kind
    package let integrationID: IntegrationID
    /// The current token that the decision was made on; it is written only while this is so.
    package let expected: TokenDigest?
    /// What replaces the current token; nil leaves it.
    package let replacement: Replacement?
    /// Tokens that end at once, beside the current one.
    package let revoked: [TokenDigest]

    package struct Replacement: Sendable, Equatable {
        package let token: WebhookToken
        /// Until when the one before passes; nil ends it at once.
        package let graceUntil: Date?

        package init(token: WebhookToken, graceUntil: Date?) {
            self.token = token
            self.graceUntil = graceUntil
        }

        package static func == (left: Replacement, right: Replacement) -> Bool {
            left.token.digest == right.token.digest && left.graceUntil == right.graceUntil
        }
    }

    package init(
        _ kind: Kind, integrationID: IntegrationID, expected: TokenDigest?, replacement: Replacement?,
        revoked: [TokenDigest]
    ) {
        self.kind = kind
        self.integrationID = integrationID
        self.expected = expected
        self.replacement = replacement
        self.revoked = revoked
    }
}

extension TokenChange {
    /// Every token that ends at once.
    package var ended: [TokenDigest] {
        guard let replacement, replacement.graceUntil == nil, let expected else { return revoked }
        return [expected] + revoked
    }

    /// A new token; the one before passes for the grace time.
    package static func rotation(
        of holding: TokenHolding, to token: WebhookToken, grace: Duration, at now: Date
    ) -> TokenChange {
        let end = grace > .zero ? now.addingTimeInterval(grace / .seconds(1)) : nil
        return TokenChange(
            .rotation, integrationID: holding.integrationID, expected: holding.current,
            replacement: Replacement(token: token, graceUntil: end), revoked: [])
    }
}
