import HookgateCore

extension EvolutionView: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notAsked: "not asked"
        case .present(let server, let connection, let webhook):
            "on \(server.printable), WhatsApp \(connection), \(webhook.meaning)"
        case .absent: "no configured server has it"
        case .onSeveralServers(let names): "on more than one server: \(names.joined(separator: ", ").printable)"
        case .unknown(let server, let failure): "\(server.printable) does not say: \(failure)"
        }
    }

    /// A word for machines.
    var word: String {
        switch self {
        case .notAsked: "not_asked"
        case .present: "present"
        case .absent: "absent"
        case .onSeveralServers: "on_several_servers"
        case .unknown: "unknown"
        }
    }
}

extension OrphanInstance {
    var meaning: String {
        if isInLegacyTables { return "the old tables name it, and no integration does" }
        return switch owner {
        case .ours: "its webhook leads here, and no integration names it"
        case .elsewhere: "its webhook leads to another address: another installation's, or another product's"
        case .nobody: "it has no webhook, and no integration names it"
        case .unread: "no integration names it, and its webhook was not read"
        }
    }

    var remedy: String {
        if isInLegacyTables { return "hookgate migrate" }
        return switch owner {
        case .ours, .nobody: "if nobody uses it, delete it in Evolution's manager; hookgate deletes no orphan"
        case .elsewhere: "leave it to whom it belongs"
        case .unread: "look again when the server answers"
        }
    }
}

extension CreationObstacle {
    var status: ExitStatus {
        switch self {
        case .foreignInstance, .connectedInstance: .attention
        case .server, .notKept, .notLoaded: .failed
        }
    }
}

extension IntegrationCreation.Outcome {
    func remedy(for integration: IntegrationSummary) -> String? {
        let name = integration.instanceName?.description ?? integration.id.text
        return switch self {
        case .created, .adopted: "hookgate integrations connect '\(name)'"
        case .takenBack(.connectedInstance): "if it is this clinic's: the same command with --adopt"
        case .takenBack(.notLoaded): "restart the instance or the server, then run this again"
        case .present, .wouldCreate, .wouldAdopt, .takenBack, .unfinished: nil
        }
    }

    var status: ExitStatus {
        switch self {
        case .created, .adopted, .present, .wouldCreate, .wouldAdopt: .done
        case .takenBack(let obstacle): obstacle.status
        case .unfinished: .attention
        }
    }
}

extension IntegrationDeletion.Outcome {
    var remedy: String? {
        switch self {
        case .foreignInstance: "to delete the row alone: the same command with --keep-instance"
        case .deleted, .rowDeleted, .wouldDelete, .wouldDeleteRow, .unfinished: nil
        }
    }

    var status: ExitStatus {
        switch self {
        case .deleted, .rowDeleted, .wouldDelete, .wouldDeleteRow: .done
        case .foreignInstance, .unfinished: .attention
        }
    }
}
