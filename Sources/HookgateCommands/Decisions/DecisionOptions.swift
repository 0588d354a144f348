import ArgumentParser
import HookgateCore

/// What a person decides on the command line, for every command that plans: `--overrides`, `--only`, `--exclude`,
/// `--organization`.
struct DecisionOptions: ParsableArguments {
    @Option(
        name: .customLong("overrides"),
        help: ArgumentHelp(
            "A person's decisions, as YAML or JSON: INSTANCE: { clinic: ID }, { accept: { FIELD: REASON } } or "
                + "{ exclude: REASON }.",
            valueName: "file"))
    var file: String?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Look at these instances alone; every other one stays as it is.", valueName: "name"))
    var only: [String] = []

    @Option(
        parsing: .upToNextOption, help: ArgumentHelp("Leave these instances out.", valueName: "name"))
    var exclude: [String] = []

    @Option(help: ArgumentHelp("Look at instances of this organization alone. May be repeated.", valueName: "id"))
    var organization: [String] = []

    /// Runs a body with the decisions. One that names what is not there is wrong usage: exit 64, with its place.
    func withDecisions<Success>(
        _ body: (MigrationDecisions) async throws -> Success
    ) async throws -> Success {
        let file = try decisionsFile()
        let decisions = try complete(file?.decisions ?? .none)
        do {
            return try await body(decisions)
        } catch MigrationError.decisions(let faults) {
            let lines = faults.map { "\(place(of: $0, in: file)): \($0)" }
            throw CommandFailure(lines.joined(separator: "\n"), status: .wrongUsage)
        }
    }

    private func decisionsFile() throws -> DecisionsFile? {
        guard let file else { return nil }
        do throws(ConfigurationError) {
            return try DecisionsFile(path: file)
        } catch {
            throw CommandFailure(error.description, status: .wrongUsage)
        }
    }

    private func complete(_ decisions: MigrationDecisions) throws -> MigrationDecisions {
        var decisions = decisions
        for name in exclude { decisions.excluded[InstanceName(name)] = "left out with --exclude" }
        decisions.scope.only = Set(only.map { InstanceName($0) })
        for text in organization {
            guard let id = OrganizationID(text) else {
                throw CommandFailure("--organization: \(text) is not a UUID", status: .wrongUsage)
            }
            decisions.scope.organizations.insert(id)
        }
        return decisions
    }

    private func place(of fault: DecisionFault, in file: DecisionsFile?) -> String {
        guard let instance = fault.instance else { return "--organization" }
        if only.contains(where: { InstanceName($0) == instance }) { return "--only" }
        if exclude.contains(where: { InstanceName($0) == instance }) { return "--exclude" }
        return file?.places[instance] ?? "--overrides"
    }
}
