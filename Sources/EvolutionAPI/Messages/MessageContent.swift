package import HookgateCore

/// What a message holds.
package indirect enum MessageContent: Sendable, Equatable {
    case text(String)
    case media(Media)
    case location(Location)
    case contacts([ContactCard])
    case reaction(Reaction)
    case poll(Poll)
    case vote(PollVote)
    /// A button or a line of a list that the person chose.
    case choice(Choice)
    /// An invitation to an appointment.
    case appointment(name: String?)
    /// The first generation sends edits as messages with an id of their own.
    case edit(MessageEdit)
    /// A message about messages that is no edit: who deletes, who sets messages to vanish.
    case notice(ProtocolNotice)
    /// Something this release does not know, by the name WhatsApp gives it; nil where there is none. The body has it.
    case other(String?)

    /// What a person would read: text, caption, question, the choice made. Nil for a reaction or a card.
    package var text: String? {
        switch self {
        case .text(let text): text
        case .media(let media): media.caption
        case .location(let location): location.caption
        case .poll(let poll): poll.name
        case .choice(let choice): choice.text
        case .appointment(let name): name
        case .edit(let edit): edit.content.text
        case .contacts, .reaction, .vote, .notice, .other: nil
        }
    }
}

/// A place on the map, also one that moves.
package struct Location: Sendable, Equatable {
    package let latitude: Double
    package let longitude: Double
    package let name: String?
    package let address: String?
    package let caption: String?
    package let isLive: Bool
}

/// A contact that was passed on.
package struct ContactCard: Sendable, Equatable {
    package let name: String?
    /// From the card's `waid`, which WhatsApp itself writes.
    package let phone: PhoneNumber?
}

/// A sign put on a message, or taken off it again.
package struct Reaction: Sendable, Equatable {
    /// Nil when it was taken off.
    package let emoji: String?
    package let target: MessageKey
}

/// A question with options.
package struct Poll: Sendable, Equatable {
    package let name: String?
    package let options: [String]
}

/// What somebody voted. The options are known where Evolution could decrypt them.
package struct PollVote: Sendable, Equatable {
    package let poll: MessageKey
    package let options: [String]
}

/// The answer to buttons or to a list.
package struct Choice: Sendable, Equatable {
    package let id: String?
    package let text: String?
}

/// A message about messages, by the name or number of its kind.
package struct ProtocolNotice: Sendable, Equatable {
    package let kind: String?
    package let target: MessageKey?
}
