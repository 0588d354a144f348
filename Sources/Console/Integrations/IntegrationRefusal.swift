import HookgateCore

extension ConsoleError {
    /// Why something was not done with an integration, in words for page and API.
    /// - Parameter seesAll: whoever sees one organization is told no id of another's.
    init(_ error: IntegrationError, seesAll: Bool = false) {
        switch error {
        case .unknown: self = .notFound("There is no such integration.")
        case .ambiguousName: self = .conflict("More than one integration has this instance. See: hookgate doctor")
        case .noInstanceName: self = .unprocessable("The integration names no instance in its config.")
        case .withoutToken:
            self = .unprocessable("The integration has no valid token. Make one: hookgate schema apply")
        case .clinicUnknown(let id):
            let advice = seesAll ? "; where clinics are kept elsewhere, name the organization." : "."
            self = .unprocessable(
                "There is no clinic \(id.text)\(seesAll ? "" : " in this organization"). Check the id\(advice)")
        case .organizationUnknown: self = .unprocessable("The clinic's row says no organization. Name it.")
        case .clinicOfOther(let organization):
            self = .conflict("The clinic belongs to the organization \(organization.text). Leave the other one out.")
        case .labelInvalid:
            self = .badRequest(
                "A label has lower-case letters, digits and hyphens between them, at most "
                    + "\(InstanceNaming.longestLabel) of them.")
        case .nameOfOther(let name, let id):
            self = .conflict(
                "'\(name.text)' is another clinic's instance\(seesAll ? " (integration \(id.text))" : ""). Give this one a label."
            )
        case .serverUnknown(_, let names):
            self = .badRequest("There is no such Evolution server. There are: \(names.joined(separator: ", "))")
        case .serverMissing(let names) where names.isEmpty:
            self = .unprocessable(
                "No Evolution server is configured. Set EVOLUTION_API_URL and EVOLUTION_API_KEY, or name the servers in "
                    + "the configuration file.")
        case .serverMissing(let names):
            self = .badRequest("Choose one of the Evolution servers: \(names.joined(separator: ", "))")
        case .instanceMissing(let name):
            self = .conflict("No configured Evolution server has the instance '\(name.text)'. Create it again.")
        case .onSeveralServers(let names):
            self = .conflict(
                "More than one server has the instance: \(names.joined(separator: ", ")). Delete it where it is not in use."
            )
        case .server(let name, let failure):
            self = .unavailable("Evolution server \(name): \(failure). Nothing was changed.")
        case .busy(let name):
            self = .conflict("Somebody else is at '\(name.text)' and has not finished. Look again in a minute.")
        case .deleting(let name): self = .conflict("'\(name.text)' is being deleted. Let that end first.")
        }
    }
}

extension IntegrationCreation.Outcome {
    /// What is answered where nothing was made; nil where something was, or would be.
    var refusal: ConsoleError? {
        switch self {
        case .takenBack(.server(let failure)): .unavailable("It was not made, and nothing is left of it: \(failure).")
        case .takenBack(.connectedInstance):
            .conflict(
                "It was not made: \(CreationObstacle.connectedInstance.meaning). If it is this clinic's, say that it is to "
                    + "be taken over.")
        case .takenBack(let obstacle): .conflict("It was not made, and nothing is left of it: \(obstacle.meaning).")
        case .created, .adopted, .present, .wouldCreate, .wouldAdopt, .unfinished: nil
        }
    }
}
