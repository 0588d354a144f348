package import FoundationEssentials
package import HookgateCore

/// Shows and changes second factors; see ``SecondFactorUseCases``.
package struct SecondFactorKeeper: SecondFactorUseCases {
    private let store: any SecondFactorStore
    private let policy: SecondFactorPolicy

    package init(store: any SecondFactorStore, policy: SecondFactorPolicy) {
        self.store = store
        self.policy = policy
    }

    package func current(of subject: String) async throws -> RoutingEntry {
        let found = try await self.store.integrations(named: InstanceName(subject))
        if found.count > 1 { throw SecondFactorError.ambiguousName(found.map(\.integrationID)) }
        if let entry = found.first { return entry }
        if let id = IntegrationID(subject), let entry = try await self.store.integration(id) { return entry }
        throw SecondFactorError.unknown(try await self.store.instanceNames())
    }

    package func plan(
        _ request: SecondFactorRequest, for subject: String, at now: Date, random: [UInt8]
    ) async throws -> SecondFactorPlan {
        let entry = try await self.current(of: subject)
        let before = request.clears ? nil : entry.secondFactor
        let minted = MintedSecrets(header: request.header, mintsJWTKey: request.mintsJWTKey, random: random)
        let mode: SecondFactorMode? =
            switch request.mode {
            case .keep: before?.mode
            case .set(let mode): mode
            }
        let secrets = FactorSecrets(
            header: minted.header.map { SecretHeader(name: $0.name, value: $0.value) } ?? before?.secrets.header,
            jwtKey: minted.jwtKey ?? before?.secrets.jwtKey)
        try self.check(mode, secrets)
        let retired = minted.isEmpty ? before?.retired : Self.retired(before, for: request.grace, at: now)
        let isNothing = mode == nil && secrets.isEmpty
        return SecondFactorPlan(
            entry: entry,
            change: SecondFactorChange(
                integrationID: entry.integrationID, expected: entry.secondFactor,
                replacement: isNothing ? nil : SecondFactor(mode: mode, secrets: secrets, retired: retired)),
            minted: minted)
    }

    package func carryOut(_ plan: SecondFactorPlan, actor: String, at now: Date) async throws {
        guard try await self.store.write(plan.change, actor: actor, at: now) else {
            throw SecondFactorError.changedMeanwhile
        }
    }

    private func check(_ mode: SecondFactorMode?, _ secrets: FactorSecrets) throws {
        guard let mode, mode != .off, secrets.isEmpty, self.policy.signatureKey == nil else { return }
        throw SecondFactorError.nothingToCompare(mode)
    }

    /// What goes on counting when new secrets come. Secrets that are in their grace already give way to those before.
    private static func retired(
        _ before: SecondFactor?, for grace: Duration, at now: Date
    ) -> SecondFactor.Retired? {
        guard let before, !before.secrets.isEmpty, grace > .zero else { return nil }
        // Whole seconds: what is written is what is read.
        let end = (now.timeIntervalSince1970 + Double(grace.components.seconds)).rounded(.up)
        return SecondFactor.Retired(secrets: before.secrets, end: Date(timeIntervalSince1970: end))
    }
}
