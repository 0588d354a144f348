package import FoundationEssentials
package import HookgateCore
import PostgresClient

extension PostgresMigrationLedger {
    /// Columns that programs keep up to date by themselves: a change there is nobody's edit.
    private static let machineKept = "ARRAY['revision', 'updated_at', 'last_seen_at', 'webhook_url']"

    package func undoBatch(
        of run: RunID, after name: InstanceName?, limit: Int, at now: Date
    ) async throws -> [UndoneInstance] {
        let columns = try await restorableColumns()
        return try await writing { connection in
            let rows = try await connection.query(Self.undo(columns), [run.uuid, name?.text ?? "", limit, now])
            return try rows.map { row in
                let outcome: UndoneInstance.Outcome =
                    switch try row.decode("outcome", as: String.self) {
                    case "restored": .restored
                    case "gone": .gone
                    default: .editedSince
                    }
                return UndoneInstance(name: InstanceName(try row.decode("instance_name")), outcome: outcome)
            }
        }
    }

    /// Every column that can be put back from an image: all but the token, which the image does not hold, and what
    /// the server computes.
    private func restorableColumns() async throws -> [String] {
        let rows = try await pool.query(
            """
            SELECT a.attname::text AS column FROM pg_attribute a
            WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
                AND a.attidentity <> 'a' AND a.attname NOT IN ('id', 'webhook_token', 'revision')
            ORDER BY a.attnum
            """, [TableShapes.integrations])
        return try rows.map { PostgresIdentifier.quote(try $0.decode("column")) }
    }

    /// A row is put back only if it is still what the run left.
    private static func undo(_ columns: [String]) -> String {
        let list = columns.joined(separator: ", ")
        let old = columns.map { "old.\($0)" }.joined(separator: ", ")
        return """
            WITH batch AS (
                SELECT m.* FROM hookgate.migration_rows m
                WHERE m.run_id = $1::uuid AND m.undone_at IS NULL AND m.instance_name > $2
                ORDER BY m.instance_name LIMIT $3::bigint
            ), present AS (
                SELECT i.id, \(IntegrationColumns.image) AS image
                FROM \(TableShapes.integrations) i JOIN batch ON batch.integration_id = i.id
                FOR UPDATE OF i
            ), judged AS (
                SELECT batch.*, CASE WHEN present.id IS NULL THEN 'gone'
                    WHEN present.image - \(machineKept) = batch.after - \(machineKept) THEN 'restored'
                    ELSE 'edited_since' END AS outcome
                FROM batch LEFT JOIN present ON present.id = batch.integration_id
            ), deleted AS (
                DELETE FROM \(TableShapes.integrations) i USING judged
                WHERE i.id = judged.integration_id AND judged.outcome = 'restored' AND judged.before IS NULL
            ), restored AS (
                UPDATE \(TableShapes.integrations) i SET (\(list)) = ROW (\(old))
                FROM judged, LATERAL jsonb_populate_record(NULL::\(TableShapes.integrations), judged.before) old
                WHERE i.id = judged.integration_id AND judged.outcome = 'restored' AND judged.before IS NOT NULL
            ), marked AS (
                UPDATE hookgate.migration_rows m SET undone_at = $4::timestamptz
                FROM judged WHERE m.run_id = judged.run_id AND m.instance_name = judged.instance_name
                    AND judged.outcome <> 'edited_since'
            )
            SELECT instance_name, outcome FROM judged ORDER BY instance_name
            """
    }
}
