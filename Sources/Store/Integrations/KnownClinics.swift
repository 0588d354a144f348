import PostgresClient
import Synchronization

/// Which of the tables that clinics may be in is there. Looked for until one is found and then remembered, so that a list
/// with clinics' names is one statement.
final class KnownClinics: Sendable {
    /// Where clinics may live, best first.
    private static let tables = ["healthcare.clinics", "public.clinics"]

    private let found = Mutex<String?>(nil)

    /// Runs what is to be read beside the clinics' table, if there is one.
    func read<T>(_ pool: PostgresPool, _ body: (_ table: String?) async throws -> T) async throws -> T {
        if let table = self.found.withLock({ $0 }) {
            do {
                return try await body(table)
            } catch let error as PostgresError where error.isOfMissingTable {
                self.found.withLock { $0 = nil }
            }
        }
        let there = try await pool.query(
            "SELECT name FROM unnest($1::text[]) AS name WHERE to_regclass(name) IS NOT NULL", [Self.tables]
        ).map { row in try row.decode("name", as: String.self) }
        let table = Self.tables.first(where: there.contains)
        self.found.withLock { $0 = table }
        return try await body(table)
    }
}
