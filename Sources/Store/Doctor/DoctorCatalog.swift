import HookgateCore
import PostgresClient

/// What the catalogue says of every table that a check may read: which columns there are, and which of them this role
/// may not see. "Not there" and "not for you" are different answers.
struct DoctorCatalog {
    struct Table {
        let name: String
        /// Type by column name.
        var columns: [String: String] = [:]
        var hidden: Set<String> = []
        let hidesRows: Bool

        func has(_ column: String) -> Bool { columns[column] != nil }

        /// Whether a column holds JSON.
        func isJSON(_ column: String) -> Bool { ["json", "jsonb"].contains(columns[column]) }

        /// The column as text, or NULL where it is not there.
        func text(_ column: String, of alias: String) -> String {
            has(column) ? "nullif(\(alias).\(PostgresIdentifier.quote(column))::text, '')" : "NULL::text"
        }
    }

    static let integrations = TableShapes.integrations
    static let clinics = ["healthcare.clinics", "public.clinics"]
    /// Where instances stood beside the eight tables.
    static let otherHomes = [
        "healthcare.whatsapp_instances", "agents.integrations", "sales.integrations", "sales.whatsapp_integrations",
        "public.whatsapp_integrations",
    ]

    private let role: String
    private let tables: [String: Table]

    subscript(name: String) -> Table? { tables[name] }

    /// The table of clinics, the likelier place first.
    var clinics: Table? { Self.clinics.lazy.compactMap { tables[$0] }.first }

    var legacy: [Table] {
        LegacySource.allCases.filter(\.yieldsInstances).compactMap { tables[$0.rawValue] }
    }

    static func load(from executor: some PostgresExecutor) async throws -> DoctorCatalog {
        let ours = ["migration_runs", "migration_rows", "tokens", "route_traffic", "coverage", "audit_log", "events"]
            .map {
                "hookgate." + $0
            }
        let names = LegacySource.allCases.map(\.rawValue) + clinics + otherHomes + ours + [integrations]
        let rows = try await executor.query(
            """
            SELECT n.nspname || '.' || c.relname AS name, row_security_active(c.oid) AS hides_rows,
                   a.attname::text AS column,
                   format_type(CASE WHEN t.typbasetype <> 0 THEN t.typbasetype ELSE a.atttypid END, NULL) AS type,
                   NOT (has_schema_privilege(n.oid, 'USAGE') AND has_column_privilege(c.oid, a.attnum, 'SELECT'))
                       AS is_hidden
            FROM pg_class c
            JOIN pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            LEFT JOIN pg_type t ON t.oid = a.atttypid
            WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname || '.' || c.relname = ANY ($1::text[])
            """, [names])
        var tables: [String: Table] = [:]
        for row in rows {
            let name: String = try row.decode("name")
            let column: String = try row.decode("column")
            let hidesRows: Bool = try row.decode("hides_rows")
            var table = tables[name] ?? Table(name: name, hidesRows: hidesRows)
            table.columns[column] = try row.decode("type")
            if try row.decode("is_hidden", as: Bool.self) { table.hidden.insert(column) }
            tables[name] = table
        }
        let role = try await executor.query("SELECT quote_ident(current_user) AS role")
        return DoctorCatalog(role: try role.first?.decode("role") ?? "", tables: tables)
    }
}

/// What a check must be able to read.
enum DoctorNeed {
    /// The table must be there with these columns, or there is nothing to look into.
    case table(String, columns: [String])
    /// A table of clinics with these columns.
    case clinics(columns: [String])
    /// Of a table that is there, these columns as far as they are.
    case ifPresent(String, columns: [String])
    /// Every legacy table that is there, whole.
    case legacy
}

extension DoctorCatalog {
    /// Why a check cannot be made; nil when it can.
    func obstacle(to needs: [DoctorNeed]) -> DoctorEvidence? {
        var asked: [String: Set<String>] = [:]
        var absent: String?
        for need in needs {
            switch need {
            case .table(let name, let columns):
                absent = absent ?? lack(of: tables[name], columns, called: name)
                asked[name, default: []].formUnion(columns)
            case .clinics(let columns):
                let places = "table of clinics (\(Self.clinics.joined(separator: ", ")))"
                absent = absent ?? lack(of: clinics, columns, called: places)
                if let clinics { asked[clinics.name, default: []].formUnion(columns) }
            case .ifPresent(let name, let columns):
                asked[name, default: []].formUnion(columns)
            case .legacy:
                for table in legacy { asked[table.name, default: []].formUnion(table.columns.keys) }
            }
        }
        // A table that is not there has nothing in it, whatever the others hold.
        if let absent { return .absent(absent) }
        let hidden = asked.keys.sorted().compactMap { name in
            tables[name].flatMap { Self.unseen($0, asked[name] ?? []) }
        }
        return hidden.isEmpty ? nil : .hidden(hidden, role: role)
    }

    private func lack(of table: Table?, _ columns: [String], called name: String) -> String? {
        guard let table else { return "there is no \(name)" }
        return columns.first { !table.has($0) }.map { "\(table.name) has no column \($0)" }
    }

    /// What of a table this role may not see, in the form in which it is granted.
    private static func unseen(_ table: Table, _ asked: Set<String>) -> String? {
        let present = asked.filter(table.has)
        let unseen = present.intersection(table.hidden)
        if unseen.isEmpty { return table.hidesRows ? "\(table.name), of which row level security may hide rows" : nil }
        return unseen == present ? table.name : "\(table.name) (\(unseen.sorted().joined(separator: ", ")))"
    }
}
