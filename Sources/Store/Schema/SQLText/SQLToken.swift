/// A piece of SQL as PostgreSQL's own scanner cuts it; white space is left out.
struct SQLToken: Equatable {
    enum Kind: Equatable {
        /// An unquoted name or key word, folded to lower case.
        case word(String)
        /// A name in double quotes, without them.
        case quotedName(String)
        /// The content of a string, whichever way it was quoted.
        case string(String)
        case number
        case symbol(UInt8)
        /// A comment's text without its marks.
        case comment(String)
    }

    let kind: Kind
    /// Where it stands in the text's UTF-8.
    let range: Range<Int>

    func isWord(_ word: String) -> Bool { self.kind == .word(word) }

    func isSymbol(_ symbol: Unicode.Scalar) -> Bool { self.kind == .symbol(UInt8(ascii: symbol)) }

    var isComment: Bool {
        if case .comment = self.kind { true } else { false }
    }
}
