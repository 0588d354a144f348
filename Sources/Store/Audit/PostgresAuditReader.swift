import FoundationEssentials
package import HookgateCore
package import PostgresClient

/// Reads `hookgate.audit_log` for people.
package struct PostgresAuditReader: AuditReading {
    private let pool: PostgresPool

    package init(pool: PostgresPool) {
        self.pool = pool
    }

    package func entries(_ filter: AuditFilter) async throws -> AuditPage {
        let limit = min(max(1, filter.limit), AuditFilter.largestPage)
        var parameters: [any PostgresEncodable] = []
        var conditions: [String] = []
        func require(_ value: any PostgresEncodable, _ condition: (String) -> String) {
            parameters.append(value)
            conditions.append(condition("$\(parameters.count)"))
        }
        if let actor = filter.actor { require(actor) { "actor = \($0)" } }
        if let action = filter.action { require(action) { "action = \($0)" } }
        if let subject = filter.subject { require(subject) { "subject = \($0)" } }
        if let before = filter.before { require(before) { "id < \($0)" } }
        let rows = try await pool.query(
            """
            SELECT id, recorded_at, actor, action, subject, detail::text AS detail, digest FROM hookgate.audit_log
            \(conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND "))
            ORDER BY id DESC LIMIT \(limit + 1)
            """, parameters)
        let entries = try rows.prefix(limit).map { row in
            AuditRecord(
                id: try row.decode("id"), recordedAt: try row.decode("recorded_at"), actor: try row.decode("actor"),
                action: try row.decode("action"), subject: try row.decode("subject"),
                detail: try row.decode("detail"), digest: try row.decode("digest"))
        }
        return AuditPage(entries: entries, next: rows.count > limit ? entries.last?.id : nil)
    }

    package func verify() async throws -> AuditVerdict {
        try await AuditLog.verify(pool)
    }
}
