import FoundationEssentials
import HookgateCore

/// Makes new tokens on our side, for a rotation that is then carried to Evolution.
struct TokenRenewal: Sendable {
    let ledger: any TokenLedger
    let base: PublicURL

    /// A new token; the one before passes for the grace time.
    func renew(_ target: SwitchOverTarget, grace: Duration, at now: Date) async throws -> SwitchOverTarget {
        var system = SystemRandomNumberGenerator()
        let random = (0..<WebhookToken.randomByteCount).map { _ in UInt8.random(in: 0...255, using: &system) }
        let token = WebhookToken(randomBytes: random)
        guard let holding = try await ledger.holdings(of: target.integrationID).first,
            holding.current == target.token.digest,
            try await ledger.write(
                .rotation(of: holding, to: token, grace: grace, at: now), base: base, at: now)
        else { throw SwitchOverError.tokenChanged(target.instance) }
        return SwitchOverTarget(
            instance: target.instance, integrationID: target.integrationID, title: target.title, token: token)
    }

    /// Whether it is a token before the current one that still passes: then a rotation has begun and Evolution does
    /// not know of it yet.
    func isInGrace(_ token: String, of target: SwitchOverTarget, at now: Date) async throws -> Bool {
        let digest = TokenDigest(of: token)
        return try await ledger.holdings(of: target.integrationID).first?.inGrace(at: now)
            .contains { $0.digest == digest } ?? false
    }
}

extension SwitchOverService {
    enum Renewed {
        /// The token's URL is to be set.
        case goOn(SwitchOverTarget)
        case end(SwitchOverTarget, SwitchOverOutcome)
    }

    /// A new token for an instance, unless one was made that Evolution does not have yet, or that no event has come on.
    func renewed(
        _ target: SwitchOverTarget, on server: any EvolutionServer, grace: Duration, _ entry: SwitchOverEntry?,
        _ options: SwitchOverOptions
    ) async throws -> Renewed {
        let there = try await server.loadedWebhook(of: target.instance).effective
        let isMade = options.rotatedFrom.map { $0 != target.token.digest.fingerprint } ?? false
        guard there.isEnabled, case .token(let token) = WebhookURLKind(there.url, instance: target.instance) else {
            guard !options.isDryRun else { return .end(target, .wouldRotate) }
            if isMade { return .end(target, .rotatedHere) }
            return .end(try await renewal.renew(target, grace: grace, at: time.now), .rotatedHere)
        }
        let url = publicURL.webhookURL(token: target.token)
        let isUnderWay =
            entry.map { $0.kind == .rotation && $0.state.isOpen && ($0.state != .configured || $0.isOurs(url)) }
            ?? false
        let isBehind = try await renewal.isInGrace(token, of: target, at: time.now)
        if isMade || isUnderWay || isBehind { return .goOn(target) }
        guard !options.isDryRun else { return .end(target, .wouldRotate) }
        return .goOn(try await renewal.renew(target, grace: grace, at: time.now))
    }
}
