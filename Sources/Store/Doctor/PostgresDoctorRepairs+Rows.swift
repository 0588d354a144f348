import FoundationEssentials
import HookgateCore
import PostgresClient

/// Repairs of single rows: in batches, in the order of their ids, each batch with its entry in the audit log.
extension PostgresDoctorRepairs {
    private struct Filled: Encodable {
        let field: String
        let ids: [String]
    }

    func rowsToFill(_ fix: DoctorFix, limit: Int) async throws -> DoctorChange {
        let sample = try await pool.transaction(.snapshot) { connection in
            try await found(limit: limit, on: connection) { fix == .makeTokens ? $0.missingTokens : $0.instanceNameKey }
        }
        return DoctorChange(
            fix: fix, total: sample.total,
            rows: sample.items.map { Self.row(fix, subject: $0.subject, id: $0.id) })
    }

    func fillRows(_ fix: DoctorFix, limit: Int, at now: Date) async throws -> DoctorChange {
        guard try await hasSchema() else { throw DoctorFixError.schemaMissing(fix) }
        var total = 0
        var rows: [DoctorChange.Row] = []
        // Ids only grow from one batch to the next, so the loop ends even where a trigger undoes what it writes.
        var last: UUID?
        while true {
            let batch = try await writing { try await fill(fix, after: last, at: now, on: $0) }
            total += batch.count
            rows += batch.prefix(max(limit - rows.count, 0))
                .map { Self.row(fix, subject: $0.name ?? $0.id.text, id: $0.id.text) }
            guard let reached = batch.last else { return DoctorChange(fix: fix, total: total, rows: rows) }
            last = reached.id.uuid
        }
    }

    private struct FilledRow {
        let id: IntegrationID
        let name: String?
    }

    private func fill(
        _ fix: DoctorFix, after last: UUID?, at now: Date, on connection: PostgresConnection
    ) async throws -> [FilledRow] {
        let queries = DoctorQueries(
            catalog: try await DoctorCatalog.load(from: connection),
            shapes: try await TableShapes.load(from: connection))
        let type = queries.catalog[DoctorCatalog.integrations]?.columns["config"] ?? "jsonb"
        let name = InstanceNameSQL.expression(config: "i.config")
        let isDue =
            fix == .makeTokens
            ? "i.type = 'whatsapp' AND coalesce(i.webhook_token, '') = ''"
            : "\(IntegrationColumns.condition) AND jsonb_typeof(i.config::jsonb) = 'object' AND \(DoctorQueries.lacksNameKey)"
        let change =
            fix == .makeTokens
            ? "webhook_token = hookgate.new_webhook_token()"
            : "config = (i.config::jsonb || jsonb_build_object('instance_name', \(name), 'instance', \(name)))::\(type)"
        let rows = try await connection.query(
            """
            WITH batch AS (
                SELECT i.id FROM healthcare.integrations i
                WHERE ($1::uuid IS NULL OR i.id > $1::uuid) AND \(isDue)
                ORDER BY i.id LIMIT \(Self.batchSize) FOR NO KEY UPDATE
            ), filled AS (
                UPDATE healthcare.integrations i SET \(change) FROM batch WHERE i.id = batch.id
                RETURNING i.id, \(name) AS name
            )
            SELECT id, name FROM filled ORDER BY id
            """, [last])
        let filled = try rows.map { row in
            FilledRow(id: IntegrationID(try row.decode("id", as: UUID.self)), name: try row.decode("name"))
        }
        if !filled.isEmpty {
            try await journal(fix, Filled(field: Self.field(fix), ids: filled.map(\.id.text)), at: now, on: connection)
        }
        return filled
    }

    private func hasSchema() async throws -> Bool {
        try await pool.query(
            """
            SELECT to_regclass('hookgate.audit_log') IS NOT NULL
                AND to_regprocedure('hookgate.new_webhook_token()') IS NOT NULL AS present
            """
        ).first?.decode("present") ?? false
    }

    private static func field(_ fix: DoctorFix) -> String {
        fix == .makeTokens ? "webhook_token" : "config.instance_name, config.instance"
    }

    private static func row(_ fix: DoctorFix, subject: String, id: String?) -> DoctorChange.Row {
        DoctorChange.Row(
            subject: subject, id: id, field: field(fix), before: "nothing",
            after: fix == .makeTokens ? "a new token" : subject)
    }
}
