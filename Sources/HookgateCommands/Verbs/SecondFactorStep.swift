import Fleet
import FoundationEssentials
import HookgateCore

/// From what was asked of a second factor to what was done: decide, show, ask, write, say what comes next.
struct SecondFactorStep {
    let factors: any SecondFactorUseCases
    let policy: SecondFactorPolicy
    let options: TokensCommand.ChangeOptions

    private var printer: SecondFactorPrinter {
        SecondFactorPrinter(policy: policy, isRevealed: options.reveal, isJSON: options.global.json)
    }

    func show(_ subject: String) async throws -> ExitStatus {
        try printer.show(try await factors.current(of: subject), at: TimeSource.system.now)
        return .done
    }

    func change(_ request: SecondFactorRequest, of subject: String) async throws -> ExitStatus {
        let clock = TimeSource.system
        let plan = try await factors.plan(request, for: subject, at: clock.now, random: Self.randomBytes())
        let printer = printer
        printer.announce(plan)
        guard !plan.changesNothing else {
            try printer.finish(plan, .unchanged)
            return .done
        }
        if options.dryRun {
            try printer.finish(plan, .dryRun)
            return .done
        }
        guard options.yes || Confirmation.ask("Do it?") else {
            try printer.finish(plan, .declined)
            return .attention
        }
        try await factors.carryOut(plan, actor: CommandActor.current, at: clock.now)
        try printer.finish(plan, .done)
        return .done
    }

    /// Each with its remedy.
    static func explain(_ error: SecondFactorError, subject: String) -> CommandFailure {
        switch error {
        case .unknown(let names):
            return TokenChangeStep.explain(.unknown(names), subject: subject)
        case .ambiguousName(let ids):
            return TokenChangeStep.explain(.ambiguousName(ids), subject: subject)
        case .nothingToCompare(let mode):
            return CommandFailure(
                "'\(mode.rawValue)' needs something to compare with, and \(subject) has neither a secret header nor a "
                    + "jwt_key. Make one: --header or --jwt", status: .attention)
        case .changedMeanwhile:
            return CommandFailure(
                "Somebody else has changed this second factor meanwhile; nothing was written. Look again: "
                    + "hookgate integrations second-factor \(subject)", status: .attention)
        }
    }

    private static func randomBytes() -> [UInt8] {
        var system = SystemRandomNumberGenerator()
        return (0..<MintedSecrets.randomByteCount).map { _ in UInt8.random(in: 0...255, using: &system) }
    }
}
