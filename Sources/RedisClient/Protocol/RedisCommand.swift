import NIOCore

/// One command, its name first.
package struct RedisCommand: Sendable {
    private let words: [String]

    package init(_ words: [String]) {
        precondition(!words.isEmpty, "a command needs a name")
        self.words = words
    }

    package init(_ words: String...) {
        self.init(words)
    }

    func write(into buffer: inout ByteBuffer) {
        buffer.writeString("*\(self.words.count)\r\n")
        for word in self.words {
            buffer.writeString("$\(word.utf8.count)\r\n")
            buffer.writeString(word)
            buffer.writeString("\r\n")
        }
    }
}

extension RedisCommand: CustomStringConvertible, CustomReflectable {
    /// The name alone: what follows it may be a password.
    package var description: String { self.words[0] }

    package var customMirror: Mirror { Mirror(self, children: []) }
}
