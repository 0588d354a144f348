import FoundationEssentials

/// The JSON that destinations of format `envelope` get: `docs/envelope.schema.json` describes it, and `version` says
/// which edition of that page it keeps to.
///
/// The same event always makes the same bytes but for the addresses of media, whatever the attempt.
package struct EventEnvelope: Sendable {
    package static let version = 1
    /// How many messages are put into words; a history after pairing may have thousands, and `raw` has them all.
    package static let mostMessages = 1_000

    private let head: Head

    /// - Parameter mediaURL: where the media of that number can be fetched; nil leaves them in the body.
    package init(
        _ event: DeliveryEvent, isOrphan: Bool, normalised: NormalisedEvent, mediaURL: ((Int) -> String)? = nil
    ) {
        var part = 0
        var messages: [Message] = []
        for message in normalised.messages.prefix(Self.mostMessages) {
            var url: String?
            if case .inline = message.media?.source {
                url = mediaURL?(part)
                part += 1
            }
            messages.append(Message(message, url: url))
        }
        self.head = Head(
            id: event.id.text, kind: normalised.kind ?? event.kind.map(EventName.normalised) ?? "unknown",
            receivedAt: InstantText.text(event.receivedAt), route: event.route.rawValue, isOrphan: isOrphan,
            organizationID: event.organizationID?.text, clinicID: event.clinicID?.text,
            integrationID: event.integrationID?.text, instance: event.instanceName?.text,
            messages: messages, omittedMessages: max(0, normalised.messages.count - Self.mostMessages))
    }

    /// The envelope around a body, which stands in it byte for byte.
    package func encoded(around raw: [UInt8]) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var bytes = Array(try encoder.encode(head))
        bytes.reserveCapacity(bytes.count + raw.count + 16)
        bytes.removeLast()
        bytes += #","raw":"#.utf8
        bytes += raw
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }
}

/// Points in time as the envelope has them: UTC, with milliseconds where there are any.
private enum InstantText {
    private static let whole = Date.ISO8601FormatStyle()
    private static let fractional = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    static func text(_ date: Date) -> String {
        date.formatted(date.timeIntervalSince1970.rounded() == date.timeIntervalSince1970 ? whole : fractional)
    }
}

/// Everything but `raw`. What may be absent is null here, so that a reader finds every name.
private struct Head: Encodable {
    let id: String
    let kind: String
    let receivedAt: String
    let route: String
    let isOrphan: Bool
    let organizationID: String?
    let clinicID: String?
    let integrationID: String?
    let instance: String?
    let messages: [Message]
    let omittedMessages: Int

    private enum Key: String, CodingKey {
        case version, id, kind, route, orphan, instance, messages
        case receivedAt = "received_at"
        case organizationID = "organization_id"
        case clinicID = "clinic_id"
        case integrationID = "integration_id"
        case omittedMessages = "omitted_messages"
    }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Key.self)
        try members.encode(EventEnvelope.version, forKey: .version)
        try members.encode(id, forKey: .id)
        try members.encode(kind, forKey: .kind)
        try members.encode(receivedAt, forKey: .receivedAt)
        try members.encode(route, forKey: .route)
        try members.encode(isOrphan, forKey: .orphan)
        try members.encode(organizationID, forKey: .organizationID)
        try members.encode(clinicID, forKey: .clinicID)
        try members.encode(integrationID, forKey: .integrationID)
        try members.encode(instance, forKey: .instance)
        try members.encode(messages, forKey: .messages)
        if omittedMessages > 0 { try members.encode(omittedMessages, forKey: .omittedMessages) }
    }
}

/// One message. The first names are always there; of the others, those that say something.
private struct Message: Encodable {
    private let message: NormalisedMessage
    private let url: String?

    private enum Key: String, CodingKey {
        case action, id, chat, direction, sender, timestamp, kind, text
        case chatKind = "chat_kind"
        case senderName = "sender_name"
        case media, quoted, reaction, location, contacts, options, choice, status
    }

    init(_ message: NormalisedMessage, url: String?) {
        self.message = message
        self.url = url
    }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Key.self)
        try members.encode(message.action.rawValue, forKey: .action)
        try members.encode(message.id, forKey: .id)
        try members.encode(message.chat, forKey: .chat)
        try members.encode(message.chatKind?.rawValue, forKey: .chatKind)
        try members.encode(message.direction?.rawValue, forKey: .direction)
        try members.encode(message.sender, forKey: .sender)
        try members.encode(message.senderName, forKey: .senderName)
        try members.encode(message.timestamp.map(InstantText.text), forKey: .timestamp)
        try members.encode(message.kind, forKey: .kind)
        try members.encode(message.text, forKey: .text)
        try members.encodeIfPresent(message.media.map { Media($0, url: url) }, forKey: .media)
        try members.encodeIfPresent(
            message.quoted.map { ["id": $0.id, "sender": $0.sender] }, forKey: .quoted)
        try members.encodeIfPresent(
            message.reaction.map { ["emoji": $0.emoji, "message_id": $0.messageID] }, forKey: .reaction)
        try members.encodeIfPresent(message.location.map { Location($0) }, forKey: .location)
        try members.encodeIfPresent(
            message.contacts?.map { ["name": $0.name, "phone": $0.phone] }, forKey: .contacts)
        try members.encodeIfPresent(message.options, forKey: .options)
        try members.encodeIfPresent(message.choice, forKey: .choice)
        try members.encodeIfPresent(message.status, forKey: .status)
    }
}

private struct Media: Encodable {
    private let media: NormalisedMedia
    private let fetchURL: String?

    private enum Key: String, CodingKey {
        case kind, source, url, seconds, voice
        case mimeType = "mime_type"
        case fileName = "file_name"
        case byteCount = "byte_count"
        case viewOnce = "view_once"
    }

    /// - Parameter url: where what stood in the body can be fetched.
    init(_ media: NormalisedMedia, url: String?) {
        self.media = media
        self.fetchURL = url
    }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Key.self)
        try members.encode(media.kind, forKey: .kind)
        switch media.source {
        case .inline where fetchURL == nil: try members.encode("inline", forKey: .source)
        case .inline:
            try members.encode("reference", forKey: .source)
            try members.encode(fetchURL, forKey: .url)
        case .url(let url):
            try members.encode("url", forKey: .source)
            try members.encode(url, forKey: .url)
        case .encrypted: try members.encode("encrypted", forKey: .source)
        }
        try members.encode(media.mimeType, forKey: .mimeType)
        try members.encodeIfPresent(media.fileName, forKey: .fileName)
        try members.encodeIfPresent(media.byteCount, forKey: .byteCount)
        try members.encodeIfPresent(media.seconds, forKey: .seconds)
        try members.encode(media.isVoice, forKey: .voice)
        try members.encode(media.isViewOnce, forKey: .viewOnce)
    }
}

private struct Location: Encodable {
    let latitude: Double
    let longitude: Double
    let name: String?
    let address: String?

    init(_ location: NormalisedLocation) {
        self.latitude = location.latitude
        self.longitude = location.longitude
        self.name = location.name
        self.address = location.address
    }
}
