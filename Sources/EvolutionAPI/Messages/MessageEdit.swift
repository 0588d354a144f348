package import FoundationEssentials
import HookgateCore

/// A message that has new content.
package struct MessageEdit: Sendable, Equatable {
    /// The message that was edited. As the one who edits sees it: in the first generation `fromMe` is true of a
    /// message that a patient edits.
    package let target: MessageKey
    package let content: MessageContent
    package let editedAt: Date?

    /// Nil for the other protocol messages, which come under the same event: an edit is one that has new content.
    init?(_ protocolMessage: JSONValue, depth: Int = 0) {
        guard let edited = protocolMessage["editedMessage"], edited.isObject else { return nil }
        self.target = MessageKey(protocolMessage["key"] ?? protocolMessage)
        self.content = MessageContent(edited, depth: depth + 1)
        self.editedAt = protocolMessage["timestampMs"]?.instant
    }
}
