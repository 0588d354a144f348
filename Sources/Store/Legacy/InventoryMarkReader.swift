import FoundationEssentials
import HookgateCore
import PostgresClient

/// Marks the state of every table that a plan is made from, inside the server: nothing of the rows is sent.
struct InventoryMarkReader {
    let connection: PostgresConnection
    let shapes: TableShapes

    func mark() async throws -> InventoryMark { try await mark(of: tables) }

    /// Of those of these tables that a plan is made from.
    func mark(among sources: [LegacySource]) async throws -> InventoryMark {
        let names = Set(sources.map(\.rawValue))
        return try await mark(of: tables.filter { names.contains($0.name) })
    }

    private func mark(of tables: [TableShape]) async throws -> InventoryMark {
        var parts: [String] = []
        for table in tables { parts.append("\(table.name) \(try await mark(of: table))") }
        return InventoryMark(parts.joined(separator: "\n"))
    }

    private var tables: [TableShape] {
        let sources = LegacySource.allCases.filter { $0.yieldsInstances || $0 == .clinicConfig }.map(\.rawValue)
        return sources.compactMap(shapes.readable) + [shapes.clinics].compactMap(\.self)
    }

    /// Every change of a row gives it another place or another transaction number, and a deletion takes both away;
    /// so the sum of their digests is another one. What is no table has neither and is read as text.
    private func mark(of table: TableShape) async throws -> String {
        let facts = try await connection.query(
            """
            SELECT c.relkind IN ('r', 'p') AS is_physical, has_table_privilege(c.oid, 'SELECT') AS is_whole
            FROM pg_class c WHERE c.oid = to_regclass($1)
            """, [table.name])
        // Where a column may not be read the mark cannot be trusted, so it equals no other.
        guard let row = facts.first, try row.decode("is_whole") else { return UUID().uuidString }
        let isPhysical: Bool = try row.decode("is_physical")
        let sum =
            isPhysical
            ? "hashtextextended(t.ctid::text || ' ' || t.xmin::text, t.tableoid::bigint)"
            : "hashtextextended(t::text, 0)"
        let marks = try await connection.query(
            "SELECT count(*) || ' ' || coalesce(sum(\(sum)::numeric), 0) AS mark FROM \(table.name) t")
        return try marks.first?.decode("mark") ?? ""
    }
}
