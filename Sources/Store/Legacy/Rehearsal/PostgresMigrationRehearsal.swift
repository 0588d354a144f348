package import FoundationEssentials
package import HookgateCore
package import PostgresClient

/// Tries a plan's statements on temporary copies, in one transaction that is always rolled back.
package struct PostgresMigrationRehearsal: MigrationRehearsal {
    private let pool: PostgresPool

    /// The columns that a copy has in any case, so that they can be held against the schema's.
    package static var columns: [(name: String, type: String)] {
        RehearsalCopy.writtenColumns + RehearsalCopy.filledColumns
    }

    package init(pool: PostgresPool) {
        self.pool = pool
    }

    package func withStage(
        at now: Date, _ body: (any RehearsalStage) async throws -> Void
    ) async throws -> RehearsalReport {
        let obstacle = try await obstacle()
        var report = RehearsalReport()
        do {
            if let obstacle { throw NoStage(reason: obstacle) }
            try await pool.transaction { connection in
                // The transaction idles while pages are read, whatever the role's default says.
                try await connection.execute(
                    script:
                        "SET LOCAL TIME ZONE 'UTC'; SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL jit = off"
                )
                let copy = try await Self.copy(on: connection)
                try await body(PostgresRehearsalStage(connection: connection, copy: copy, now: now))
                report.remarks = copy.remarks
                throw CurtainFall()
            }
        } catch is CurtainFall {
        } catch let error as NoStage {
            report.unavailable = error.reason
            try await body(EmptyStage())
        }
        return report
    }

    /// Ends the transaction of a rehearsal that went through: whatever is thrown rolls it back.
    private struct CurtainFall: Error {}

    private struct NoStage: Error {
        let reason: String
    }

    /// Takes everything.
    private struct EmptyStage: RehearsalStage {
        func refusals(of batch: [PlannedInstance]) async throws -> [InstanceName: String] { [:] }
    }

    /// Why there can be no temporary tables here, as far as that can be known beforehand.
    private func obstacle() async throws -> String? {
        let row = try await pool.query(
            """
            SELECT has_database_privilege(current_database(), 'TEMP') AS may_create, pg_is_in_recovery() AS is_standby,
                   current_user::text AS role, current_database()::text AS database
            """
        ).first
        guard let row else { return nil }
        if try row.decode("is_standby") { return "this server is a standby, which keeps no temporary tables" }
        if try row.decode("may_create") { return nil }
        let role: String = try row.decode("role")
        let database: String = try row.decode("database")
        return "role \(role) may not create temporary tables: GRANT TEMP ON DATABASE \(database) TO \(role)"
    }

    private static func copy(on connection: PostgresConnection) async throws -> RehearsalCopy {
        do {
            return try await RehearsalCopy.make(on: connection)
        } catch let error as PostgresError {
            guard let sqlState = error.sqlState else { throw error }
            throw NoStage(
                reason: "healthcare.integrations could not be copied (SQLSTATE \(sqlState)): let this role read the "
                    + "table and run the functions of its indexes and constraints")
        }
    }
}
