package import HookgateCore

/// Judges by its content whether a file of SQL would take a legacy table, or what is in it, away.
///
/// It errs on the careful side: it looks into strings and function bodies, and counts a statement that chooses its
/// table only when it runs, and any DELETE that is not narrowed to given values. Such a file can still be run with
/// psql by whoever means it.
package enum LegacyTableGuard {
    /// What a file would do to a table.
    package struct Finding: Hashable, Sendable, Comparable {
        package enum Act: String, Sendable {
            case drop
            case empty
            case move = "move away"
        }

        package let act: Act
        /// Nil where the name is only known when the file runs.
        package let table: LegacySource?

        package static func < (left: Finding, right: Finding) -> Bool {
            left.description < right.description
        }
    }

    /// Everything the text would take away; empty for a file that may run.
    package static func findings(in sql: String) -> [Finding] {
        Set(self.inspect(sql, depth: 0)).sorted()
    }

    /// Strings inside strings: a DO block that executes a text that executes a text.
    private static let deepestString = 5

    private static func inspect(_ sql: String, depth: Int) -> [Finding] {
        guard depth <= self.deepestString else { return [Finding(act: .drop, table: nil)] }
        let tokens = SQLStringFolding.fold(SQLScanner.tokens(of: sql))
        var findings: [Finding] = []
        for (index, token) in tokens.enumerated() {
            let rest = SQLPhrase(tokens[(index + 1)...])
            switch token.kind {
            case .word("drop"): findings += self.drop(rest)
            case .word("truncate"): findings += self.truncate(rest)
            case .word("delete"): findings += self.delete(rest)
            case .word("alter"): findings += self.alter(rest)
            case .word("merge"): findings += self.merge(rest)
            case .string(let content): findings += self.inspect(content, depth: depth + 1)
            default: break
            }
        }
        return findings
    }

    private static func drop(_ phrase: SQLPhrase) -> [Finding] {
        var phrase = phrase
        if phrase.isPlaceholder { return [Finding(act: .drop, table: nil)] }
        if phrase.skip("owned") { return LegacySource.allCases.map { Finding(act: .drop, table: $0) } }
        if phrase.skip("schema") {
            _ = phrase.skip("if", "exists")
            return phrase.names().flatMap { name -> [Finding] in
                guard let schema = name.last else { return [Finding(act: .drop, table: nil)] }
                return LegacySource.allCases.filter { $0.schema == schema }.map { Finding(act: .drop, table: $0) }
            }
        }
        _ = phrase.skip("foreign")
        guard phrase.skip("table") else { return [] }
        _ = phrase.skip("if", "exists")
        return self.findings(.drop, phrase.names())
    }

    private static func truncate(_ phrase: SQLPhrase) -> [Finding] {
        var phrase = phrase
        // The privilege and the trigger event of that name.
        if phrase.skip("on") || phrase.skip("or") || phrase.skipSymbol(",") { return [] }
        _ = phrase.skip("table")
        _ = phrase.skip("only")
        return self.findings(.empty, phrase.names())
    }

    private static func delete(_ phrase: SQLPhrase) -> [Finding] {
        var phrase = phrase
        guard phrase.skip("from") else { return [] }
        _ = phrase.skip("only")
        let table = phrase.names(limit: 1)
        return phrase.isNarrowed ? [] : self.findings(.empty, table)
    }

    private static func alter(_ phrase: SQLPhrase) -> [Finding] {
        var phrase = phrase
        _ = phrase.skip("foreign")
        guard phrase.skip("table") else { return [] }
        _ = phrase.skip("if", "exists")
        _ = phrase.skip("only")
        let table = phrase.names(limit: 1)
        if phrase.contains("set", "schema") || phrase.contains("rename", "to") { return self.findings(.move, table) }
        return phrase.dropsColumn ? self.findings(.empty, table) : []
    }

    private static func merge(_ phrase: SQLPhrase) -> [Finding] {
        var phrase = phrase
        guard phrase.skip("into") else { return [] }
        _ = phrase.skip("only")
        let table = phrase.names(limit: 1)
        return phrase.contains("then", "delete") ? self.findings(.empty, table) : []
    }

    private static func findings(_ act: Finding.Act, _ names: [[String]]) -> [Finding] {
        names.flatMap { name -> [Finding] in
            guard let table = name.last else { return [Finding(act: act, table: nil)] }
            // A name without a schema may mean any, whatever search_path will say.
            let schema = name.count > 1 ? name[name.count - 2] : nil
            return LegacySource.allCases
                .filter { $0.table == table && (schema == nil || $0.schema == schema) }
                .map { Finding(act: act, table: $0) }
        }
    }
}

extension LegacyTableGuard.Finding: CustomStringConvertible {
    package var description: String {
        "\(self.act.rawValue) \(self.table?.rawValue ?? "a table that is only named when it runs")"
    }
}
