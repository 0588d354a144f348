import HookgateCore

/// WhatsApp's name of a message: the chat it stands in, whose it is, and its id there.
///
/// Every release has other members for the two addresses of a person, and some leave one out or write it empty.
package struct MessageKey: Sendable, Hashable {
    /// Nil where it is missing or empty; such a message cannot be acknowledged, edited or deleted.
    package let id: String?
    package let chat: JID?
    package let isFromMe: Bool?
    /// Who wrote it, where the chat does not say: in groups and in `status@broadcast`.
    package let participant: JID?
    private let otherAddresses: [JID]
    private let otherParticipantAddresses: [JID]

    /// Reads a `key` object, or `data` where that is the key. Receipts have `keyId` for the id.
    init(_ object: JSONValue) {
        // As on the webhook's own way: what is longer than any id is none.
        self.id = (object["keyId"]?.text ?? object["id"]?.text).flatMap {
            $0.utf8.count <= BodyScanner.longestKey ? $0 : nil
        }
        self.chat = object["remoteJid"]?.jid
        self.isFromMe = object["fromMe"]?.bool
        self.participant = object["participant"]?.jid
        self.otherAddresses = [
            object["remoteJidAlt"], object["senderPn"], object["senderLid"], object["previousRemoteJid"],
        ].compactMap { $0?.jid }
        self.otherParticipantAddresses = [
            object["participantAlt"], object["participantPn"], object["participantLid"],
        ].compactMap { $0?.jid }
    }

    /// The other side of a chat of two; nil for groups, broadcasts and newsletters.
    /// - Parameter owner: the number that the instance is connected to, where the body names it. Some releases put it
    ///   beside the chat's LID when a message is our own.
    package func contact(owner: JID?) -> Correspondent? {
        guard let chat, chat.kind == .user || chat.kind == .lid else { return nil }
        return Correspondent(chat, alternatives: otherAddresses.filter { $0.identity != owner?.identity })
    }

    /// Who wrote the message.
    package func author(owner: JID?) -> Correspondent? {
        if isFromMe == true { return owner.map { Correspondent($0) } }
        return contact(owner: owner)
            ?? participant.map { Correspondent($0, alternatives: otherParticipantAddresses) }
    }

    /// The LID of the author or of the chat, where the body has it: together with a phone number it teaches which
    /// person it is.
    package var lid: JID? {
        ([participant, chat].compactMap(\.self) + otherParticipantAddresses + otherAddresses).first { $0.kind == .lid }
    }
}
