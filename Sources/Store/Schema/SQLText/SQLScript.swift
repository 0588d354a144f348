/// A file of SQL, cut into its statements, with what its comments ask of the one who runs it.
struct SQLScript {
    /// One statement with the comments before it, and the conditions that these set.
    struct Statement: Equatable {
        let text: String
        /// Counted from 1.
        let line: Int
        /// Passed over where this does not hold.
        var onlyIf: String?
        /// Put off where this does not hold, and tried again with the next run.
        var waitFor: String?
        /// Builds beside traffic and waits for old transactions to end, holding up nobody meanwhile.
        let isConcurrent: Bool
    }

    /// How a file is run.
    enum Mode: Equatable {
        /// As one transaction.
        case oneTransaction
        /// Statement by statement, as the file asks: it may be run again from the start.
        case declaredStatements
        /// Statement by statement, because the file begins and commits by itself.
        case ownTransactions
    }

    let statements: [Statement]
    let mode: Mode

    init(_ text: String) throws(SQLDirectiveError) {
        let bytes = Array(text.utf8)
        var cutter = StatementCutter()
        var statements: [Statement] = []
        var isDeclared = false
        var controlsTransactions = false
        for tokens in cutter.cut(SQLScanner.tokens(of: text)) {
            guard let first = tokens.first, let last = tokens.last else { continue }
            let line = bytes[..<first.range.lowerBound].count { $0 == UInt8(ascii: "\n") } + 1
            var statement = Statement(
                text: String(decoding: bytes[first.range.lowerBound..<last.range.upperBound], as: UTF8.self),
                line: line, isConcurrent: tokens.contains { $0.isWord("concurrently") })
            for token in tokens {
                guard case .comment(let comment) = token.kind, let directive = try SQLDirective(comment) else {
                    continue
                }
                switch directive {
                case .noTransaction: isDeclared = true
                case .onlyIf(let condition): statement.onlyIf = condition
                case .waitFor(let condition): statement.waitFor = condition
                }
            }
            guard let begin = tokens.first(where: { !$0.isComment }) else { continue }
            controlsTransactions = controlsTransactions || Self.transactionWords.contains { begin.isWord($0) }
            statements.append(statement)
        }
        self.statements = statements
        self.mode = isDeclared ? .declaredStatements : controlsTransactions ? .ownTransactions : .oneTransaction
    }

    private static let transactionWords = ["begin", "start", "commit", "end", "rollback", "abort"]
}

/// What a comment that begins with `hookgate:` asks for.
enum SQLDirective: Equatable {
    case noTransaction
    case onlyIf(String)
    case waitFor(String)

    /// Nil for any other comment.
    init?(_ comment: String) throws(SQLDirectiveError) {
        let words = comment.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: true)
        guard words.first == "hookgate:" else { return nil }
        switch (words.dropFirst().first, words.dropFirst(2).first) {
        case ("no-transaction", nil): self = .noTransaction
        case ("only-if", .some(let condition)): self = .onlyIf(String(condition))
        case ("wait-for", .some(let condition)): self = .waitFor(String(condition))
        default: throw SQLDirectiveError(comment: comment)
        }
    }
}

/// A comment begins with `hookgate:` and goes on with something unknown. Ignoring it could run what it holds back.
struct SQLDirectiveError: Error, Equatable {
    let comment: String
}

/// Finds where statements end: at a semicolon outside parentheses and outside an SQL-standard function body.
private struct StatementCutter {
    private var parentheses = 0
    private var blocks = 0
    private var isRoutine = false
    private var wordCount = 0
    private var isAfterBegin = false

    mutating func cut(_ tokens: [SQLToken]) -> [[SQLToken]] {
        var statements: [[SQLToken]] = []
        var current: [SQLToken] = []
        for token in tokens {
            current.append(token)
            if self.ends(at: token) {
                statements.append(current)
                current = []
                self = StatementCutter()
            }
        }
        return current.contains { !$0.isComment } ? statements + [current] : statements
    }

    private mutating func ends(at token: SQLToken) -> Bool {
        switch token.kind {
        case .word(let word): self.note(word)
        case .symbol(UInt8(ascii: "(")): self.parentheses += 1
        case .symbol(UInt8(ascii: ")")): self.parentheses = max(0, self.parentheses - 1)
        case .symbol(UInt8(ascii: ";")): return self.parentheses == 0 && self.blocks == 0
        default: break
        }
        return false
    }

    /// Within `CREATE FUNCTION … BEGIN ATOMIC … END` semicolons separate, and CASE has an END of its own.
    private mutating func note(_ word: String) {
        self.wordCount += 1
        if self.wordCount <= 4, word == "function" || word == "procedure" { self.isRoutine = true }
        guard self.isRoutine else { return }
        switch word {
        case "begin": self.isAfterBegin = true
        case "atomic" where self.isAfterBegin: self.blocks += 1
        case "case" where self.blocks > 0: self.blocks += 1
        case "end" where self.blocks > 0: self.blocks -= 1
        default: self.isAfterBegin = false
        }
    }
}
