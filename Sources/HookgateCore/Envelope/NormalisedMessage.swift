package import FoundationEssentials

/// One WhatsApp message, or news of one, as every destination can read it, whichever release of Evolution sent it.
package struct NormalisedMessage: Sendable, Equatable {
    /// What the event says of the message.
    package enum Action: String, Sendable, CaseIterable {
        /// It was just sent.
        case new
        /// It is of the past, sent in bulk after pairing. Never to be answered.
        case history
        case edited
        case deleted
        /// How far it got, or what was voted for in it.
        case update
    }

    package enum Direction: String, Sendable, CaseIterable {
        /// From a patient to the clinic.
        case inbound
        /// From the clinic.
        case outbound
    }

    package enum ChatKind: String, Sendable, CaseIterable {
        /// With one person.
        case person
        case group
        /// What people post to all their contacts.
        case status
        case broadcast
        case newsletter
        case other
    }

    package let action: Action
    /// WhatsApp's id of the message; of an edit, a deletion and an update, the id of the message they are about.
    package var id: String?
    /// The chat's full address, without a device.
    package var chat: String?
    package var chatKind: ChatKind?
    package var direction: Direction?
    /// The author's number in E.164 form where it is truly known, else the author's full address.
    package var sender: String?
    /// What the author calls themselves.
    package var senderName: String?
    /// When it was sent, or edited, deleted or received.
    package var timestamp: Date?
    /// What it holds: `text`, `image`, `audio`, `reaction`, …; nil where the event does not say.
    package var kind: String?
    package var text: String?
    package var media: NormalisedMedia?
    package var quoted: Quoted?
    package var reaction: NormalisedReaction?
    package var location: NormalisedLocation?
    package var contacts: [NormalisedContact]?
    /// Of a poll, or those that were voted for.
    package var options: [String]?
    /// The id of the button or line that was chosen.
    package var choice: String?
    /// `pending`, `sent`, `delivered`, `read`, `played` or `failed`.
    package var status: String?

    /// The message that this one answers.
    package struct Quoted: Sendable, Equatable {
        package let id: String
        /// Its author's number or address, as in ``NormalisedMessage/sender``.
        package let sender: String?

        package init(id: String, sender: String?) {
            self.id = id
            self.sender = sender
        }
    }

    package init(action: Action) {
        self.action = action
    }
}

/// A file that came with a message.
package struct NormalisedMedia: Sendable, Equatable {
    /// Where its bytes are.
    package enum Source: Sendable, Equatable {
        /// Base64 in the body, at this place.
        case inline(Range<Int>)
        /// At an address that somebody else signed, for a while.
        case url(String)
        /// Only at WhatsApp, encrypted.
        case encrypted
    }

    /// `image`, `video`, `audio`, `document` or `sticker`.
    package let kind: String
    package let source: Source
    /// As the sender says; no promise of what the bytes are.
    package let mimeType: String?
    package let fileName: String?
    package let byteCount: Int64?
    package let seconds: Int64?
    package let isVoice: Bool
    package let isViewOnce: Bool

    package init(
        kind: String, source: Source, mimeType: String?, fileName: String?, byteCount: Int64?, seconds: Int64?,
        isVoice: Bool, isViewOnce: Bool
    ) {
        self.kind = kind
        self.source = source
        self.mimeType = mimeType
        self.fileName = fileName
        self.byteCount = byteCount
        self.seconds = seconds
        self.isVoice = isVoice
        self.isViewOnce = isViewOnce
    }
}

/// A sign that was put on a message; taken off where there is no emoji.
package struct NormalisedReaction: Sendable, Equatable {
    package let emoji: String?
    package let messageID: String?

    package init(emoji: String?, messageID: String?) {
        self.emoji = emoji
        self.messageID = messageID
    }
}

/// A place on the map.
package struct NormalisedLocation: Sendable, Equatable {
    package let latitude: Double
    package let longitude: Double
    package let name: String?
    package let address: String?

    package init(latitude: Double, longitude: Double, name: String?, address: String?) {
        self.latitude = latitude
        self.longitude = longitude
        self.name = name
        self.address = address
    }
}

/// A contact that was passed on.
package struct NormalisedContact: Sendable, Equatable {
    package let name: String?
    package let phone: String?

    package init(name: String?, phone: String?) {
        self.name = name
        self.phone = phone
    }
}

/// What a body says of messages. Filled from Evolution's dialects.
package struct NormalisedEvent: Sendable, Equatable {
    /// The event's name in its one spelling; nil where the body has none.
    package let kind: String?
    /// One for nearly every event that is about a message, several where a fork sends several or the past is sent.
    package let messages: [NormalisedMessage]

    package init(kind: String?, messages: [NormalisedMessage]) {
        self.kind = kind
        self.messages = messages
    }

    /// Where base64 stands in the body, in the order of the text.
    package var inlineMedia: [Range<Int>] {
        messages.compactMap { if case .inline(let place) = $0.media?.source { place } else { nil } }
    }
}

/// Reads a body of whatever dialect. Filled by the module that knows them.
package protocol EventNormaliser: Sendable {
    /// Nil when the body is nothing that can be read: no JSON object, or one with more parts than any event has.
    func normalised(_ body: [UInt8]) -> NormalisedEvent?
}
