import HookgateCore
import PostgresClient

/// A table as the catalogue describes it to this role: only columns that may be read are listed.
struct TableShape: Sendable {
    enum Kind: Sendable {
        case table
        case view
    }

    let name: String
    let kind: Kind
    /// Type by column name, domains replaced by what they are made of.
    let columns: [String: String]
    /// Columns that are there and that this role may not read.
    let hiddenColumns: Set<String>
    /// Whether row level security hides rows from this role.
    let hidesRows: Bool

    var isReadable: Bool { !columns.isEmpty }

    func has(_ column: String) -> Bool { columns[column] != nil }
}

/// What the catalogue says of every table that a migration may meet.
struct TableShapes: Sendable {
    static let integrations = "healthcare.integrations"
    static let migrationRows = "hookgate.migration_rows"
    static let routeTraffic = "hookgate.route_traffic"
    static let standings = "hookgate.integration_standings"
    static let oldWay = "hookgate.old_way_comparisons"
    static let archivedNames = "hookgate.archived_names"
    /// Where clinics may be, the likelier place first.
    private static let clinicTables = ["healthcare.clinics", "public.clinics"]

    private let shapes: [String: TableShape]
    /// Whether an index of ours finds integrations by their instance name.
    let namesAreIndexed: Bool

    /// The table, if it is there, readable or not.
    subscript(name: String) -> TableShape? { shapes[name] }

    /// The table, if this role can read it.
    func readable(_ name: String) -> TableShape? {
        shapes[name].flatMap { $0.isReadable ? $0 : nil }
    }

    var clinics: TableShape? { Self.clinicTables.lazy.compactMap(readable).first }

    private static let tables =
        LegacySource.allCases.map(\.rawValue) + NeighbourTable.allCases.map(\.rawValue) + clinicTables
        + [integrations, migrationRows, routeTraffic, oldWay, standings, archivedNames]

    static func load(from executor: some PostgresExecutor) async throws(PostgresError) -> TableShapes {
        let rows = try await executor.query(
            """
            SELECT n.nspname || '.' || c.relname AS name, c.relkind IN ('v', 'm') AS is_view,
                   row_security_active(c.oid) AS hides_rows, a.attname::text AS column,
                   format_type(CASE WHEN t.typbasetype <> 0 THEN t.typbasetype ELSE a.atttypid END, NULL) AS type,
                   has_schema_privilege(n.oid, 'USAGE') AND has_column_privilege(c.oid, a.attnum, 'SELECT')
                       AS is_readable,
                   -- By name: to_regclass fails where this role may not use the schema.
                   EXISTS (
                       SELECT FROM pg_index x
                       JOIN pg_class xc ON xc.oid = x.indexrelid
                       JOIN pg_namespace xn ON xn.oid = xc.relnamespace
                       WHERE x.indisvalid AND xn.nspname = 'healthcare' AND xc.relname IN (
                           'hookgate_integrations_instance', 'hookgate_integrations_instance_lookup'))
                       AS names_are_indexed
            FROM pg_class c
            JOIN pg_namespace n ON n.oid = c.relnamespace
            LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            LEFT JOIN pg_type t ON t.oid = a.atttypid
            WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname || '.' || c.relname = ANY ($1::text[])
            """, [tables])
        var shapes: [String: TableShape] = [:]
        for row in rows {
            let name: String = try row.decode("name")
            var columns = shapes[name]?.columns ?? [:]
            var hidden = shapes[name]?.hiddenColumns ?? []
            if let column: String = try row.decode("column") {
                if try row.decode("is_readable") {
                    columns[column] = try row.decode("type")
                } else {
                    hidden.insert(column)
                }
            }
            shapes[name] = TableShape(
                name: name, kind: try row.decode("is_view") ? .view : .table, columns: columns,
                hiddenColumns: hidden, hidesRows: try row.decode("hides_rows"))
        }
        return TableShapes(shapes: shapes, namesAreIndexed: try rows.first?.decode("names_are_indexed") ?? false)
    }
}

extension TableShapes {
    /// A table or column that was there when a statement was made is there no more.
    static func isOtherShape(_ error: PostgresError) -> Bool {
        ["42P01", "42703", "3F000"].contains(error.sqlState)
    }
}
