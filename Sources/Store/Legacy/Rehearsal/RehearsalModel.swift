import HookgateCore
import PostgresClient

/// What the catalogue says of the table that a run writes to, as far as a copy needs it.
struct RehearsalModel {
    /// A unique index under its own name.
    struct UniqueIndex {
        let name: String
        let text: String
        let keys: [String]
        let predicate: String?
        let holdsNullsEqual: Bool

        /// The statement that makes the same index on another table.
        func definition(on table: String) -> String {
            guard let place = text.firstRange(of: " ON \(TableShapes.integrations) ") else { return text }
            return text[..<place.lowerBound] + " ON \(table) " + text[place.upperBound...]
        }
    }

    struct ForeignKey {
        let name: String
        let columns: [String]
        let target: String
        let targetColumns: [String]
        let isReadable: Bool
    }

    private(set) var exists = false
    /// Columns that values can be copied into.
    private(set) var columns: [String] = []
    /// Columns that are never empty because a default, an identity or a trigger fills them; a copy has none of these.
    private(set) var selfFilled: [String] = []
    private(set) var uniqueIndexes: [UniqueIndex] = []
    private(set) var exclusions: [(name: String, definition: String)] = []
    private(set) var foreignKeys: [ForeignKey] = []
    private(set) var remarks: [String] = []

    static func read(_ connection: PostgresConnection, shapes: TableShapes) async throws -> RehearsalModel {
        var model = RehearsalModel()
        guard let shape = shapes[TableShapes.integrations] else { return model }
        model.exists = true
        try await model.readTriggers(connection)
        try await model.readColumns(connection)
        try await model.readIndexes(connection)
        try await model.readConstraints(connection)
        if shape.kind == .view { model.remarks.append("healthcare.integrations is a view, which a run refuses") }
        try await model.readRights(connection)
        return model
    }

    /// Rows that stand are found by their id; without one there is nothing to hold a batch against.
    var checks: [RehearsalCheck] {
        guard exists, columns.contains("id") else { return [] }
        return uniqueIndexes.filter { $0.keys != ["id"] }.map(RehearsalCheck.init)
            + foreignKeys.filter(\.isReadable).map(RehearsalCheck.init)
    }

    private static let relation = "'\(TableShapes.integrations)'::regclass"
    private var fillsByTrigger = false

    /// Triggers of others are not tried: what they do outside the row could not be taken back by us.
    private mutating func readTriggers(_ connection: PostgresConnection) async throws {
        let rows = try await connection.query(
            """
            SELECT tgname::text AS name, tgtype & 7 = 7 AS is_before_insert FROM pg_trigger
            WHERE tgrelid = \(Self.relation) AND NOT tgisinternal AND tgenabled <> 'D'
                AND tgname !~ '^(zz_)?hookgate_'
            ORDER BY tgname
            """)
        fillsByTrigger = try rows.contains { try $0.decode("is_before_insert", as: Bool.self) }
        let names = try rows.map { try $0.decode("name", as: String.self) }
        if !names.isEmpty {
            remarks.append("what these triggers would say was not tried: \(names.joined(separator: ", "))")
        }
    }

    private mutating func readColumns(_ connection: PostgresConnection) async throws {
        let rows = try await connection.query(
            """
            SELECT a.attname::text AS name,
                   a.attnotnull AND (a.atthasdef OR a.attidentity <> '' OR $1::boolean) AS is_self_filled
            FROM pg_attribute a
            WHERE a.attrelid = \(Self.relation) AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
            ORDER BY a.attnum
            """, [fillsByTrigger])
        let written = Set(RehearsalCopy.writtenColumns.map(\.name))
        let filled = Set(RehearsalCopy.filledColumns.map(\.name))
        for row in rows {
            let name: String = try row.decode("name")
            columns.append(name)
            if try filled.contains(name) || (!written.contains(name) && row.decode("is_self_filled")) {
                selfFilled.append(name)
            }
        }
    }

    private mutating func readIndexes(_ connection: PostgresConnection) async throws {
        let rows = try await connection.query(
            """
            SELECT c.relname::text AS name, pg_get_indexdef(x.indexrelid) AS text,
                   ARRAY(SELECT pg_get_indexdef(x.indexrelid, k, false) FROM generate_series(1, x.indnkeyatts) k
                         ORDER BY k) AS keys,
                   pg_get_expr(x.indpred, x.indrelid) AS predicate,
                   coalesce((to_jsonb(x)->>'indnullsnotdistinct')::boolean, false) AS holds_nulls_equal
            FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid
            WHERE x.indrelid = \(Self.relation) AND x.indisunique AND x.indislive
            ORDER BY x.indexrelid
            """)
        uniqueIndexes = try rows.map { row in
            UniqueIndex(
                name: try row.decode("name"), text: try row.decode("text"), keys: try row.decode("keys"),
                predicate: try row.decode("predicate"), holdsNullsEqual: try row.decode("holds_nulls_equal"))
        }
    }

    private mutating func readConstraints(_ connection: PostgresConnection) async throws {
        let rows = try await connection.query(
            """
            SELECT c.conname::text AS name, c.contype = 'x' AS excludes, pg_get_constraintdef(c.oid) AS definition,
                   format('%I.%I', n.nspname, t.relname) AS target,
                   ARRAY(SELECT a.attname::text FROM unnest(c.conkey) WITH ORDINALITY k (number, place)
                         JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number ORDER BY k.place)
                       AS columns,
                   ARRAY(SELECT a.attname::text FROM unnest(c.confkey) WITH ORDINALITY k (number, place)
                         JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.number ORDER BY k.place)
                       AS target_columns,
                   coalesce(has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(t.oid, 'SELECT'), false)
                       AS is_readable
            FROM pg_constraint c
            LEFT JOIN pg_class t ON t.oid = c.confrelid
            LEFT JOIN pg_namespace n ON n.oid = t.relnamespace
            WHERE c.conrelid = \(Self.relation) AND c.contype IN ('f', 'x')
            ORDER BY c.conname
            """)
        for row in rows {
            let name: String = try row.decode("name")
            if try row.decode("excludes") {
                exclusions.append((name, try row.decode("definition")))
                remarks.append("constraint \(name) was tried among the new rows only")
                continue
            }
            let key = ForeignKey(
                name: name, columns: try row.decode("columns"), target: try row.decode("target"),
                targetColumns: try row.decode("target_columns"), isReadable: try row.decode("is_readable"))
            foreignKeys.append(key)
            if !key.isReadable {
                remarks.append("constraint \(name) was not tried: this role may not read \(key.target)")
            }
        }
    }

    private mutating func readRights(_ connection: PostgresConnection) async throws {
        let rows = try await connection.query(
            """
            SELECT has_table_privilege(\(Self.relation), 'INSERT') AND has_table_privilege(\(Self.relation), 'UPDATE')
                AS may_write
            """)
        if try rows.first?.decode("may_write", as: Bool.self) == false {
            remarks.append("this role may not write healthcare.integrations, and so could not carry the plan out")
        }
    }
}
