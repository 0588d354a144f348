import HookgateCore

extension MessageContent {
    /// The word for the kind of content in what destinations read.
    var kindWord: String {
        switch self {
        case .text: "text"
        case .media(let media): media.kind.rawValue
        case .location: "location"
        case .contacts: "contacts"
        case .reaction: "reaction"
        case .poll: "poll"
        case .vote: "vote"
        case .choice: "choice"
        case .appointment: "appointment"
        case .edit(let edit): edit.content.kindWord
        case .notice: "notice"
        case .other: "other"
        }
    }
}

extension DeliveryStatus {
    /// Nil for what is no step of a message's way.
    var word: String? {
        switch self {
        case .failed: "failed"
        case .pending: "pending"
        case .sent: "sent"
        case .delivered: "delivered"
        case .read: "read"
        case .played: "played"
        case .reportedDeleted, .other: nil
        }
    }
}

extension NormalisedMessage.ChatKind {
    init(_ chat: JID) {
        self =
            switch chat.kind {
            case .user, .lid: .person
            case .group: .group
            case .broadcast: chat.isStatus ? .status : .broadcast
            case .newsletter: .newsletter
            case .other: .other
            }
    }
}

extension NormalisedMedia {
    /// - Parameter base64: the value in the body, where the media are in it.
    init(_ media: Media, base64: JSONValue?) {
        let source: Source =
            switch media.source {
            case .inline: base64.map { .inline($0.rawBytes.indices) } ?? .encrypted
            case .url(let url): .url(url)
            case .encrypted: .encrypted
            }
        self.init(
            kind: media.kind.rawValue, source: source, mimeType: media.mimeType, fileName: media.fileName,
            byteCount: media.byteCount, seconds: media.seconds, isVoice: media.isVoice, isViewOnce: media.isViewOnce)
    }
}
