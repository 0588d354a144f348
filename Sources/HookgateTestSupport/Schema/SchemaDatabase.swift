import FoundationEssentials
import PostgresClient
import Store

extension TestTemplate {
    /// A database with all built-in files of the schema applied.
    package static let schema = TestTemplate(named: "schema") { url in
        _ = try await SchemaApplier(url: url).apply()
    }
}

/// Runs `body` with a fresh database that has the whole schema, which is dropped afterwards.
package func withSchema<T>(_ body: (TestDatabase) async throws -> T) async throws -> T {
    try await TestDatabase.withCopy(of: .schema, body)
}

extension TestDatabase {
    /// The URL of this database for another role.
    package func url(as role: String) -> String {
        self.url.replacing("://postgres@", with: "://\(role)@", maxReplacements: 1)
    }

    /// Makes the roles that PostgREST has, once for the whole server: tests run side by side on it.
    package func makePostgRESTRoles() async throws {
        for role in ["anon", "authenticated"] {
            try await self.makeRole(role, options: "NOLOGIN")
        }
    }

    /// Makes a role that is no superuser, unless it is there; roles belong to the server, not to one database.
    package func makeRole(_ name: String, options: String = "LOGIN") async throws {
        do throws(PostgresError) {
            try await self.pool.query("CREATE ROLE \(PostgresIdentifier.quote(name)) NOSUPERUSER \(options)")
        } catch {
            // Already there, or another test is making it at this moment.
            guard ["42710", "23505"].contains(error.sqlState) else { throw error }
        }
    }
}

extension TestDatabase {
    /// Marks it as `hookgate demo` marks its own: a clock may run faster there. The schema must be there.
    package func markThrowAway() async throws {
        try await ThrowAwayMark.set(in: self.pool, at: Date())
    }
}
