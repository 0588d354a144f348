import FoundationEssentials
package import HookgateCore
import PostgresClient

extension PostgresMigrationLedger {
    package func runs(limit: Int) async throws -> [RunRecord] {
        guard try await hasJournal() else { return [] }
        return try await pool.query(
            "SELECT \(Self.runColumns) FROM hookgate.migration_runs ORDER BY started_at DESC, id LIMIT $1::bigint",
            [limit]
        ).map(Self.record)
    }

    package func run(_ id: RunID) async throws -> RunRecord? {
        guard try await hasJournal() else { return nil }
        return try await pool.query(
            "SELECT \(Self.runColumns) FROM hookgate.migration_runs WHERE id = $1::uuid", [id.uuid]
        ).first.map(Self.record)
    }

    package func entries(
        of run: RunID, pageSize: Int, body: ([RunEntry]) async throws -> Void
    ) async throws {
        var last = ""
        while true {
            let rows = try await pool.query(
                """
                SELECT instance_name, integration_id, action, undone_at IS NOT NULL AS is_undone
                FROM hookgate.migration_rows WHERE run_id = $1::uuid AND instance_name > $2
                ORDER BY instance_name LIMIT $3::bigint
                """, [run.uuid, last, pageSize])
            let entries = try rows.map { row in
                RunEntry(
                    name: InstanceName(try row.decode("instance_name")),
                    integrationID: IntegrationID(try row.decode("integration_id", as: UUID.self)),
                    action: try row.decode("action"), isUndone: try row.decode("is_undone"))
            }
            guard let lastEntry = entries.last else { return }
            try await body(entries)
            last = lastEntry.name.text
        }
    }

    private static let runColumns = """
        id, started_at, finished_at, state, digest,
        coalesce((counts->>'inserted')::bigint, 0) AS inserted, coalesce((counts->>'updated')::bigint, 0) AS updated,
        coalesce((counts->>'unchanged')::bigint, 0) AS unchanged,
        coalesce((counts->>'ambiguous')::bigint, 0) AS ambiguous, coalesce((counts->>'conflict')::bigint, 0) AS conflict,
        coalesce((counts->>'no_clinic')::bigint, 0) AS no_clinic, coalesce((counts->>'excluded')::bigint, 0) AS excluded
        """

    private func hasJournal() async throws -> Bool {
        try await TableShapes.load(from: pool).readable(TableShapes.migrationRows) != nil
    }

    private static func record(_ row: PostgresRow) throws -> RunRecord {
        var counts = PlanCounts()
        counts.inserted = try row.decode("inserted")
        counts.updated = try row.decode("updated")
        counts.unchanged = try row.decode("unchanged")
        counts.ambiguous = try row.decode("ambiguous")
        counts.conflict = try row.decode("conflict")
        counts.noClinic = try row.decode("no_clinic")
        counts.excluded = try row.decode("excluded")
        let state = RunOutcome.State(rawValue: try row.decode("state")) ?? .failed
        return RunRecord(
            id: RunID(try row.decode("id", as: UUID.self)), startedAt: try row.decode("started_at"),
            finishedAt: try row.decode("finished_at"),
            outcome: RunOutcome(state: state, digest: try row.decode("digest"), counts: counts))
    }
}

extension PlanCounts {
    /// As the journal keeps it; read back above.
    var json: String {
        let pairs = [
            ("inserted", inserted), ("updated", updated), ("unchanged", unchanged), ("ambiguous", ambiguous),
            ("conflict", conflict), ("no_clinic", noClinic), ("excluded", excluded),
        ]
        return "{" + pairs.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ") + "}"
    }
}
