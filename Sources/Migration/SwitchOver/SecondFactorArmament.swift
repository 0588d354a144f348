import FoundationEssentials
import HookgateCore

/// Makes second factors for switch-overs, and takes them back.
struct SecondFactorArmament: Sendable {
    let factors: any SecondFactorUseCases
    /// Who is at it, for the audit log.
    let actor: String

    /// What is to come along for an integration; nil where its server's release cannot send what is asked for.
    func aim(
        _ choice: SecondFactorChoice, for id: IntegrationID, release: () async throws -> EvolutionRelease
    ) async throws -> FactorAim? {
        var aim = FactorAim()
        aim.current = try await factors.current(of: id.text).secondFactor
        switch choice {
        case .nothing: return aim
        case .policy:
            aim.header = aim.current?.secrets.header?.name
            aim.wantsJWT = aim.current?.secrets.jwtKey != nil
            if aim.header == nil, !aim.wantsJWT { return aim }
            let release = try await release()
            // Nobody has asked for it now: what cannot be sent is left to `observe` and its counts.
            if !release.acceptsHeaders { aim.header = nil }
            if !release.signsWithJWT { aim.wantsJWT = false }
        case .header, .jwt, .both:
            aim.header = choice == .jwt ? nil : aim.current?.secrets.header?.name ?? .standard
            aim.wantsJWT = choice != .header
            let release = try await release()
            guard aim.header == nil || release.acceptsHeaders, !aim.wantsJWT || release.signsWithJWT else {
                return nil
            }
        }
        return aim
    }

    func plan(_ aim: FactorAim, of id: IntegrationID, at now: Date) async throws -> SecondFactorPlan {
        var request = SecondFactorRequest()
        request.header = aim.header
        request.mintsJWTKey = aim.wantsJWT
        var system = SystemRandomNumberGenerator()
        let random = (0..<MintedSecrets.randomByteCount).map { _ in UInt8.random(in: 0...255, using: &system) }
        return try await factors.plan(request, for: id.text, at: now, random: random)
    }

    /// - Returns: the headers that bring it.
    func carryOut(_ plan: SecondFactorPlan, at now: Date) async throws -> [EvolutionMember] {
        try await factors.carryOut(plan, actor: actor, at: now)
        return try plan.minted.evolutionHeaders.map { header in
            EvolutionMember(
                name: header.name, json: String(decoding: try JSONEncoder().encode(header.value), as: UTF8.self))
        }
    }

    /// Lets what counted before count again, unless a person has changed it since. What comes last with the one that
    /// goes passes for as long as Evolution retries.
    func takeBack(_ factor: SwitchOverFactor?, of id: IntegrationID, at now: Date) async throws {
        guard let factor, let entry = try await present(id), let current = entry.secondFactor,
            factor.made.contains(current.secrets.fingerprint)
        else { return }
        let end = now.addingTimeInterval(SecondFactorRequest.standardGrace / .seconds(1))
        let retired = SecondFactor.Retired(
            secrets: current.secrets, end: Date(timeIntervalSince1970: end.timeIntervalSince1970.rounded(.up)))
        let replacement = factor.before.map { before in
            SecondFactor(
                mode: before.mode, secrets: before.secrets, retired: before.secrets.isEmpty ? nil : retired)
        }
        let plan = SecondFactorPlan(
            entry: entry,
            change: SecondFactorChange(integrationID: id, expected: current, replacement: replacement),
            minted: .nothing)
        try await factors.carryOut(plan, actor: actor, at: now)
    }

    /// Nil when the integration is gone, and its second factor with it.
    private func present(_ id: IntegrationID) async throws -> RoutingEntry? {
        do {
            return try await factors.current(of: id.text)
        } catch SecondFactorError.unknown {
            return nil
        }
    }
}

extension SecondFactorPlan {
    /// What the journal keeps of it: what there was before the first of several tries, and each that was made.
    func noted(in factor: SwitchOverFactor?) -> SwitchOverFactor {
        var noted = factor ?? SwitchOverFactor(before: change.expected, made: [])
        if let made = change.replacement?.secrets.fingerprint { noted.made.append(made) }
        return noted
    }
}
