package import FoundationEssentials
package import HookgateCore
package import PostgresClient

/// Adds entries to the audit log, each in a transaction of its own.
package struct PostgresAuditWriter: AuditWriting {
    private let pool: PostgresPool

    package init(pool: PostgresPool) {
        self.pool = pool
    }

    package func note(_ entry: AuditEntry, at now: Date) async throws {
        try await pool.transaction { connection in
            try await AuditLog.append(entry, at: now, on: connection)
        }
    }
}
