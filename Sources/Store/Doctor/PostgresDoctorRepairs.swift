package import FoundationEssentials
package import HookgateCore
package import PostgresClient

/// The doctor's repairs in PostgreSQL. Each transaction writes its entry in the audit log, so that what was changed can
/// be told; a repair that finds nothing to do writes nothing at all.
package struct PostgresDoctorRepairs: DoctorRepairs {
    static let batchSize = 1_000
    private static let actor = "command line"
    private static let lockTimeout = "5s"

    let pool: PostgresPool
    let directURL: String

    package init(pool: PostgresPool, directURL: String) {
        self.pool = pool
        self.directURL = directURL
    }

    package func preview(_ fix: DoctorFix, limit: Int) async throws -> DoctorChange {
        switch fix {
        case .applySchema: try await pendingFiles()
        case .restoreSchemaObjects: try await lostObjects()
        case .makeTokens, .writeNameKeys: try await rowsToFill(fix, limit: limit)
        case .closeTokenColumns: try await rightsToTake()
        }
    }

    package func make(_ fix: DoctorFix, limit: Int, at now: Date) async throws -> DoctorChange {
        switch fix {
        case .applySchema: try await applySchema(at: now)
        case .restoreSchemaObjects: try await restoreObjects(at: now)
        case .makeTokens, .writeNameKeys: try await fillRows(fix, limit: limit, at: now)
        case .closeTokenColumns: try await takeRights(at: now)
        }
    }

    /// What a check's statement finds now; nothing where it cannot be made.
    func found(
        limit: Int, on connection: PostgresConnection, _ query: (DoctorQueries) -> DoctorQuery
    ) async throws -> DoctorSample {
        let queries = DoctorQueries(
            catalog: try await DoctorCatalog.load(from: connection),
            shapes: try await TableShapes.load(from: connection))
        let query = query(queries)
        guard queries.catalog.obstacle(to: query.needs) == nil else { return .none }
        return try await query.run(on: connection, limit: limit)
    }

    /// A transaction that waits for no lock longer than it must, and that fails where a policy hides rows from it.
    func writing<Success>(_ body: (PostgresConnection) async throws -> Success) async throws -> Success {
        try await pool.transaction { connection in
            try await connection.execute(
                script: "SET LOCAL lock_timeout = '\(Self.lockTimeout)'; SET LOCAL row_security = off")
            return try await body(connection)
        }
    }

    func journal(
        _ fix: DoctorFix, _ detail: some Encodable, at now: Date, on connection: PostgresConnection
    ) async throws {
        try await AuditLog.append(
            AuditEntry(actor: Self.actor, action: "doctor.fix", subject: fix.rawValue, detail: detail), at: now,
            on: connection)
    }
}
