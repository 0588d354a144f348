package import FoundationEssentials
package import HookgateCore
import PostgresClient

extension PostgresMigrationLedger {
    package func closeInterruptedRuns(at now: Date) async throws {
        guard try await hasJournal() else { return }
        // What such a run wrote is what the journal has of it; it did not live to say what else it found.
        try await pool.query(
            """
            UPDATE hookgate.migration_runs r SET state = 'interrupted', finished_at = $1::timestamptz,
                counts = (SELECT jsonb_build_object('inserted', count(*) FILTER (WHERE m.action = 'insert'),
                                                    'updated', count(*) FILTER (WHERE m.action = 'update'))
                          FROM hookgate.migration_rows m WHERE m.run_id = r.id)
            WHERE r.state = 'running'
            """, [now])
    }

    package func runs(limit: Int) async throws -> [RunRecord] {
        do {
            return try await pool.query(
                "SELECT \(Self.runColumns) FROM hookgate.migration_runs r ORDER BY started_at DESC, id LIMIT $1::bigint",
                [limit]
            ).map(Self.record)
        } catch let error as PostgresError where error.isOfMissingTable || error.sqlState == "42501" {
            // Not there, or not for this role to read.
            return []
        }
    }

    package func run(_ id: RunID) async throws -> RunRecord? {
        guard try await hasJournal() else { return nil }
        return try await pool.query(
            "SELECT \(Self.runColumns) FROM hookgate.migration_runs r WHERE id = $1::uuid", [id.uuid]
        ).first.map(Self.record)
    }

    package func entries(
        of run: RunID, pageSize: Int, body: ([RunEntry]) async throws -> Void
    ) async throws {
        var last = ""
        while true {
            let rows = try await pool.query(
                """
                SELECT instance_name, integration_id, action, undone_at IS NOT NULL AS is_undone,
                    ARRAY(SELECT key FROM jsonb_object_keys(coalesce(before, '{}')) key
                          WHERE key NOT IN ('config', 'updated_at') AND key NOT LIKE 'migrated\\_%' ORDER BY key)
                    || ARRAY(SELECT 'config.' || key FROM jsonb_object_keys(coalesce(before->'config', '{}')) key
                             ORDER BY key) AS fields
                FROM hookgate.migration_rows WHERE run_id = $1::uuid AND instance_name > $2
                ORDER BY instance_name LIMIT $3::bigint
                """, [run.uuid, last, pageSize])
            let entries = try rows.map { row in
                RunEntry(
                    name: InstanceName(try row.decode("instance_name")),
                    integrationID: IntegrationID(try row.decode("integration_id", as: UUID.self)),
                    action: try row.runAction(), fields: try row.decode("fields"),
                    isUndone: try row.decode("is_undone"))
            }
            guard let lastEntry = entries.last else { return }
            try await body(entries)
            last = lastEntry.name.text
        }
    }

    /// A run that calls itself running while nobody holds the run lock has lost its process.
    private static let runColumns = """
        id, started_at, finished_at, digest,
        CASE WHEN state = 'running' AND NOT EXISTS (
            SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                AND (classid::bigint << 32) | objid::bigint = \(runLockKey)
        ) THEN 'interrupted' ELSE state END AS state,
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

extension PostgresRow {
    /// The column `action` of the journal.
    func runAction() throws -> RunAction {
        RunAction(rawValue: try decode("action")) ?? .update
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
