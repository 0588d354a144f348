/// What deeds came to, in words for people and for machines. Command line and console say the same.

extension CreationObstacle {
    /// Why nothing was made.
    package var meaning: String {
        switch self {
        case .server(let failure): "\(failure)"
        case .foreignInstance: "an instance of that name posts to another address: it belongs to another installation"
        case .connectedInstance: "an instance of that name is connected and has no webhook; it may be somebody's"
        case .notKept(let parts):
            "the server accepts the webhook and does not keep \(parts.map(\.rawValue).joined(separator: ", "))"
        case .notLoaded: "the server has the instance in its database and has not loaded it"
        }
    }

    fileprivate var outcomeWord: String {
        switch self {
        case .server: "server_failed"
        case .foreignInstance: "foreign_instance"
        case .connectedInstance: "connected_instance"
        case .notKept: "not_kept"
        case .notLoaded: "not_loaded"
        }
    }
}

extension IntegrationCreation.Outcome {
    /// For machines.
    package var word: String {
        switch self {
        case .created: "created"
        case .adopted: "adopted"
        case .present: "present"
        case .wouldCreate: "would_create"
        case .wouldAdopt: "would_adopt"
        case .takenBack(let obstacle): obstacle.outcomeWord
        case .unfinished: "unfinished"
        }
    }

    /// For people.
    package var meaning: String {
        switch self {
        case .created: "made, with its instance at Evolution and the token URL"
        case .adopted:
            "made; the instance was there and posts to the token URL now, with its media once it has connected anew"
        case .present: "there already, with its instance; nothing was changed"
        case .wouldCreate: "would be made, with its instance at Evolution"
        case .wouldAdopt: "would be made, and take over the instance that is there"
        case .takenBack(let obstacle): "not made, and nothing is left of it: \(obstacle.meaning)"
        case .unfinished(let failure):
            "half made: \(failure). It goes on by itself, or when the same is asked for again"
        }
    }
}

extension InstanceKept {
    /// Why the instance stays.
    package var meaning: String {
        switch self {
        case .wanted: "its instance at Evolution stays, as was asked for"
        case .absent: "no server has its instance"
        case .namedByOther: "its instance stays, since another integration names it too"
        case .nameless: "it names no instance"
        }
    }
}

extension IntegrationDeletion.Outcome {
    /// For machines.
    package var word: String {
        switch self {
        case .deleted: "deleted"
        case .rowDeleted: "row_deleted"
        case .wouldDelete: "would_delete"
        case .wouldDeleteRow: "would_delete_row"
        case .foreignInstance: "foreign_instance"
        case .unfinished: "unfinished"
        }
    }

    /// For people.
    package var meaning: String {
        switch self {
        case .deleted: "deleted, and the server confirms that its instance is gone"
        case .rowDeleted(let reason): "deleted; \(reason.meaning)"
        case .wouldDelete: "would be deleted, with its instance at Evolution"
        case .wouldDeleteRow(let reason): "would be deleted; \(reason.meaning)"
        case .foreignInstance:
            "not deleted: its instance posts to another installation. The integration alone can be deleted, and its "
                + "instance kept"
        case .unfinished(let failure):
            "not yet deleted: \(failure). It is tried again by itself, or when the same is asked for again"
        }
    }
}

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
