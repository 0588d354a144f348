import HookgateCore
import PostgresClient

/// Finds out whether a name stands in a legacy table: read at run time, because nobody knows these tables' shape, and
/// from the same expressions that the migration reads its instances with.
struct LegacyNameLookUp: Sendable {
    /// Queries that find a row that names the instance `$1`.
    let queries: [String]
    /// A query for those of the names `$1` that some row has: it reads each table once, however many names there are.
    let namesQuery: String

    /// A table that stands in the way of a truthful answer.
    struct Unreadable: Error {
        let table: String
    }

    /// What there is to look into. Fails where a table exists that this role may not read: then "no row has this
    /// name" would be a guess.
    static func discover(_ executor: some PostgresExecutor) async throws(PostgresError) -> Result<Self, Unreadable> {
        let shapes = try await TableShapes.load(from: executor)
        var queries: [String] = []
        var names: [String] = []
        for source in LegacySource.allCases where source.yieldsInstances {
            guard let shape = shapes[source.rawValue] else { continue }
            if LegacySourceQuery.hidesNames(shape) { return .failure(Unreadable(table: source.rawValue)) }
            guard let query = LegacySourceQuery(source, shapes: shapes) else { continue }
            queries += query.lookUps
            names.append("SELECT name FROM (\(query.sql)) AS named")
        }
        // What a clean-up moved away is known no less: its webhooks are held, as they were before.
        if let archived = shapes[TableShapes.archivedNames] {
            guard archived.isReadable else { return .failure(Unreadable(table: archived.name)) }
            queries.append("SELECT FROM \(archived.name) AS a WHERE a.instance_name = $1")
            names.append("SELECT instance_name AS name FROM \(archived.name)")
        }
        let rows = names.isEmpty ? "SELECT NULL::text AS name" : names.joined(separator: "\nUNION ALL\n")
        return .success(
            LegacyNameLookUp(
                queries: queries,
                namesQuery:
                    "SELECT DISTINCT name COLLATE \"C\" AS name FROM (\(rows)) source WHERE name = ANY ($1::text[])"))
    }
}
