package import FoundationEssentials
package import HookgateCore
import PostgresClient

extension PostgresMigrationLedger {
    package func undoBatch(
        of run: RunID, after name: InstanceName?, options: UndoOptions, at now: Date
    ) async throws -> [UndoneInstance] {
        let limits: [any PostgresEncodable] = [run.uuid, name?.text ?? "", options.batchSize]
        if options.isDryRun {
            return try await pool.transaction(.snapshot) { connection in
                try await connection.execute(script: "SET LOCAL TIME ZONE 'UTC'")
                let keepsStatuses = try await Self.keepsStatuses(connection)
                let sql =
                    "WITH \(UndoStatement.judged(locking: false, keepsStatuses: keepsStatuses)) \(UndoStatement.result)"
                return try await connection.query(sql, limits + [options.takesInUse]).map(Self.undone)
            }
        }
        return try await writing { connection in
            let columns = try await JournalImage.restorableColumns(connection)
            let opened = try await opened(of: run, limits, connection)
            return try await connection.query(
                UndoStatement.restoring(columns, keepsStatuses: try await Self.keepsStatuses(connection)),
                limits + [options.takesInUse, now, opened.map(\.name), opened.map(\.members.text)]
            ).map(Self.undone)
        }
    }

    /// False on a database from before statuses were kept.
    private static func keepsStatuses(_ connection: PostgresConnection) async throws -> Bool {
        try await connection.query("SELECT to_regclass('hookgate.integration_standings') IS NOT NULL AS answer")
            .first?.decode("answer") == true
    }

    /// The members of `config` that the run replaced, as they were, by instance.
    private func opened(
        of run: RunID, _ limits: [any PostgresEncodable], _ connection: PostgresConnection
    ) async throws -> [(name: String, members: ConfigMembers)] {
        let rows = try await connection.query(UndoStatement.sealedMembers, limits)
        guard !rows.isEmpty else { return [] }
        let seal = try await JournalSeal.load(connection)
        var opened: [String: ConfigMembers] = [:]
        for row in rows {
            let name: String = try row.decode("instance_name")
            let member: String = try row.decode("member")
            let value = try seal.open(try row.decode("sealed"), of: member, in: InstanceName(name), run: run)
            opened[name, default: ConfigMembers()].set(member, to: value)
        }
        return opened.map { (name: $0.key, members: $0.value) }
    }

    private static func undone(_ row: PostgresRow) throws -> UndoneInstance {
        let outcome: UndoneInstance.Outcome =
            switch try row.decode("outcome", as: String.self) {
            case "restored": .restored
            case "gone": .gone
            case "changed_by": .changedBy(RunID(try row.decode("later_run", as: UUID.self)))
            case "in_use": .inUse(lastSeen: Timestamp(try row.decode("last_seen")))
            default: .editedSince(fields: try row.decode("edited"))
            }
        return UndoneInstance(
            name: InstanceName(try row.decode("instance_name")), action: try row.runAction(), outcome: outcome)
    }
}

/// The statements that undo a batch. `$1` is the run, `$2` the last name of the batch before, `$3` how many, `$4`
/// whether integrations in use are taken away, `$5` the time, `$6` and `$7` names and opened members of `config`.
private enum UndoStatement {
    private static let batch = """
        SELECT m.* FROM hookgate.migration_rows m
        WHERE m.run_id = $1::uuid AND m.undone_at IS NULL AND m.instance_name > $2
        ORDER BY m.instance_name LIMIT $3::bigint
        """

    static let sealedMembers = """
        WITH batch AS (\(batch))
        SELECT batch.instance_name, member.key AS member, member.value->>'value' AS sealed
        FROM batch, jsonb_each(batch.before->'config') member WHERE member.value->>'was' = '\(ConfigBefore.sealed)'
        """

    static let result = """
        SELECT instance_name, action, outcome, later_run, \(LegacyUnion.utc("last_seen")) AS last_seen, edited
        FROM judged ORDER BY instance_name
        """

    /// A row is put back only if it is still what the run left, and one that the run made only while nothing comes
    /// on its token URL.
    ///
    /// What the keeper of statuses wrote is nobody's edit, as long as its word still stands.
    static func judged(locking: Bool, keepsStatuses: Bool) -> String {
        let kept = """
            AND NOT (now.key IN ('status', 'phone_number', 'connected_at') AND EXISTS (
                SELECT FROM hookgate.integration_standings s
                WHERE s.integration_id = present.id AND s.word = present.image->>'status'))
            """
        return """
            batch AS (\(batch)),
            present AS (
                SELECT i.id, i AS whole, \(JournalImage.looks) AS image
                FROM \(TableShapes.integrations) i JOIN batch ON batch.integration_id = i.id
                \(locking ? "FOR UPDATE OF i" : "")
            ), judged AS (
                SELECT batch.*, present.whole, later.run_id AS later_run, traffic.last_seen, difference.edited,
                    CASE WHEN present.id IS NULL THEN 'gone'
                         WHEN later.run_id IS NOT NULL THEN 'changed_by'
                         WHEN difference.edited <> '{}' THEN 'edited_since'
                         WHEN traffic.last_seen IS NOT NULL AND NOT $4::boolean THEN 'in_use'
                         ELSE 'restored' END AS outcome
                FROM batch
                JOIN hookgate.migration_runs run ON run.id = batch.run_id
                LEFT JOIN present ON present.id = batch.integration_id
                CROSS JOIN LATERAL (
                    SELECT ARRAY(SELECT now.key FROM jsonb_each(present.image) now
                                 WHERE now.value IS DISTINCT FROM batch.after -> now.key
                                     \(keepsStatuses ? kept : "")
                                 ORDER BY now.key) AS edited
                ) difference
                LEFT JOIN LATERAL (
                    SELECT m.run_id FROM hookgate.migration_rows m JOIN hookgate.migration_runs r ON r.id = m.run_id
                    WHERE m.integration_id = batch.integration_id AND m.undone_at IS NULL
                        AND (r.started_at, r.id) > (run.started_at, run.id)
                    ORDER BY r.started_at DESC, r.id DESC LIMIT 1
                ) later ON true
                LEFT JOIN LATERAL (
                    SELECT max(t.last_seen) AS last_seen FROM hookgate.route_traffic t
                    WHERE batch.action = 'insert' AND t.instance_name = batch.instance_name AND t.route = 'token'
                        AND t.last_seen >= run.started_at
                ) traffic ON true
            )
            """
    }

    static func restoring(_ columns: [String], keepsStatuses: Bool) -> String {
        let list = columns.joined(separator: ", ")
        let old = columns.map { "old.\($0)" }.joined(separator: ", ")
        return """
            WITH \(judged(locking: true, keepsStatuses: keepsStatuses)), opened AS (
                SELECT * FROM unnest($6::text[], $7::jsonb[]) AS x (instance_name, members)
            ), deleted AS (
                DELETE FROM \(TableShapes.integrations) i USING judged
                WHERE i.id = judged.integration_id AND judged.outcome = 'restored' AND judged.action = 'insert'
            ), restored AS (
                UPDATE \(TableShapes.integrations) i
                SET (\(list)) = ROW (\(old)),
                    config = CASE WHEN judged.before ? 'config'
                        THEN (i.config::jsonb - members.absent) || members.nulls || coalesce(opened.members, '{}')
                        ELSE i.config::jsonb END
                FROM judged LEFT JOIN opened USING (instance_name),
                    LATERAL jsonb_populate_record(judged.whole, judged.before - 'config') old,
                    LATERAL (
                        SELECT array_remove(array_agg(CASE WHEN m.value->>'was' = '\(ConfigBefore.absent)'
                                   THEN m.key END), NULL) AS absent,
                               coalesce(jsonb_object_agg(m.key, 'null'::jsonb)
                                   FILTER (WHERE m.value->>'was' = '\(ConfigBefore.null)'), '{}') AS nulls
                        FROM jsonb_each(coalesce(judged.before->'config', '{}')) m
                    ) members
                WHERE i.id = judged.integration_id AND judged.outcome = 'restored' AND judged.action = 'update'
            ), marked AS (
                UPDATE hookgate.migration_rows m SET undone_at = $5::timestamptz
                FROM judged WHERE m.run_id = judged.run_id AND m.instance_name = judged.instance_name
                    AND judged.outcome IN ('restored', 'gone')
            )
            \(result)
            """
    }
}
