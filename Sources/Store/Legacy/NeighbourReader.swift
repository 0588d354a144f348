import HookgateCore
import PostgresClient

/// Looks at a table that is none of the old system's: counts it, and names the instances of other products. A
/// patients' table is counted and nothing more.
struct NeighbourReader {
    let connection: PostgresConnection
    let shape: TableShape

    func report(on table: NeighbourTable) async throws -> NeighbourReport {
        guard shape.isReadable else { return NeighbourReport(table: table, state: .unreadable) }
        let state: LegacyTable.State = shape.kind == .view ? .view : .table
        let counted = try await connection.query("SELECT count(*) AS rows FROM \(shape.name)")
        let rowCount: Int = try counted.first?.decode("rows") ?? 0
        guard !table.holdsPatients else { return NeighbourReport(table: table, state: state, rowCount: rowCount) }
        let (instances, instanceRowCount) = try await instances()
        return NeighbourReport(
            table: table, state: state, rowCount: rowCount, instanceRowCount: instanceRowCount, instances: instances,
            unknownColumns: shape.columns.keys.filter { !Self.knownColumns.contains($0) }.sorted())
    }

    private func instances() async throws -> (sample: [NeighbourReport.Instance], count: Int) {
        guard let name else { return ([], 0) }
        let token = shape.has("webhook_token") ? "nullif(t.webhook_token::text, '')" : "NULL::text"
        let rows = try await connection.query(
            """
            SELECT \(name) AS name, \(token) AS token, count(*) OVER () AS total FROM \(shape.name) t
            WHERE \(name) IS NOT NULL AND \(isEvolution)
            ORDER BY \(name) COLLATE "C" LIMIT \(NeighbourReport.sampleSize)
            """)
        let sample = try rows.map { row in
            NeighbourReport.Instance(
                name: InstanceName(try row.decode("name")),
                tokenFingerprint: try row.decode("token", as: String?.self).map { TokenDigest(of: $0).fingerprint })
        }
        return (sample, try rows.first?.decode("total") ?? 0)
    }

    private var name: String? {
        let column = shape.has("instance_name") ? "nullif(t.instance_name::text, '')" : nil
        let isJSON = ["jsonb", "json"].contains(shape.columns["config"])
        let member = isJSON ? InstanceNameSQL.expression(config: "t.config") : nil
        let places = [column, member].compactMap(\.self)
        return places.isEmpty ? nil : "coalesce(\(places.joined(separator: ", ")))"
    }

    private var isEvolution: String {
        shape.has("provider") ? InstanceNameSQL.isEvolution(provider: "t.provider") : "true"
    }

    private static let knownColumns: Set<String> = [
        "id", "organization_id", "clinic_id", "team_id", "type", "provider", "instance_name", "webhook_token",
        "webhook_token_hash", "token_rotated_at", "previous_token_valid_until", "webhook_url", "status", "enabled",
        "is_active", "phone_number", "config", "created_at", "updated_at",
    ]
}
