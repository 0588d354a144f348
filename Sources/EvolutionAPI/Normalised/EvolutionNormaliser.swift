package import HookgateCore

/// Puts Evolution's dialects into the words that destinations read.
package struct EvolutionNormaliser: EventNormaliser {
    package init() {}

    package func normalised(_ body: [UInt8]) -> NormalisedEvent? {
        guard let event = try? EvolutionEvent(body) else { return nil }
        return NormalisedEvent(kind: event.kind, messages: event.normalisedMessages)
    }
}

extension EvolutionEvent {
    /// The imitator that names no event sends messages alone.
    fileprivate var kind: String? {
        if !normalisedName.isEmpty { return normalisedName }
        return if case .messages = content { "messages.upsert" } else { nil }
    }

    fileprivate var normalisedMessages: [NormalisedMessage] {
        switch content {
        case .messages(let messages): normalised(messages, .new)
        case .history(let messages): normalised(messages, .history)
        case .update(let update): [NormalisedMessage(update)]
        case .edit(let edit, let author): [NormalisedMessage(edit, author: author)]
        case .deletion(let deletion): [NormalisedMessage(deletion)]
        case .notice, .connection, .qrCode, .statusInstance, .lifecycle, .call, .presence, .groupChange, .listing,
            .other:
            []
        }
    }

    private func normalised(_ messages: [Message], _ action: NormalisedMessage.Action) -> [NormalisedMessage] {
        // Elements without a key made no message; those that did are in the same order.
        var elements = (data.map { $0.elements ?? [$0] } ?? [])[...]
        return messages.map { message in
            let element = elements.first { $0["key"].map { MessageKey($0) } == message.key }
            if element != nil {
                elements = elements.drop { $0["key"].map { MessageKey($0) } != message.key }.dropFirst()
            }
            return NormalisedMessage(message, action, base64: element?["message"]?["base64"])
        }
    }
}

extension NormalisedMessage {
    fileprivate init(_ message: Message, _ action: Action, base64: JSONValue?) {
        if case .edit(let edit) = message.content {
            self.init(edit, author: message.author)
            // The key inside is the editor's view: its chat is us.
            self.chat = message.key.chat?.identity
            self.chatKind = message.key.chat.map { ChatKind($0) }
            self.direction = message.direction == .inbound ? .inbound : .outbound
        } else {
            self.init(action: action)
            self.address(message.key)
            self.direction = message.direction == .inbound ? .inbound : .outbound
            self.sender = message.author?.name
            self.take(message.content, base64: base64)
            self.timestamp = message.sentAt
        }
        self.senderName = message.authorName
        self.quoted = message.context.flatMap { context in
            context.quotedID.map { id in
                Quoted(id: id, sender: context.quotedAuthor.map { Correspondent($0).name })
            }
        }
        self.status = message.status?.word
    }

    fileprivate init(_ update: MessageUpdate) {
        self.init(action: update.editedContent == nil ? .update : .edited)
        self.address(update.key)
        self.sender = update.author?.name
        if let content = update.editedContent {
            self.take(content, base64: nil)
        } else {
            self.status = update.status?.word
        }
        self.timestamp = update.at
        if !update.votes.isEmpty { self.options = update.votes }
    }

    fileprivate init(_ edit: MessageEdit, author: Correspondent?) {
        self.init(action: .edited)
        self.address(edit.target)
        self.sender = author?.name
        self.take(edit.content, base64: nil)
        self.timestamp = edit.editedAt
    }

    fileprivate init(_ deletion: MessageDeletion) {
        self.init(action: .deleted)
        self.address(deletion.key)
        self.sender = deletion.author?.name
        self.timestamp = deletion.sentAt
    }

    private mutating func address(_ key: MessageKey) {
        self.id = key.id
        self.chat = key.chat?.identity
        self.chatKind = key.chat.map { ChatKind($0) }
        self.direction = key.isFromMe.map { $0 ? .outbound : .inbound }
    }

    private mutating func take(_ content: MessageContent, base64: JSONValue?) {
        self.kind = content.kindWord
        self.text = content.text
        switch content {
        case .media(let media): self.media = NormalisedMedia(media, base64: base64)
        case .location(let place):
            self.location = NormalisedLocation(
                latitude: place.latitude, longitude: place.longitude, name: place.name, address: place.address)
        case .contacts(let cards):
            self.contacts = cards.map { NormalisedContact(name: $0.name, phone: $0.phone?.text) }
        case .reaction(let reaction):
            self.reaction = NormalisedReaction(emoji: reaction.emoji, messageID: reaction.target.id)
        case .poll(let poll): self.options = poll.options
        case .vote(let vote): self.options = vote.options
        case .choice(let choice): self.choice = choice.id
        case .text, .appointment, .edit, .notice, .other: break
        }
    }
}
