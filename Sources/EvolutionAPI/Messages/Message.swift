package import FoundationEssentials
import HookgateCore

/// One WhatsApp message, the same whatever release sent it.
package struct Message: Sendable, Equatable {
    package enum Direction: String, Sendable {
        /// From a patient to the clinic.
        case inbound
        /// From the clinic: typed on the phone, or sent through the API.
        case outbound
    }

    package let key: MessageKey
    package let direction: Direction
    /// Nil when the body tells nobody: a message of our own whose instance did not say its number yet.
    package let author: Correspondent?
    /// What the author calls themselves.
    package let authorName: String?
    /// When it was sent; nil when the body does not say so in a way that can be true.
    package let sentAt: Date?
    package let content: MessageContent
    package let context: MessageContext?
    package let status: DeliveryStatus?
    /// Evolution's word for the kind, for a person to see. What decides is ``content``.
    package let declaredType: String?

    /// Reads the message object: `data`, or an element of it. Nil when it has no key, by which to know a message.
    init?(_ data: JSONValue, owner: JID?) {
        guard let key = data["key"].map({ MessageKey($0) }), key.id != nil || key.chat != nil else { return nil }
        self.key = key
        self.direction = key.isFromMe == true ? .outbound : .inbound
        self.author = key.author(owner: owner)
        self.authorName = data["pushName"]?.text
        self.sentAt = data["messageTimestamp"]?.instant
        self.content = data["message"].map { MessageContent($0).completed(by: data) } ?? .other(nil)
        self.context = MessageContext(data)
        self.status = data["status"]?.text.map { DeliveryStatus($0) }
        self.declaredType = data["messageType"]?.text
    }
}

extension MessageContent {
    /// Adds the options of a vote, which Evolution decrypts and puts beside the message.
    fileprivate func completed(by data: JSONValue) -> MessageContent {
        guard case .vote(let vote) = self, vote.options.isEmpty else { return self }
        return .vote(PollVote(poll: vote.poll, options: PollVote.options(in: data)))
    }
}

extension PollVote {
    /// The options of `pollUpdates` that somebody voted for.
    static func options(in data: JSONValue) -> [String] {
        (data["pollUpdates"]?.elements ?? []).compactMap { option in
            option["voters"]?.elements?.isEmpty == false ? option["name"]?.text : nil
        }
    }
}
