package import HookgateCore
package import PostgresClient

/// The inventory of the old system in PostgreSQL. Every read is inside a transaction that the server itself keeps
/// from writing.
package struct PostgresMigrationInventory: MigrationInventory {
    /// How long a read waits for somebody who has locked a whole table.
    private static let lockTimeout = "5s"

    private let pool: PostgresPool

    package init(pool: PostgresPool) {
        self.pool = pool
    }

    package func survey() async throws -> LegacySurvey {
        try await snapshot { connection, shapes in
            try await SurveyReader(connection: connection, shapes: shapes).survey()
        }
    }

    package func mark() async throws -> InventoryMark {
        try await snapshot { connection, shapes in
            try await InventoryMarkReader(connection: connection, shapes: shapes).mark()
        }
    }

    package func pages<Prepared: Sendable>(
        of scope: InventoryScope, size: Int, prepare: @escaping @Sendable (InventoryPage) async throws -> Prepared,
        body: (Prepared) async throws -> Void
    ) async throws {
        try await snapshot { connection, shapes in
            try await InventoryPageReader(connection: connection, shapes: shapes)
                .pages(of: scope, size: size, prepare: prepare, body: body)
        }
    }

    package func page(naming names: [InstanceName]) async throws -> InventoryPage {
        try await snapshot { connection, shapes in
            try await InventoryPageReader(connection: connection, shapes: shapes).page(naming: names)
        }
    }

    package func sharedTokens(of names: [InstanceName]) async throws -> Set<TokenDigest> {
        try await snapshot { connection, shapes in
            guard let statement = IntegrationColumns(shapes)?.sharedTokens else { return [] }
            let isUnique = try await connection.query(IntegrationColumns.tokensAreUnique)
            if try isUnique.first?.decode("answer", as: Bool.self) == true { return [] }
            let tokens = try await connection.query(statement, [names.map(\.text)])
                .map { try $0.decode("token", as: String.self) }
            return Set(tokens.map { TokenDigest(of: $0) })
        }
    }

    package func sightings(of names: [InstanceName]) async throws -> [InstanceName: InstanceSightings] {
        try await snapshot { connection, shapes in
            try await SightingsReader(executor: connection, shapes: shapes).sightings(of: names)
        }
    }

    func snapshot<Success>(
        _ body: (PostgresConnection, TableShapes) async throws -> Success
    ) async throws -> Success {
        do {
            return try await transaction(body)
        } catch let error as PostgresError where error.sqlState == "55P03" {
            throw MigrationError.lockedOut(Self.lockTimeout)
        }
    }

    private func transaction<Success>(
        _ body: (PostgresConnection, TableShapes) async throws -> Success
    ) async throws -> Success {
        let (result, reads) = try await pool.transaction(.snapshot) { connection in
            // The text form of a row, by which its versions are told apart, must not depend on the session; the
            // transaction idles while batches are written, whatever the role's default says; and a cursor here is
            // read to its end, so its first row need not come quickly. The one sort of everything gets more memory than
            // the few megabytes that a server gives by default. What helpers scan could not be told from what others
            // scan (OwnReads). Compiling a statement takes longer than running it.
            try await connection.execute(
                script: """
                    SET LOCAL TIME ZONE 'UTC';
                    SET LOCAL lock_timeout = '\(Self.lockTimeout)';
                    SET LOCAL idle_in_transaction_session_timeout = 0;
                    SET LOCAL cursor_tuple_fraction = 1;
                    SET LOCAL work_mem = '32MB';
                    SET LOCAL max_parallel_workers_per_gather = 0;
                    SET LOCAL jit = off
                    """)
            let own = try await OwnReads(on: connection)
            let result = try await body(connection, try await TableShapes.load(from: connection))
            return (result, try await own.finish(on: connection))
        }
        try await OwnReads.note(reads, in: pool)
        return result
    }
}
