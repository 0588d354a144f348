import ArgumentParser
import HookgateCore

/// `--overrides FILE`, for every command that plans.
struct OverridesOption: ParsableArguments {
    @Option(
        name: .customLong("overrides"),
        help: ArgumentHelp(
            "A person's decisions, as YAML or JSON: INSTANCE: { clinic: ID } or INSTANCE: { exclude: REASON }.",
            valueName: "file"))
    var file: String?

    /// What the file says; nothing where none is given. A file that does not hold is wrong usage: exit 64.
    func decisions() throws -> MigrationDecisions {
        guard let file else { return .none }
        do throws(ConfigurationError) {
            return try DecisionsFile(path: file).decisions
        } catch {
            throw CommandFailure(error.description, status: .wrongUsage)
        }
    }
}
