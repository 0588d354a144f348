package import FoundationEssentials
import HookgateCore

/// News of a message: how far it got, or what some releases report in the same way.
package struct MessageUpdate: Sendable, Equatable {
    package let key: MessageKey
    package let author: Correspondent?
    package let status: DeliveryStatus?
    /// Only the first generation says when.
    package let at: Date?
    /// The new content of an edited message (2.3.7). Its status is a default then and takes nothing back.
    package let editedContent: MessageContent?
    /// What was voted for, before 2.3.7.
    package let votes: [String]

    init?(_ data: JSONValue, owner: JID?) {
        let key = MessageKey(data["key"] ?? data)
        guard key.id != nil else { return nil }
        self.key = key
        self.author = key.author(owner: owner)
        self.status = data["status"]?.text.map { DeliveryStatus($0) }
        self.at = data["datetime"]?.instant
        self.editedContent = data["message"].map { MessageContent($0) }
        self.votes = PollVote.options(in: data)
    }
}

/// A message that was deleted for everyone.
package struct MessageDeletion: Sendable, Equatable {
    package let key: MessageKey
    package let author: Correspondent?
    package let sentAt: Date?
    /// What was deleted, where the API did it and Evolution still had it.
    package let content: MessageContent?

    /// Reads the key that `data` is or has.
    init?(_ data: JSONValue, owner: JID?) {
        let key = MessageKey(data["key"] ?? data)
        guard key.id != nil else { return nil }
        self.key = key
        self.author = key.author(owner: owner)
        self.sentAt = data["messageTimestamp"]?.instant
        self.content = data["message"].map { MessageContent($0) }
    }
}
