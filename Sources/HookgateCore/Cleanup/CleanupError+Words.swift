import FoundationEssentials

extension CleanupError: CustomStringConvertible {
    /// What happened, and what to do. Holds no row's content.
    package var description: String {
        switch self {
        case .refused(let findings):
            "\(findings.count) of \(CleanupGate.allCases.count) gates do not hold, so nothing was moved: "
                + findings.map { "\($0.gate.title) (\($0.summary))" }.joined(separator: "; ")
                + ". See: hookgate cleanup plan"
        case .nothingToArchive: "none of the six legacy tables is there: there is nothing to clean up"
        case .planChanged(let expected, let actual):
            "the plan is no longer the one that was reviewed (digest \(expected), now \(actual)); nothing was moved. "
                + "Look at it again: hookgate cleanup run --dry-run"
        case .changedMeanwhile(let table):
            "\(table) was written to after it was verified; nothing was moved. Find out by whom, then: "
                + "hookgate migrate, and hookgate cleanup plan"
        case .unknownArchive(let name, let known):
            "there is no archive \(name)" + (known.isEmpty ? "" : "; there are " + Self.list(known))
        case .notArchived(let name, let state): "\(name) is \(state.rawValue) already: nothing was changed"
        case .retained(let name, let end):
            "\(name) is kept until \(end.formatted(.iso8601)), so nothing was dropped. A shorter time must be asked for: "
                + "--retention-days"
        case .placeTaken(let table):
            "\(table) is there again, made anew since the clean-up; nothing was changed. Rename it or drop it, then restore"
        case .differs(let name, let differences):
            "\(name) does not hold what was moved into it (" + differences.joined(separator: "; ")
                + "); nothing was changed. Find out who changed it before anything else is done"
        case .stillNeeded(let what):
            "something was made that needs an archived table: \(what). Nothing was dropped; drop that first, or restore"
        case .lockedOut(let tables, let attempts, let wait):
            "somebody else holds a lock on \(tables.joined(separator: ", ")): given up after \(attempts) attempts of "
                + "\(wait) each, so as not to hold anybody up, and nothing was changed. Find the session in pg_locks and "
                + "pg_stat_activity, let it end, and run this again"
        case .notPermitted(let why): "\(why); nothing was changed"
        case .busy:
            "another hookgate migrates or cleans up on this database; wait for it to end, then run this again"
        case .schemaMissing: "the schema of hookgate is not there, or not whole: hookgate schema apply"
        }
    }

    /// Whether a person must decide or wait, rather than mend something: exit code 3.
    package var needsPerson: Bool {
        switch self {
        case .refused, .planChanged, .changedMeanwhile, .retained, .placeTaken, .differs, .stillNeeded, .lockedOut:
            true
        case .nothingToArchive, .unknownArchive, .notArchived, .notPermitted, .busy, .schemaMissing: false
        }
    }

    private static func list(_ names: [ArchiveName]) -> String {
        names.map(\.text).joined(separator: ", ")
    }
}
