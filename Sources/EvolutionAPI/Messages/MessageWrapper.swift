import HookgateCore

/// A message inside a message: one that vanishes, is seen once, has a caption or is an edit.
struct MessageWrapper {
    /// How many are opened. Real ones are two deep at most; a body with more hides something or is broken.
    static let deepest = 5

    let message: JSONValue
    let isViewOnce: Bool

    init?(_ outer: JSONValue) {
        let plain = outer["ephemeralMessage"] ?? outer["documentWithCaptionMessage"] ?? outer["editedMessage"]
        let once = outer["viewOnceMessage"] ?? outer["viewOnceMessageV2"] ?? outer["viewOnceMessageV2Extension"]
        guard let message = (plain ?? once)?["message"], message.isObject else { return nil }
        self.message = message
        self.isViewOnce = plain == nil
    }

    /// What is inside all wrappers.
    static func innermost(_ message: JSONValue) -> JSONValue {
        var message = message
        for _ in 0..<deepest {
            guard let wrapper = MessageWrapper(message) else { break }
            message = wrapper.message
        }
        return message
    }
}
