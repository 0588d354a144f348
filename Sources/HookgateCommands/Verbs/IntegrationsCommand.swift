import ArgumentParser
import Fleet
import HookgateCore

/// `hookgate integrations`: the life of integrations, from the first QR code to the deletion.
struct IntegrationsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "integrations",
        abstract: "Make, connect, switch off and delete integrations, and show what there is.",
        discussion: """
            Examples:
              hookgate integrations list --status disconnected
              hookgate integrations create 3fa85f64-5717-4562-b3fc-2c963f66afa6
              hookgate integrations connect clinic-3fa85f64-5717-4562-b3fc-2c963f66afa6
            """,
        subcommands: [
            List.self, Show.self, Create.self, Connect.self, Enable.self, Disable.self, Delete.self,
            SecondFactorVerb.self,
        ]
    )
}

/// How the verbs of one integration begin and fail.
enum IntegrationStep {
    /// Each with its remedy.
    static func explain(_ error: IntegrationError, subject: String) -> CommandFailure {
        switch error {
        case .unknown(let names): return TokenChangeStep.explain(.unknown(names), subject: subject)
        case .ambiguousName(let ids): return TokenChangeStep.explain(.ambiguousName(ids), subject: subject)
        case .noInstanceName:
            return CommandFailure(
                "The integration \(subject) names no instance in its config. See: hookgate explain \(subject)")
        case .withoutToken(let id):
            return CommandFailure("The integration \(id) has no valid token. Make one: hookgate schema apply")
        case .clinicUnknown(let id):
            return CommandFailure(
                "No table of clinics has \(id). Check the id; where clinics are kept elsewhere, name the organization: "
                    + "--organization UUID")
        case .organizationUnknown(let id):
            return CommandFailure("The clinic \(id) has no organization. Name it: --organization UUID")
        case .clinicOfOther(let organization):
            return CommandFailure(
                "The clinic belongs to the organization \(organization). Leave --organization out.",
                status: .attention)
        case .labelInvalid(let label):
            return CommandFailure(
                "--label '\(label)' cannot end an instance's name: lower-case letters, digits and hyphens between them, "
                    + "at most \(InstanceNaming.longestLabel).", status: .wrongUsage)
        case .nameOfOther(let name, let id):
            return CommandFailure(
                "'\(name)' is the instance of another clinic's integration, \(id). Give this one a --label.",
                status: .attention)
        case .serverUnknown(let name, let names):
            return CommandFailure(
                "No Evolution server is configured as '\(name)'. Configured are: \(names.joined(separator: ", "))",
                status: .wrongUsage)
        case .serverMissing(let names) where names.isEmpty: return EvolutionServers.missing
        case .serverMissing(let names):
            return CommandFailure(
                "Several Evolution servers are configured. Choose one: --server \(names.joined(separator: " | "))",
                status: .wrongUsage)
        case .instanceMissing(let name):
            return CommandFailure(
                "No configured Evolution server has the instance '\(name)'. Make it anew: hookgate integrations create",
                status: .attention)
        case .onSeveralServers(let names):
            return CommandFailure(
                "More than one server has the instance (\(names.joined(separator: ", "))). Delete it where it is not in "
                    + "use.", status: .attention)
        case .server(let name, let failure):
            return CommandFailure("Evolution server \(name): \(failure). Nothing was changed.")
        case .busy(let name):
            return CommandFailure(
                "Another process is at '\(name)' and has not finished. Look again in a minute.", status: .attention)
        case .deleting(let name):
            return CommandFailure(
                "'\(name)' is being deleted. Let that end first: hookgate integrations delete '\(name)'",
                status: .attention)
        }
    }

    /// Runs `body` and puts its errors into words.
    static func explaining<T>(_ subject: String, _ body: () async throws -> T) async throws -> T {
        do {
            return try await body()
        } catch let error as IntegrationError {
            throw explain(error, subject: subject)
        }
    }
}
