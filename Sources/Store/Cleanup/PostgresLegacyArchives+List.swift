import FoundationEssentials
package import HookgateCore
import PostgresClient

extension PostgresLegacyArchives {
    package func all() async throws -> [LegacyArchive] {
        do {
            return try await pool.query(
                """
                SELECT a.name, a.state, a.archived_at, a.archived_by, a.rehearsed_at, a.ended_at,
                    array_agg(t.table_name ORDER BY t.table_name) FILTER (WHERE t.table_name IS NOT NULL) AS tables,
                    array_agg(t.row_count ORDER BY t.table_name) FILTER (WHERE t.table_name IS NOT NULL) AS rows
                FROM hookgate.archives AS a LEFT JOIN hookgate.archived_tables AS t ON t.archive = a.name
                GROUP BY a.name ORDER BY a.archived_at DESC, a.name DESC
                """
            ).compactMap(Self.archive)
        } catch let error as PostgresError where error.isOfMissingTable {
            return []
        }
    }

    /// Nil for what a later release made.
    private static func archive(_ row: PostgresRow) throws -> LegacyArchive? {
        guard let name = ArchiveName(try row.decode("name")),
            let state = LegacyArchive.State(rawValue: try row.decode("state"))
        else { return nil }
        let tables: [String] = try row.decode("tables", as: [String]?.self) ?? []
        let counts: [Int64] = try row.decode("rows", as: [Int64]?.self) ?? []
        return LegacyArchive(
            name: name, state: state,
            tables: zip(tables, counts).compactMap { table, count in
                LegacySource(rawValue: table).map { LegacyArchive.Table(source: $0, rows: Int(count)) }
            },
            archivedAt: try row.decode("archived_at"), archivedBy: try row.decode("archived_by"),
            rehearsedAt: try row.decode("rehearsed_at"), endedAt: try row.decode("ended_at"))
    }
}
