import HookgateCore
import Synchronization

/// The secret header of a new integration's webhook. Its value is nowhere but at Evolution and, while one run lasts, in
/// here: whoever goes on after a crash recognises it there by its digest, or makes a new one.
final class HeaderSecret: Sendable {
    private let factors: any SecondFactorUseCases
    private let policy: SecondFactorPolicy
    private let integration: IntegrationID
    private let actor: String
    private let time: TimeSource
    private let random: @Sendable (Int) -> [UInt8]
    private let minted = Mutex<EvolutionMember?>(nil)

    init(
        factors: any SecondFactorUseCases, policy: SecondFactorPolicy, integration: IntegrationID, actor: String,
        time: TimeSource, random: @escaping @Sendable (Int) -> [UInt8]
    ) {
        self.factors = factors
        self.policy = policy
        self.integration = integration
        self.actor = actor
        self.time = time
        self.random = random
    }

    /// The header that must stand there; nil where the installation asks for none, or signs bodies instead.
    func member(among there: [EvolutionMember]) async throws -> EvolutionMember? {
        let entry = try await factors.current(of: integration.text)
        guard policy.mode(for: entry) != .off, policy.signatureKey == nil else { return nil }
        if let known = entry.secondFactor?.secrets.header {
            let candidates = there + [minted.withLock { $0 }].compactMap(\.self)
            if let member = candidates.first(where: { Self.is($0, known) }) { return member }
        }
        var request = SecondFactorRequest()
        request.header = .standard
        let plan = try await factors.plan(
            request, for: integration.text, at: time.now, random: random(MintedSecrets.randomByteCount))
        try await factors.carryOut(plan, actor: actor, at: time.now)
        // A value of base64url needs no escaping.
        let member = plan.minted.header.map { EvolutionMember(name: $0.name.text, json: "\"\($0.value)\"") }
        minted.withLock { $0 = member }
        return member
    }

    private static func `is`(_ member: EvolutionMember, _ known: SecretHeader) -> Bool {
        guard member.name.lowercased() == known.name.text.lowercased(), member.json.hasPrefix("\""),
            member.json.hasSuffix("\""), member.json.utf8.count > 1
        else { return false }
        return SecretHeader(name: known.name, value: String(member.json.dropFirst().dropLast())) == known
    }
}
