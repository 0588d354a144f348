package import FoundationEssentials
package import HookgateCore

/// `hookgate tokens rotate` and `tokens revoke`: finds whom they mean, decides what changes, and writes it.
///
/// Deciding and writing are apart, so that a person is asked in between, and a change made meanwhile by somebody else
/// is not run over.
package struct TokenKeeper: Sendable {
    package typealias Plan = TokenPlan

    private let ledger: any TokenLedger

    package init(ledger: any TokenLedger) {
        self.ledger = ledger
    }

    /// Decides on a new token; the one before passes for the grace time.
    /// - Parameter random: 32 bytes for the new token.
    package func rotation(
        of subject: String, grace: Duration, at now: Date, random: [UInt8]
    ) async throws -> Plan {
        .rotation(
            of: try await self.find(subject, fingerprints: false).holding, grace: grace, at: now, random: random)
    }

    /// Decides what ends at once: all of an instance's tokens, or the one with the fingerprint. A current token is
    /// replaced, because an integration is never without one.
    package func revocation(of subject: String, at now: Date, random: [UInt8]) async throws -> Plan {
        let (holding, only) = try await self.find(subject, fingerprints: true)
        if let only, only.standing == .revoked {
            throw TokenKeeperError.alreadyRevoked(only.digest.fingerprint)
        }
        return .revocation(of: holding, only: only, at: now, random: random)
    }

    /// Writes what was decided, unless somebody else has changed the token meanwhile.
    package func carryOut(_ plan: Plan, base: PublicURL?, at now: Date) async throws {
        guard try await self.ledger.write(plan.change, base: base, at: now) else {
            throw TokenKeeperError.changedMeanwhile
        }
    }

    /// An instance by its exact name or its integration's id; where asked for, also a token by its fingerprint.
    private func find(
        _ subject: String, fingerprints: Bool
    ) async throws -> (holding: TokenHolding, only: TokenHolding.Held?) {
        var found = try await self.ledger.holdings(named: InstanceName(subject))
        if found.isEmpty, let id = IntegrationID(subject) { found = try await self.ledger.holdings(of: id) }
        if found.count > 1 { throw TokenKeeperError.ambiguousName(found.map(\.integrationID)) }
        if let holding = found.first { return (holding, nil) }
        if fingerprints, Self.isFingerprint(subject) {
            let holders = try await self.ledger.holdings(fingerprint: subject)
            let matches = holders.flatMap { holding in
                holding.tokens.filter { $0.digest.fingerprint == subject }.map { (holding, $0) }
            }
            if matches.count > 1 { throw TokenKeeperError.ambiguousFingerprint }
            if let match = matches.first { return (match.0, match.1) }
        }
        throw TokenKeeperError.unknown(try await self.ledger.instanceNames())
    }

    private static func isFingerprint(_ text: String) -> Bool {
        text.utf8.count == 8 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}

/// Why tokens are not changed.
package enum TokenKeeperError: Error, Equatable {
    /// Neither an instance's name, nor an id, nor a fingerprint; with the names there are.
    case unknown([InstanceName])
    case ambiguousName([IntegrationID])
    case ambiguousFingerprint
    case alreadyRevoked(String)
    case changedMeanwhile
}
