package import FoundationEssentials
package import HookgateCore
package import PostgresClient

/// Moves the legacy tables into a schema of their own and back, each in one short transaction: `ALTER TABLE … SET SCHEMA`
/// keeps rows, indexes, constraints, triggers, policies, grants, owned sequences and membership of publications.
package struct PostgresLegacyArchives: LegacyArchives {
    /// How long is waited for what.
    package struct Options: Sendable {
        /// For one lock: as long as this may somebody wait behind us.
        package var lockTimeout: Duration
        package var lockAttempts: Int
        package var lockPause: Duration

        package init(
            lockTimeout: Duration = .seconds(2), lockAttempts: Int = 8, lockPause: Duration = .milliseconds(500)
        ) {
            self.lockTimeout = lockTimeout
            self.lockAttempts = lockAttempts
            self.lockPause = lockPause
        }
    }

    /// Somebody else held a lock, or we were the one to give way.
    private static let lockStates: Set<String?> = ["55P03", "40P01"]
    private static let insufficientPrivilege = "42501"
    private static let dependentObjects = "2BP01"

    let pool: PostgresPool
    private let options: Options
    private let willRun: @Sendable (ArchiveStatement) async throws -> Void

    /// - Parameter willRun: called before each statement, for tests: what it throws ends the transaction.
    package init(
        pool: PostgresPool, options: Options = Options(),
        willRun: @escaping @Sendable (ArchiveStatement) async throws -> Void = { _ in }
    ) {
        self.pool = pool
        self.options = options
        self.willRun = willRun
    }

    // MARK: Away

    package func draft(
        of tables: [LegacySource], at now: Date
    ) async throws -> (name: ArchiveName, statements: [ArchiveStatement]) {
        let taken = try await pool.query(
            """
            SELECT nspname::text AS name FROM pg_namespace WHERE nspname LIKE 'hookgate\\_archive\\_%'
            UNION SELECT name FROM hookgate.archives
            """
        ).map { try $0.decode("name", as: String.self) }
        let name = ArchiveName(at: now, taken: Set(taken))
        return (name, try await archiving(tables, as: name, executor: pool))
    }

    package func archive(
        _ tables: [LegacySource], as name: ArchiveName, ifStill mark: InventoryMark, at now: Date, audit: AuditEntry
    ) async throws {
        try await attempts(on: tables.map(\.rawValue)) { connection in
            for (index, statement) in try await archiving(tables, as: name, executor: connection).enumerated() {
                try await run(statement, connection, at: now, by: audit.actor)
                // The first one has locked them.
                if index == 0 { try await ensure(tables, areStill: mark, connection) }
            }
            try await AuditLog.append(audit, at: now, on: connection)
        }
    }

    private func archiving(
        _ tables: [LegacySource], as name: ArchiveName, executor: some PostgresExecutor
    ) async throws -> [ArchiveStatement] {
        let shapes = try await TableShapes.load(from: executor)
        let relations = try await relations(tables.map { ($0, $0.schema) }, executor)
        let queries = tables.compactMap { LegacySourceQuery($0, shapes: shapes)?.sql }
            .map { "SELECT name FROM (\($0)) AS source" }
        return ArchiveScript(archive: name, relations: relations)
            .archiving(namesQuery: queries.isEmpty ? nil : queries.joined(separator: "\nUNION ALL\n"))
    }

    /// What was verified must be what is moved.
    private func ensure(
        _ tables: [LegacySource], areStill mark: InventoryMark, _ connection: PostgresConnection
    ) async throws {
        let shapes = try await TableShapes.load(from: connection)
        let now = try await InventoryMarkReader(connection: connection, shapes: shapes).mark(among: tables)
        for table in tables where now.part(of: [table]) != mark.part(of: [table]) {
            throw CleanupError.changedMeanwhile(table: table.rawValue)
        }
    }

    // MARK: Back

    package func restoration(of archive: LegacyArchive) async throws -> [ArchiveStatement] {
        let script = try await script(of: archive, pool)
        return script.restoring + [script.comparing] + script.restored
    }

    package func restore(
        _ archive: LegacyArchive, isRehearsal: Bool, at now: Date, audit: AuditEntry
    ) async throws {
        do {
            try await attempts(on: archive.tables.map { "\(archive.name).\($0.source.table)" }) { connection in
                try await moveBack(archive, connection, at: now, by: audit.actor)
                guard !isRehearsal else { throw Rehearsed() }
                try await AuditLog.append(audit, at: now, on: connection)
            }
        } catch is Rehearsed {
            try await pool.transaction { connection in
                try await connection.query(
                    "UPDATE hookgate.archives SET rehearsed_at = $2 WHERE name = $1 AND state = 'archived'",
                    [archive.name.text, now])
                try await AuditLog.append(audit, at: now, on: connection)
            }
        }
    }

    /// Takes a restore back that has succeeded.
    private struct Rehearsed: Error {}

    private func moveBack(
        _ archive: LegacyArchive, _ connection: PostgresConnection, at now: Date, by actor: String
    ) async throws {
        let script = try await script(of: archive, connection)
        try await ensureFree(archive, connection)
        for statement in script.restoring { try await run(statement, connection, at: now, by: actor) }
        try await willRun(script.comparing)
        let differences = try await connection.query(script.comparing.sql).compactMap(Self.difference)
        guard differences.isEmpty else { throw CleanupError.differs(archive.name, differences: differences) }
        for statement in script.restored { try await run(statement, connection, at: now, by: actor) }
    }

    private func ensureFree(_ archive: LegacyArchive, _ connection: PostgresConnection) async throws {
        let taken = try await connection.query(
            """
            SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname || '.' || c.relname = ANY ($1::text[]) ORDER BY 1 LIMIT 1
            """, [archive.tables.map(\.source.rawValue)])
        if let row = taken.first { throw CleanupError.placeTaken(table: try row.decode("name")) }
    }

    /// In words; nil where a table is as it was.
    private static func difference(_ row: PostgresRow) throws -> String? {
        let table: String = try row.decode("table_name")
        let (was, now): (Int64, Int64) = (try row.decode("row_count"), try row.decode("rows_now"))
        let changed: [String] = try row.decode("changed")
        if was != now { return "\(table) has \(now) rows, and had \(was)" }
        if try !row.decode("same_rows", as: Bool.self) { return "rows of \(table) were changed" }
        return changed.isEmpty ? nil : "of \(table) were changed: \(changed.joined(separator: ", "))"
    }

    // MARK: For good

    package func purging(of archive: LegacyArchive) async throws -> [ArchiveStatement] {
        try await script(of: archive, pool).purging
    }

    package func purge(_ archive: LegacyArchive, at now: Date, audit: AuditEntry) async throws {
        try await attempts(on: archive.tables.map { "\(archive.name).\($0.source.table)" }) { connection in
            for statement in try await script(of: archive, connection).purging {
                try await run(statement, connection, at: now, by: audit.actor)
            }
            try await AuditLog.append(audit, at: now, on: connection)
        }
    }

    // MARK: Running

    private func script(of archive: LegacyArchive, _ executor: some PostgresExecutor) async throws -> ArchiveScript {
        let places = archive.tables.map { ($0.source, archive.name.text) }
        return ArchiveScript(archive: archive.name, relations: try await relations(places, executor))
    }

    /// What each of the tables is, in their order. Of one that is gone it does not matter: the statement will say so.
    private func relations(
        _ places: [(source: LegacySource, schema: String)], _ executor: some PostgresExecutor
    ) async throws -> [ArchiveScript.Relation] {
        let rows = try await executor.query(
            """
            SELECT n.nspname || '.' || c.relname AS name, c.relkind::text AS kind
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname || '.' || c.relname = ANY ($1::text[])
            """, [places.map { "\($0.schema).\($0.source.table)" }])
        let kinds = Dictionary(
            try rows.map { (try $0.decode("name", as: String.self), try $0.decode("kind", as: String.self)) },
            uniquingKeysWith: { first, _ in first })
        return places.map {
            ArchiveScript.Relation(source: $0.source, kind: kinds["\($0.schema).\($0.source.table)"] ?? "r")
        }
    }

    private func run(
        _ statement: ArchiveStatement, _ connection: PostgresConnection, at now: Date, by actor: String
    ) async throws {
        try await willRun(statement)
        try await connection.query(statement.sql, statement.sql.contains("$1") ? [now, actor] : [])
    }

    /// One transaction, tried again while somebody else holds a lock, and given up after a bounded time.
    private func attempts(
        on tables: [String], _ body: (PostgresConnection) async throws -> Void
    ) async throws {
        let count = max(1, options.lockAttempts)
        for attempt in 1...count {
            do {
                return try await noting(body)
            } catch let error as PostgresError where Self.lockStates.contains(error.sqlState) {
                guard attempt < count else { break }
                try await Task.sleep(for: options.lockPause)
            } catch let error as PostgresError where error.sqlState == Self.insufficientPrivilege {
                throw CleanupError.notPermitted(
                    "this role may not move the tables: connect as their owner (\(error.description))")
            } catch let error as PostgresError where error.sqlState == Self.dependentObjects {
                throw CleanupError.stillNeeded(error.serverMessage ?? error.description)
            }
        }
        throw CleanupError.lockedOut(tables: tables, attempts: count, wait: options.lockTimeout)
    }

    /// One transaction, and what it read to compare as nobody else's reading: the server counts the scans of a rehearsal
    /// and of a restore that found differences as well, although both are taken back.
    private func noting(_ body: (PostgresConnection) async throws -> Void) async throws {
        var reads: [String: Int64] = [:]
        do {
            try await pool.transaction { connection in
                try await connection.execute(script: ArchiveScript.settings(lockTimeout: options.lockTimeout))
                let own = try await OwnReads(on: connection)
                do {
                    try await body(connection)
                } catch let error where !(error is PostgresError) {
                    reads = try await own.finish(on: connection)
                    throw error
                }
                reads = try await own.finish(on: connection)
            }
        } catch let error where !(error is PostgresError) {
            try await OwnReads.note(reads, in: pool)
            throw error
        }
        try await OwnReads.note(reads, in: pool)
    }
}
