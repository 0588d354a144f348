import HookgateCore
import PostgresClient

/// A place in a legacy table where instance names stand: found at run time, because nobody knows these tables' shape.
struct LegacyNameColumn: Sendable, Equatable {
    /// A query that finds a row whose name is `$1`.
    let lookUp: String

    /// The tables that may name Evolution instances, and are looked into.
    private static let sources = LegacySource.allCases.filter(\.yieldsInstances)

    /// What there is to look into. Throws where a table exists that this role may not read: then "no row has this
    /// name" would be a guess.
    static func discover(_ executor: any PostgresExecutor) async throws(PostgresError) -> Result<[Self], Unreadable> {
        let rows = try await executor.query(
            """
            SELECT n.nspname AS schema, c.relname AS table, a.attname AS column,
                a.atttypid IN ('json'::regtype, 'jsonb'::regtype) AS is_json,
                has_schema_privilege(n.oid, 'USAGE') AND has_column_privilege(c.oid, a.attnum, 'SELECT') AS is_readable
            FROM pg_class c
                JOIN pg_namespace n ON n.oid = c.relnamespace
                JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
                AND n.nspname || '.' || c.relname = ANY ($1::text[])
                AND a.attname IN ('instance_name', 'config', 'type', 'integration_type', 'provider')
            ORDER BY 1, 2, 3
            """, [self.sources.map(\.rawValue)])
        var columns: [LegacySource: [String: Bool]] = [:]
        for row in rows {
            let place = "\(try row.decode("schema", as: String.self)).\(try row.decode("table", as: String.self))"
            guard let source = LegacySource(rawValue: place) else { continue }
            guard try row.decode("is_readable", as: Bool.self) else { return .failure(Unreadable(table: place)) }
            columns[source, default: [:]][try row.decode("column")] = try row.decode("is_json", as: Bool.self)
        }
        return .success(self.sources.flatMap { Self.places(in: $0, columns[$0] ?? [:]) })
    }

    /// A table that stands in the way of a truthful answer.
    struct Unreadable: Error {
        let table: String
    }

    /// - Parameter columns: whether each column that is there holds JSON.
    private static func places(in source: LegacySource, _ columns: [String: Bool]) -> [Self] {
        let table = "\(PostgresIdentifier.quote(source.schema)).\(PostgresIdentifier.quote(source.table)) l"
        var names: [String] = []
        if columns["instance_name"] == false { names.append("l.instance_name::text = $1") }
        if columns["config"] == true { names.append("\(InstanceNameSQL.expression(config: "l.config")) = $1") }
        // This one table holds every kind of integration.
        let kinds = source == .publicIntegrations ? Self.kindCondition(columns) : nil
        return names.map { name in
            LegacyNameColumn(
                lookUp: "SELECT FROM \(table) WHERE \(([name] + [kinds].compactMap(\.self)).joined(separator: " AND "))"
            )
        }
    }

    private static func kindCondition(_ columns: [String: Bool]) -> String? {
        let kinds = ["type", "integration_type", "provider"].filter { columns[$0] != nil }
        guard !kinds.isEmpty else { return nil }
        let tests = kinds.map { "lower(l.\($0)::text) LIKE 'whatsapp%' OR lower(l.\($0)::text) LIKE 'evolution%'" }
        return "(\(tests.joined(separator: " OR ")))"
    }
}
