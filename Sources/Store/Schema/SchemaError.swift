package import PostgresClient

/// Why the schema was not applied, or a file not run.
package enum SchemaError: Error {
    /// The file would take a legacy table away. Nothing was run. Exit code 3.
    case refused(file: String, findings: [LegacyTableGuard.Finding])
    /// The file is the one that only says where to go instead. Exit code 3.
    case refusedByItself(file: String)
    /// A built-in file is not the one that was applied to this database.
    case changed(file: String)
    case noSuchFile(path: String)
    /// A comment of the file asks for something this version does not know.
    case unknownDirective(file: String, comment: String)
    /// The file began a transaction and did not end it; nothing of that transaction was kept.
    case leftTransactionOpen(file: String)
    case serverTooOld(version: String)
    /// The role lacks a right. `owner` is whose table it is, where that is what it takes.
    case notPermitted(file: String?, role: String, owner: String?, error: PostgresError)
    /// Locks that somebody else held were not granted in any attempt.
    case blocked(file: String, attempts: Int)
    /// Another process is applying the schema and did not finish in time.
    case busy
    /// A statement of the file failed. `line` is where it begins, when the file is run statement by statement.
    case failed(file: String, line: Int?, error: PostgresError)
    /// The database could not be asked.
    case unavailable(String)
    case cancelled
}

extension SchemaError: CustomStringConvertible {
    /// What happened and what to do next. Never holds SQL text or data.
    package var description: String {
        switch self {
        case .refused(let file, let findings):
            let acts = findings.map(\.description).joined(separator: ", ")
            return "\(file) would \(acts); nothing of it was run. Legacy tables are taken away only by "
                + "`hookgate cleanup`, which asks for evidence first and can undo it: hookgate cleanup plan"
        case .refusedByItself(let file):
            return
                "\(file) drops nothing: public.integrations and core.whatsapp_conversations hold what no integration "
                + "replaces, and dropping cannot be undone. This step, with evidence and a way back: hookgate cleanup run"
        case .changed(let file):
            return "\(file) was applied to this database with another content than this hookgate has built in; nothing "
                + "was applied. Use the version of hookgate that applied it, or a newer one (`hookgate schema status`)."
        case .noSuchFile(let path):
            return "there is no file \(path), and no built-in file of that name (`hookgate schema status` lists them)"
        case .unknownDirective(let file, let comment):
            return "\(file) has a comment that this hookgate does not understand: \(comment)"
        case .leftTransactionOpen(let file):
            return
                "\(file) begins a transaction and does not end it, so nothing of that transaction was kept; add a COMMIT"
        case .serverTooOld(let version):
            return "PostgreSQL \(version) is too old: hookgate needs 13 or newer"
        case .notPermitted(let file, let role, let owner, let error):
            let place = file.map { " for \($0)" } ?? ""
            let remedy =
                owner.map { "run it as \($0), who owns healthcare.integrations" }
                ?? "grant it what is missing or run it as the database's owner"
            return "role \(role) lacks a right\(place): \(remedy). \(error)"
        case .blocked(let file, let attempts):
            return "\(file) waits for a lock that somebody else holds, and gave up after \(attempts) attempts without "
                + "holding up traffic; find the long transaction in pg_stat_activity and run it again"
        case .busy:
            return "another process is applying the schema and has not finished; try again when it has"
        case .failed(let file, let line, let error):
            return "\(file)\(line.map { ", the statement at line \($0)" } ?? ""): \(error)"
        case .unavailable(let reason): return reason
        case .cancelled: return "applying the schema was cancelled; what was not finished goes on with the next run"
        }
    }
}
