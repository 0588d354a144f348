/// Joins strings that SQL puts together with `||`, since a statement built in pieces is still that statement.
enum SQLStringFolding {
    /// Stands in a joined string for a piece that only the server will know.
    static let unknownPiece: Unicode.Scalar = "\u{1}"

    /// The tokens without comments, each chain of strings as one.
    static func fold(_ tokens: [SQLToken]) -> [SQLToken] {
        var folded: [SQLToken] = []
        var rest = tokens.filter { !$0.isComment }[...]
        while let token = rest.popFirst() {
            guard case .string(var content) = token.kind else {
                folded.append(token)
                continue
            }
            while let piece = self.nextPiece(&rest) { content += piece }
            folded.append(SQLToken(kind: .string(content), range: token.range))
        }
        return folded
    }

    private static func nextPiece(_ rest: inout ArraySlice<SQLToken>) -> String? {
        // 'a' 'b' on two lines is one string.
        if case .string(let content)? = rest.first?.kind {
            rest.removeFirst()
            return content
        }
        guard rest.count >= 3, rest.prefix(2).allSatisfy({ $0.isSymbol("|") }) else { return nil }
        rest.removeFirst(2)
        if case .string(let content)? = rest.first?.kind {
            rest.removeFirst()
            return content
        }
        self.skipOperand(&rest)
        return String(Character(self.unknownPiece))
    }

    /// A name with dots, and what stands in parentheses or brackets after it.
    private static func skipOperand(_ rest: inout ArraySlice<SQLToken>) {
        var depth = 0
        while let token = rest.first {
            if token.isSymbol("(") || token.isSymbol("[") {
                depth += 1
            } else if token.isSymbol(")") || token.isSymbol("]") {
                guard depth > 0 else { return }
                depth -= 1
            } else if depth == 0, token.isSymbol("|") || token.isSymbol(";") || token.isSymbol(",") {
                return
            }
            rest.removeFirst()
        }
    }
}
