import FoundationEssentials
import HookgateCore

/// A rotation of one integration's token, as another replica can go on with it: with the token that was made, if one was.
struct RotationJob: LeasedJob {
    static let kind = "rotation"

    /// Where the new token is set at Evolution as well.
    struct AtEvolution: Sendable, Codable {
        let instance: InstanceName
        let run: RunID
        let eventWait: Duration
        let isRehearsal: Bool
    }

    let beginning: RotationReport
    /// Nil where no server is configured.
    let atEvolution: AtEvolution?

    func report(_ summary: RotationReport?) -> RotationReport { summary ?? self.beginning }

    static func summary(of report: RotationReport) -> RotationReport { report }

    func isPossible(with parts: ConsoleParts) -> Bool {
        parts.tokens != nil && (self.atEvolution == nil || parts.switchOver != nil)
    }

    func carryOut(
        _ parts: ConsoleParts, by actor: String, isResumed: Bool, update: @escaping LongWork<RotationReport>.Update
    ) async throws {
        guard let atEvolution else { return try await self.rotateHere(parts, actor, isResumed: isResumed) }
        let useCases = try SwitchOverDeeds.parts(parts).useCases(actor)
        let target = try await Self.target(
            atEvolution.instance, self.beginning.integration, isRehearsal: atEvolution.isRehearsal, parts, useCases)
        var options = SwitchOverOptions()
        options.isDryRun = self.beginning.isDryRun
        options.eventWait = atEvolution.eventWait
        options.rotationGrace = self.beginning.grace
        // Whoever had it before may have made the new token already; a second one would be one too many.
        options.rotatedFrom = isResumed ? self.beginning.before : nil
        let results = try await useCases.switchOver([target], run: atEvolution.run, options: options) { event in
            update { $0.take(event) }
        }
        if let result = results.first { update { $0.outcome = RotationReport.Outcome(result.outcome) } }
    }

    /// The one instance that Evolution knows the integration by.
    static func target(
        _ instance: InstanceName?, _ id: IntegrationID, isRehearsal: Bool, _ parts: ConsoleParts,
        _ useCases: any SwitchOverUseCases
    ) async throws -> SwitchOverTarget {
        var targets: [SwitchOverTarget] = []
        if let instance { targets = try await useCases.targets([instance]) }
        guard let target = targets.first, target.integrationID == id else {
            throw ConsoleError.unprocessable(
                "Evolution knows instances by name: no single integration with a valid token has this one's.")
        }
        try SwitchOverDeeds.checkURL(parts, isRehearsal: isRehearsal, targets)
        return target
    }

    /// On our side alone. The ledger writes it down itself.
    private func rotateHere(_ parts: ConsoleParts, _ actor: String, isResumed: Bool) async throws {
        guard let tokens = parts.tokens else { throw ConsoleError.nothingHere }
        let (ledger, now) = (tokens.ledger(actor), parts.time.now)
        guard let holding = try await ledger.holdings(of: self.beginning.integration).first else {
            throw TokenDeeds.missing
        }
        guard holding.current?.fingerprint == self.beginning.before else {
            // One statement made it, and only the word of it was lost.
            if isResumed { return }
            throw TokenDeeds.changed
        }
        guard !self.beginning.isDryRun else { return }
        let plan = TokenPlan.rotation(of: holding, grace: self.beginning.grace, at: now, random: TokenDeeds.random())
        guard try await ledger.write(plan.change, base: tokens.statedURL, at: now) else { throw TokenDeeds.changed }
    }
}
