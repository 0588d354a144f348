/// Something that can be reported of a message, and of which message.
struct MessageOccurrence {
    enum Kind {
        /// The message itself. What it says never changes under its id.
        case message
        /// How far it got; also how some releases report an edit or a vote.
        case acknowledgement
        case edit
        case deletion
    }

    /// The event's name in its one spelling; empty for the imitator that sends none with its messages.
    let name: String
    let id: String
    let kind: Kind

    /// Nil for events that are of no one message.
    init?(_ event: String?, of id: String) {
        self.name = event.map(EventName.normalised) ?? ""
        self.id = id
        switch name {
        case "", "messages.upsert", "send.message": self.kind = .message
        case "messages.update": self.kind = .acknowledgement
        case "messages.edited", "send.message.update": self.kind = .edit
        case "messages.delete": self.kind = .deletion
        default: return nil
        }
    }

    /// Whether two copies of one report differ in this member of `data`.
    func isVolatile(_ key: JSONString, in base: UnsafePointer<UInt8>) -> Bool {
        func isKey(_ name: StaticString) -> Bool { key.equals(name, in: base) }
        // Evolution adds these between two attempts.
        if isKey("chatwoot") || isKey("chatwootMessageId") || isKey("chatwootInboxId")
            || isKey("chatwootConversationId")
        {
            return true
        }
        switch kind {
        // Read again after a reconnect, a message comes with the status it has by then, and often without the name.
        case .message: return isKey("status") || isKey("pushName")
        // The same chat is named by a phone number or by a LID; the id says which message it is.
        case .acknowledgement:
            return isKey("remoteJid") || isKey("messageId") || isKey("instanceId") || isKey("owner")
                || isKey("datetime")
        case .edit, .deletion: return false
        }
    }
}
