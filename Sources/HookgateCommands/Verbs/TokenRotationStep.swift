import Fleet
import FoundationEssentials
import HookgateCore
import Migration

/// A rotation of tokens that is carried to Evolution: ask, then make, set, read back and wait, instance by instance.
struct TokenRotationStep {
    let command: TokensCommand.Rotate
    let grace: Duration

    func run(_ configuration: Configuration) async throws -> ExitStatus {
        let servers = try EvolutionServers.configured(configuration)
        let change = command.options
        return try await Database.use(configuration) { database in
            let service = database.switchOver(configuration, servers)
            let targets = try await service.targets(try await names(database), among: database.tokens)
            try command.rehearsal.check(configuration, targets)
            let question = "Give \(targets.count) instances new tokens, and set their URLs at Evolution?"
            guard change.dryRun || change.yes || Confirmation.ask(question) else {
                StandardStream.error.line("Declined: nothing was changed. Without being asked: --yes")
                return .attention
            }
            var options = SwitchOverOptions()
            options.isDryRun = change.dryRun
            options.pace = command.pace
            options.eventWait = command.waitForEvent.duration
            options.rotationGrace = grace
            let printer = SwitchOverPrinter(
                title: "Rotation", isDryRun: change.dryRun, isJSON: change.global.json)
            let results = try await service.switchOver(targets, run: RunID.random(), options: options) {
                printer.show($0)
            }
            return try printer.finish(results, closing: [ending])
        }
    }

    private var ending: String {
        grace > .zero
            ? "The tokens before pass for \(command.grace) from the change on; then their events are quarantined."
            : "The tokens before are refused from now on."
    }

    /// An integration's id stands for its instance.
    private func names(_ database: Database) async throws -> [String] {
        guard let subject = command.instance else { return [] }
        guard try await database.tokens.holdings(named: InstanceName(subject)).isEmpty,
            let id = IntegrationID(subject),
            let name = try await database.tokens.holdings(of: id).first?.instanceName
        else { return [subject] }
        return [name.text]
    }
}
