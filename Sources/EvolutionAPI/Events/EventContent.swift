import HookgateCore

/// What an event is about.
package enum EventContent: Sendable, Equatable {
    /// A message as it happens: `messages.upsert`, or `send.message` for those that went out through the API. Some
    /// forks send several in one event.
    case messages([Message])
    /// Messages of the past, sent in bulk after pairing. Never to be answered.
    case history([Message])
    case update(MessageUpdate)
    case edit(MessageEdit, author: Correspondent?)
    case deletion(MessageDeletion)
    /// A protocol message under `messages.edited` that is no edit.
    case notice(ProtocolNotice)
    case connection(ConnectionUpdate)
    case qrCode(QRCode)
    case statusInstance(StatusInstance)
    case lifecycle(InstanceLifecycle)
    case call(Call)
    case presence(Presence)
    case groupChange(GroupChange)
    /// Chats, contacts, groups, labels and bots: lists that somebody may want and nothing here decides by. How many
    /// items, and the chat where it is one.
    case listing(count: Int, chat: JID?)
    /// An event this release does not know, or whose data is not what it should be. It is delivered all the same.
    case other
}

extension EventContent {
    /// - Parameter name: in its one spelling; empty where the body has none.
    init(_ name: String, _ data: JSONValue?, owner: JID?) {
        self =
            InstanceLifecycle(rawValue: name).map { .lifecycle($0) }
            ?? data.flatMap { Self.conversation(name, $0, owner) ?? Self.instance(name, $0) ?? Self.rest(name, $0) }
            ?? .other
    }

    private static func conversation(_ name: String, _ data: JSONValue, _ owner: JID?) -> EventContent? {
        func messages() -> [Message] {
            (data.elements ?? [data]).compactMap { Message($0, owner: owner) }
        }
        switch name {
        case "messages.upsert", "send.message":
            let messages = messages()
            return messages.isEmpty ? nil : .messages(messages)
        case "messages.set": return .history(messages())
        case "messages.update": return MessageUpdate(data, owner: owner).map { .update($0) }
        case "messages.edited", "send.message.update": return protocolMessage(data, owner)
        case "messages.delete": return MessageDeletion(data, owner: owner).map { .deletion($0) }
        default: return nil
        }
    }

    /// From 2.3.0 on every protocol message comes under the name of an edit.
    private static func protocolMessage(_ data: JSONValue, _ owner: JID?) -> EventContent {
        if let edit = MessageEdit(data) { return .edit(edit, author: edit.target.author(owner: owner)) }
        let notice = ProtocolNotice(data)
        if notice.isRevocation, let deletion = MessageDeletion(data, owner: owner) { return .deletion(deletion) }
        return .notice(notice)
    }

    private static func instance(_ name: String, _ data: JSONValue) -> EventContent? {
        switch name {
        case "connection.update": ConnectionUpdate(data).map { .connection($0) }
        case "qrcode.updated": .qrCode(QRCode(data))
        case "status.instance": .statusInstance(StatusInstance(data))
        default: nil
        }
    }

    private static func rest(_ name: String, _ data: JSONValue) -> EventContent? {
        switch name {
        case "call": return .call(Call(data))
        case "presence.update": return Presence(data).map { .presence($0) }
        case "group.participants.update": return GroupChange(data).map { .groupChange($0) }
        default: break
        }
        let isListing = ["chats.", "contacts.", "groups.", "labels.", "typebot.", "chama."].contains {
            name.hasPrefix($0)
        }
        guard isListing else { return nil }
        let items = data.elements ?? [data]
        let chat = items.count == 1 ? Self.chat(of: items[0]) : nil
        return .listing(count: items.count, chat: chat)
    }

    private static func chat(of item: JSONValue) -> JID? {
        item.jid ?? item["remoteJid"]?.jid ?? item["chatId"]?.jid ?? item["id"]?.jid
    }
}

extension ProtocolNotice {
    /// Deleted for everyone: the number where a release does not name its enums.
    var isRevocation: Bool { kind == "REVOKE" || kind == "0" }
}
