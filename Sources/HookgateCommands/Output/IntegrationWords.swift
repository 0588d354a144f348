import HookgateCore

extension StatusSource: CustomStringConvertible {
    package var description: String {
        switch self {
        case .event(let id): "event \(id)"
        case .poll: "asked Evolution"
        case .command(let actor): "by \(actor.printable)"
        case .found: "written by somebody else"
        }
    }
}

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
    var word: String {
        switch self {
        case .server: "server_failed"
        case .foreignInstance: "foreign_instance"
        case .connectedInstance: "connected_instance"
        case .notKept: "not_kept"
        case .notLoaded: "not_loaded"
        }
    }

    var meaning: String {
        switch self {
        case .server(let failure): "\(failure)"
        case .foreignInstance: "an instance of that name posts to another address: it belongs to another installation"
        case .connectedInstance: "an instance of that name is connected and has no webhook; it may be somebody's"
        case .notKept(let parts):
            "the server accepts the webhook and does not keep \(parts.map(\.rawValue).joined(separator: ", "))"
        case .notLoaded: "the server has the instance in its database and has not loaded it"
        }
    }

    var status: ExitStatus {
        switch self {
        case .foreignInstance, .connectedInstance: .attention
        case .server, .notKept, .notLoaded: .failed
        }
    }
}

extension IntegrationCreation.Outcome {
    var word: String {
        switch self {
        case .created: "created"
        case .adopted: "adopted"
        case .present: "present"
        case .wouldCreate: "would_create"
        case .wouldAdopt: "would_adopt"
        case .takenBack(let obstacle): obstacle.word
        case .unfinished: "unfinished"
        }
    }

    var meaning: String {
        switch self {
        case .created: "made, with its instance at Evolution and the token URL"
        case .adopted: "made; the instance was there and posts to the token URL now"
        case .present: "there already, with its instance; nothing was changed"
        case .wouldCreate: "would be made, with its instance at Evolution"
        case .wouldAdopt: "would be made, and take over the instance that is there"
        case .takenBack(let obstacle): "not made, and nothing is left of it: \(obstacle.meaning)"
        case .unfinished(let failure): "half made: \(failure). It goes on by itself, or with the same command"
        }
    }

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

extension InstanceKept {
    var meaning: String {
        switch self {
        case .wanted: "its instance at Evolution stays, as was asked for"
        case .absent: "no server has its instance"
        case .namedByOther(let id): "its instance stays, since the integration \(id) names it too"
        case .nameless: "it names no instance"
        }
    }
}

extension IntegrationDeletion.Outcome {
    var word: String {
        switch self {
        case .deleted: "deleted"
        case .rowDeleted: "row_deleted"
        case .wouldDelete: "would_delete"
        case .wouldDeleteRow: "would_delete_row"
        case .foreignInstance: "foreign_instance"
        case .unfinished: "unfinished"
        }
    }

    var meaning: String {
        switch self {
        case .deleted: "deleted, and the server confirms that its instance is gone"
        case .rowDeleted(let reason): "deleted; \(reason.meaning)"
        case .wouldDelete: "would be deleted, with its instance at Evolution"
        case .wouldDeleteRow(let reason): "would be deleted; \(reason.meaning)"
        case .foreignInstance:
            "not deleted: its instance posts to another installation. To delete the row alone: --keep-instance"
        case .unfinished(let failure):
            "not yet deleted: \(failure). It is tried again by itself, or with the same command"
        }
    }

    var status: ExitStatus {
        switch self {
        case .deleted, .rowDeleted, .wouldDelete, .wouldDeleteRow: .done
        case .foreignInstance, .unfinished: .attention
        }
    }
}
