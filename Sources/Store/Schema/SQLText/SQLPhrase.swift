/// The tokens from one place on, read word by word as far as a question needs.
struct SQLPhrase {
    private var rest: ArraySlice<SQLToken>

    init(_ tokens: ArraySlice<SQLToken>) {
        self.rest = tokens
    }

    /// Whether what comes next is filled in when the statement runs: a placeholder of `format`, or a piece of a
    /// concatenation.
    var isPlaceholder: Bool {
        self.rest.first.map { $0.isSymbol("%") || $0.isSymbol(SQLStringFolding.unknownPiece) } ?? false
    }

    /// The same, or what a string that ends here goes on with.
    private var isUnknown: Bool { self.rest.isEmpty || self.isPlaceholder }

    /// Passes these words if they come next, in this order.
    mutating func skip(_ words: String...) -> Bool {
        guard self.rest.count >= words.count, zip(self.rest, words).allSatisfy({ $0.isWord($1) }) else { return false }
        self.rest.removeFirst(words.count)
        return true
    }

    mutating func skipSymbol(_ symbol: Unicode.Scalar) -> Bool {
        guard self.rest.first?.isSymbol(symbol) == true else { return false }
        self.rest.removeFirst()
        return true
    }

    /// Names with commas between, each by its parts; one that cannot be known has no part.
    mutating func names(limit: Int = .max) -> [[String]] {
        var names: [[String]] = []
        repeat {
            _ = self.skip("only")
            guard let name = self.name() else { return names }
            names.append(name)
            _ = self.skipSymbol("*")
        } while names.count < limit && self.skipSymbol(",")
        return names
    }

    private mutating func name() -> [String]? {
        if self.isUnknown { return [] }
        var parts: [String] = []
        repeat {
            switch self.rest.first?.kind {
            case .word(let part), .quotedName(let part):
                parts.append(part)
                self.rest.removeFirst()
            default:
                return parts.isEmpty && !self.isUnknown ? nil : []
            }
        } while self.skipSymbol(".")
        // `evolution_%s` goes on where the token ends.
        return self.isPlaceholder ? [] : parts
    }

    private var statement: ArraySlice<SQLToken> {
        self.rest.prefix { !$0.isSymbol(";") }
    }

    /// Whether two words follow each other before the statement ends.
    func contains(_ first: String, _ second: String) -> Bool {
        zip(self.statement, self.statement.dropFirst()).contains { $0.isWord(first) && $1.isWord(second) }
    }

    /// `DROP [COLUMN] name` among the actions of ALTER TABLE, as opposed to dropping a constraint or a property.
    var dropsColumn: Bool {
        let others = ["constraint", "default", "not", "expression", "identity"]
        return zip(self.statement, self.statement.dropFirst()).contains { word, next in
            word.isWord("drop") && !others.contains { next.isWord($0) }
        }
    }

    /// Whether a WHERE narrows to rows with given values: compared for equality with literals, and with nothing in
    /// it that could widen that again.
    var isNarrowed: Bool {
        guard let start = self.statement.firstIndex(where: { $0.isWord("where") }) else { return false }
        let condition = self.statement[(start + 1)...]
        guard !condition.contains(where: { $0.isWord("or") || $0.isWord("not") || $0.isWord("select") }) else {
            return false
        }
        return condition.indices.contains { index in
            guard index + 2 < condition.endIndex, Self.isColumn(condition[index]) else { return false }
            if condition[index + 1].isSymbol("=") { return Self.isLiteral(condition[index + 2]) }
            return condition[index + 1].isWord("in") && condition[index + 2].isSymbol("(")
                && index + 3 < condition.endIndex && Self.isLiteral(condition[index + 3])
        }
    }

    private static func isColumn(_ token: SQLToken) -> Bool {
        switch token.kind {
        case .word, .quotedName: true
        default: false
        }
    }

    private static func isLiteral(_ token: SQLToken) -> Bool {
        switch token.kind {
        case .string, .number: true
        default: false
        }
    }
}
