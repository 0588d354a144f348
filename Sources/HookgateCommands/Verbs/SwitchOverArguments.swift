import ArgumentParser
import FoundationEssentials
import HookgateCore
import Migration

/// A share on the command line: `5%` or `12.5%`.
struct PercentArgument: ExpressibleByArgument {
    let share: Double

    init?(argument: String) {
        guard argument.hasSuffix("%"), let percent = Double(argument.dropLast()), percent > 0, percent <= 100 else {
            return nil
        }
        self.share = percent / 100
    }
}

/// The escape for rehearsals against the simulator.
struct RehearsalOption: ParsableArguments {
    @Flag(
        help: ArgumentHelp(
            "Allow a public URL on this machine, without https: for rehearsals with Evolution servers here alone."
        ))
    var rehearsal = false

    /// Refuses what no server may be pointed at.
    func check(_ configuration: Configuration, _ targets: [SwitchOverTarget]) throws {
        if rehearsal {
            guard configuration.evolutionServers.allSatisfy({ PublicURL.isLoopback($0.url) }) else {
                throw CommandFailure(
                    "--rehearsal is for Evolution servers on this machine (see docs/simulator.md), and one of the "
                        + "configured servers is elsewhere. Leave the flag out.", status: .wrongUsage)
            }
            return
        }
        let longest = targets.max { $0.token.secretText.count < $1.token.secretText.count }
        guard let longest, let flaw = configuration.publicURL.switchOverFlaw(token: longest.token) else { return }
        throw CommandFailure(
            "The public URL \(configuration.publicURL.text) cannot be set at Evolution: \(flaw). "
                + "(For a rehearsal on this machine alone: --rehearsal)", status: .wrongUsage)
    }
}

extension SecondFactorChoice: ExpressibleByArgument {}

extension RunID {
    /// A run that is about to begin.
    static func random() -> RunID { RunID(UUID()) }
}

extension SwitchOverService {
    /// The targets with these names, or all; a name that is none of them is said with the one that may be meant.
    func targets(_ names: [String], among tokens: any TokenLedger) async throws -> [SwitchOverTarget] {
        guard !names.isEmpty else { return try await targets(nil) }
        let wanted = names.map { InstanceName($0) }
        let found = try await targets(wanted)
        guard let missing = Set(wanted).subtracting(found.map(\.instance)).min() else { return found }
        let nearest = Nearest.match(for: missing.text, among: try await tokens.instanceNames().map(\.text))
        let suggestion = nearest.map { $0 == missing.text ? "" : " Did you mean '\($0)'?" } ?? ""
        throw CommandFailure(
            "No single integration with a valid token has the instance name '\(missing)'.\(suggestion) "
                + "See: hookgate check")
    }
}
