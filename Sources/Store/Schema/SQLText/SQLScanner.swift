/// Cuts SQL into tokens: strings of every kind, dollar quotes, nested comments. What is left open at the end reaches
/// to the end, so that the server, and not we, says what is wrong with it.
struct SQLScanner {
    private let bytes: [UInt8]
    private var position = 0

    private init(_ text: String) {
        self.bytes = Array(text.utf8)
    }

    static func tokens(of text: String) -> [SQLToken] {
        var scanner = SQLScanner(text)
        var tokens: [SQLToken] = []
        while let token = scanner.next() { tokens.append(token) }
        return tokens
    }

    private mutating func next() -> SQLToken? {
        while let byte = self.peek(), Self.isSpace(byte) { self.position += 1 }
        let start = self.position
        guard let kind = self.scan() else { return nil }
        return SQLToken(kind: kind, range: start..<self.position)
    }

    private mutating func scan() -> SQLToken.Kind? {
        guard let byte = self.peek() else { return nil }
        switch byte {
        case UInt8(ascii: "-") where self.peek(1) == UInt8(ascii: "-"): return self.lineComment()
        case UInt8(ascii: "/") where self.peek(1) == UInt8(ascii: "*"): return self.blockComment()
        case UInt8(ascii: "'"): return .string(self.quoted(by: byte))
        case UInt8(ascii: "\""): return .quotedName(self.quoted(by: byte))
        case UInt8(ascii: "$"): return self.dollarQuoted() ?? self.parameterOrSymbol()
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return self.number()
        case _ where Self.startsWord(byte): return self.prefixedString() ?? self.word()
        default:
            self.position += 1
            return .symbol(byte)
        }
    }

    // MARK: Comments

    private mutating func lineComment() -> SQLToken.Kind {
        let start = self.position + 2
        while let byte = self.peek(), byte != UInt8(ascii: "\n"), byte != UInt8(ascii: "\r") { self.position += 1 }
        return .comment(self.text(start..<self.position))
    }

    private mutating func blockComment() -> SQLToken.Kind {
        let start = self.position + 2
        var depth = 0
        repeat {
            if self.starts("/*") {
                depth += 1
                self.position += 2
            } else if self.starts("*/") {
                depth -= 1
                self.position += 2
            } else {
                self.position += 1
            }
        } while depth > 0 && self.position < self.bytes.count
        return .comment(self.text(start..<max(start, self.position - 2)))
    }

    // MARK: Words and numbers

    private mutating func word() -> SQLToken.Kind {
        let start = self.position
        while let byte = self.peek(), Self.continuesWord(byte) { self.position += 1 }
        return .word(self.text(start..<self.position).lowercased())
    }

    private mutating func number() -> SQLToken.Kind {
        while let byte = self.peek(), Self.continuesWord(byte) || byte == UInt8(ascii: ".") { self.position += 1 }
        return .number
    }

    private mutating func parameterOrSymbol() -> SQLToken.Kind {
        self.position += 1
        guard let digit = self.peek(), Self.isDigit(digit) else { return .symbol(UInt8(ascii: "$")) }
        while let byte = self.peek(), Self.isDigit(byte) { self.position += 1 }
        return .number
    }

    // MARK: Strings

    /// `E''`, `U&''`, `U&""`, `B''`, `X''`, `N''`.
    private mutating func prefixedString() -> SQLToken.Kind? {
        let quote = UInt8(ascii: "'")
        switch self.peek().map({ $0 | 0x20 }) {
        case UInt8(ascii: "e") where self.peek(1) == quote:
            self.position += 1
            return .string(self.escaped())
        case UInt8(ascii: "u") where self.peek(1) == UInt8(ascii: "&") && self.peek(2) == quote:
            self.position += 2
            return .string(SQLEscapes.unicode(self.quoted(by: quote)))
        case UInt8(ascii: "u") where self.peek(1) == UInt8(ascii: "&") && self.peek(2) == UInt8(ascii: "\""):
            self.position += 2
            return .quotedName(SQLEscapes.unicode(self.quoted(by: UInt8(ascii: "\""))))
        case UInt8(ascii: "b"), UInt8(ascii: "x"), UInt8(ascii: "n"):
            guard self.peek(1) == quote else { return nil }
            self.position += 1
            return .string(self.quoted(by: quote))
        default:
            return nil
        }
    }

    /// A doubled quote stands for itself.
    private mutating func quoted(by quote: UInt8) -> String {
        var content: [UInt8] = []
        self.position += 1
        while let byte = self.peek() {
            self.position += 1
            if byte == quote {
                guard self.peek() == quote else { break }
                self.position += 1
            }
            content.append(byte)
        }
        return String(decoding: content, as: UTF8.self)
    }

    private mutating func escaped() -> String {
        var content: [UInt8] = []
        self.position += 1
        while let byte = self.peek() {
            self.position += 1
            if byte == UInt8(ascii: "'") {
                guard self.peek() == byte else { break }
                self.position += 1
            } else if byte == UInt8(ascii: "\\"), let next = self.peek() {
                content.append(byte)
                self.position += 1
                content.append(next)
                continue
            }
            content.append(byte)
        }
        return SQLEscapes.backslashes(content)
    }

    private mutating func dollarQuoted() -> SQLToken.Kind? {
        var end = self.position + 1
        while end < self.bytes.count, self.bytes[end] != UInt8(ascii: "$") {
            let isFirst = end == self.position + 1
            let fits = isFirst ? Self.startsWord(self.bytes[end]) : Self.continuesWord(self.bytes[end])
            guard fits else { return nil }
            end += 1
        }
        guard end < self.bytes.count else { return nil }
        let mark = self.bytes[self.position...end]
        var closing = end + 1
        while closing + mark.count <= self.bytes.count {
            if self.bytes[closing] == UInt8(ascii: "$"), self.bytes[closing..<closing + mark.count] == mark {
                self.position = closing + mark.count
                return .string(self.text(end + 1..<closing))
            }
            closing += 1
        }
        self.position = self.bytes.count
        return .string(self.text(end + 1..<self.bytes.count))
    }

    // MARK: Bytes

    private func peek(_ offset: Int = 0) -> UInt8? {
        self.position + offset < self.bytes.count ? self.bytes[self.position + offset] : nil
    }

    private func starts(_ text: StaticString) -> Bool {
        text.withUTF8Buffer { buffer in
            buffer.indices.allSatisfy { self.peek($0) == buffer[$0] }
        }
    }

    private func text(_ range: Range<Int>) -> String {
        String(decoding: self.bytes[range], as: UTF8.self)
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func startsWord(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte == UInt8(ascii: "_") || byte >= 0x80
    }

    private static func continuesWord(_ byte: UInt8) -> Bool {
        Self.startsWord(byte) || Self.isDigit(byte) || byte == UInt8(ascii: "$")
    }
}
