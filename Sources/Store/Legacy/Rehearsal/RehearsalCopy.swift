import HookgateCore
import PostgresClient

/// Temporary tables in the shape of those that a run writes to, for the time of a transaction.
///
/// Not `INCLUDING ALL`: indexes that LIKE copies get names of their own, and the rule that is reported must be the one
/// that the run will report; and a copied default could advance a sequence of the real table.
struct RehearsalCopy {
    static let target = WriteTarget(
        integrations: "pg_temp.hookgate_rehearsal", journal: "pg_temp.hookgate_rehearsal_journal",
        checksVersion: false)

    /// Copies rows that stand, by their ids `$1`; nil while there is no table to copy them from.
    let takeOver: String?
    /// What the copy cannot refuse by itself, because it depends on rows that are not on it.
    let checks: [RehearsalCheck]
    let remarks: [String]

    static func make(on connection: PostgresConnection) async throws -> RehearsalCopy {
        let shapes = try await TableShapes.load(from: connection)
        let model = try await RehearsalModel.read(connection, shapes: shapes)
        try await connection.execute(script: statements(model, shapes: shapes).joined(separator: ";\n"))
        return RehearsalCopy(takeOver: takeOver(model), checks: model.checks, remarks: model.remarks)
    }

    /// The columns that a run writes, as the schema's file adds them where they are missing.
    static let writtenColumns: [(name: String, type: String)] = [
        ("id", "uuid"), ("organization_id", "uuid"), ("clinic_id", "uuid"), ("type", "text"), ("provider", "text"),
        ("status", "text"), ("enabled", "boolean"), ("phone_number", "text"), ("display_name", "text"),
        ("connected_at", "timestamptz"), ("last_seen_at", "timestamptz"), ("created_at", "timestamptz"),
        ("updated_at", "timestamptz"), ("config", "jsonb"), ("migrated_from", "text"), ("migrated_at", "timestamptz"),
        ("migrated_status", "text"), ("migrated_run", "uuid"),
    ]

    /// What our trigger fills.
    static let filledColumns: [(name: String, type: String)] = [("webhook_token", "text"), ("revision", "xid8")]

    /// The journal where the schema is not applied yet.
    private static let journalColumns = """
        run_id uuid, instance_name text COLLATE "C", integration_id uuid, action text, clinic_evidence jsonb,
        legacy_row jsonb, before jsonb, after jsonb, undone_at timestamptz
        """

    private static func statements(_ model: RehearsalModel, shapes: TableShapes) -> [String] {
        let table = target.integrations
        let shape =
            model.exists
            ? "LIKE \(TableShapes.integrations) INCLUDING CONSTRAINTS INCLUDING GENERATED" : "id uuid PRIMARY KEY"
        let journal =
            shapes.readable(TableShapes.migrationRows) == nil ? journalColumns : "LIKE \(TableShapes.migrationRows)"
        let missing = (writtenColumns + filledColumns).map { "ADD COLUMN IF NOT EXISTS \($0.name) \($0.type)" }
        var statements = [
            "CREATE TEMP TABLE hookgate_rehearsal (\(shape)) ON COMMIT DROP",
            "CREATE TEMP TABLE hookgate_rehearsal_journal (\(journal)) ON COMMIT DROP",
            "ALTER TABLE \(table) \(missing.joined(separator: ", "))",
        ]
        statements += model.selfFilled.map {
            "ALTER TABLE \(table) ALTER COLUMN \(PostgresIdentifier.quote($0)) DROP NOT NULL"
        }
        statements += model.uniqueIndexes.map { $0.definition(on: table) }
        statements += model.exclusions.map {
            "ALTER TABLE \(table) ADD CONSTRAINT \(PostgresIdentifier.quote($0.name)) \($0.definition)"
        }
        // Whether a name is taken is asked of every row.
        statements.append(
            """
            CREATE INDEX ON \(table) ((\(InstanceNameSQL.expression())))
            WHERE type = 'whatsapp' AND \(InstanceNameSQL.isEvolution())
            """)
        return statements
    }

    private static func takeOver(_ model: RehearsalModel) -> String? {
        guard model.exists else { return nil }
        let columns = model.columns.map(PostgresIdentifier.quote).joined(separator: ", ")
        return """
            INSERT INTO \(target.integrations) (\(columns))
            SELECT \(columns) FROM \(TableShapes.integrations) WHERE id = ANY ($1::uuid[])
            """
    }
}
