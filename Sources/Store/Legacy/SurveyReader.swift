import HookgateCore
import PostgresClient

/// Counts what there is.
struct SurveyReader {
    private let connection: PostgresConnection
    private let shapes: TableShapes
    private let union: LegacyUnion

    init(connection: PostgresConnection, shapes: TableShapes) {
        self.connection = connection
        self.shapes = shapes
        self.union = LegacyUnion(shapes)
    }

    func survey() async throws -> LegacySurvey {
        var instanceRows: [Int: Int] = [:]
        for row in try await connection.query(union.countsByRank) {
            instanceRows[try row.decode("rank")] = try row.decode("rows")
        }
        var tables: [LegacyTable] = []
        for source in LegacySource.allCases {
            let count = instanceRows[LegacySourceQuery.rank(of: source)] ?? 0
            tables.append(try await table(source, instanceRowCount: source.yieldsInstances ? count : 0))
        }
        let names = try await connection.query(union.countOfNames)
        return LegacySurvey(
            tables: tables, instanceCount: try names.first?.decode("names") ?? 0,
            integrations: try await integrations(), clinicsTable: shapes.clinics?.name,
            clinicSettings: try await clinicSettings(), neighbours: try await neighbours())
    }

    private func table(_ source: LegacySource, instanceRowCount: Int) async throws -> LegacyTable {
        guard let shape = shapes[source.rawValue] else { return LegacyTable(source: source, state: .absent) }
        let isUnreadable = source.yieldsInstances ? LegacySourceQuery.isUnreadable(shape) : !shape.isReadable
        guard !isUnreadable else { return LegacyTable(source: source, state: .unreadable) }
        let counted = try await connection.query("SELECT count(*) AS rows FROM \(shape.name)")
        return LegacyTable(
            source: source, state: shape.kind == .view ? .view : .table,
            rowCount: try counted.first?.decode("rows") ?? 0, instanceRowCount: instanceRowCount,
            unknownColumns: LegacySourceQuery.unknownColumns(of: source, shape: shape),
            remarks: LegacySourceQuery.remarks(on: source, shape: shape))
    }

    private func clinicSettings() async throws -> ClinicSettings? {
        guard let clinics = shapes.clinics else { return nil }
        func count(_ column: String, _ isFilled: String) -> String {
            clinics.has(column) ? "count(*) FILTER (WHERE \(isFilled))" : "NULL::bigint"
        }
        let isJSON = ["jsonb", "json"].contains(clinics.columns["whatsapp_config"])
        let rows = try await connection.query(
            """
            SELECT count(*) AS rows,
                   \(isJSON ? count("whatsapp_config", "whatsapp_config->>'instance_name' <> ''") : "NULL::bigint")
                       AS naming,
                   \(count("whatsapp_settings", "whatsapp_settings::text NOT IN ('', '{}', 'null')")) AS settings,
                   \(count("whatsapp_number", "whatsapp_number::text <> ''")) AS numbers
            FROM \(clinics.name)
            """)
        guard let row = rows.first else { return nil }
        return ClinicSettings(
            rowCount: try row.decode("rows"), namingInstance: try row.decode("naming"),
            withSettings: try row.decode("settings"), withNumber: try row.decode("numbers"))
    }

    private func neighbours() async throws -> [NeighbourReport] {
        var reports: [NeighbourReport] = []
        for table in NeighbourTable.allCases {
            guard let shape = shapes[table.rawValue] else {
                reports.append(NeighbourReport(table: table, state: .absent))
                continue
            }
            reports.append(try await NeighbourReader(connection: connection, shape: shape).report(on: table))
        }
        return reports
    }

    private func integrations() async throws -> IntegrationsTable {
        guard let columns = IntegrationColumns(shapes), let row = try await connection.query(columns.counts).first
        else { return IntegrationsTable(isPresent: shapes[TableShapes.integrations] != nil) }
        return IntegrationsTable(
            isPresent: true, rowCount: try row.decode("rows"), withTokenCount: try row.decode("with_token"),
            unnamedCount: try row.decode("unnamed"))
    }
}
