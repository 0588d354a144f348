package import PostgresClient

/// A database that one test has for itself.
package struct TestDatabase: Sendable {
    package let name: String
    /// The libpq URL, as superuser.
    package let url: String
    package let pool: PostgresPool

    /// A database on a server that is the test's own; ``withDatabase(_:)`` makes one on the run's.
    package init(name: String, url: String, pool: PostgresPool) {
        self.name = name
        self.url = url
        self.pool = pool
    }
}

/// Runs `body` with a fresh empty database, which is dropped afterwards.
package func withDatabase<T>(_ body: (TestDatabase) async throws -> T) async throws -> T {
    try await TestDatabase.lease(template: nil, body)
}

extension TestDatabase {
    private static let leases = TestLeases(limit: 16)

    /// Runs `body` with a fresh copy of a template.
    package static func withCopy<T>(
        of template: TestTemplate, _ body: (TestDatabase) async throws -> T
    ) async throws -> T {
        try await lease(template: try await template.name, body)
    }

    static func lease<T>(template: String?, _ body: (TestDatabase) async throws -> T) async throws -> T {
        await leases.take()
        do {
            let database = try await create(template: template)
            do {
                let value = try await body(database)
                try await database.drop()
                await leases.giveBack()
                return value
            } catch {
                // The test's own error is the one to see; a database that stays goes with the server.
                _ = try? await database.drop()
                throw error
            }
        } catch {
            await leases.giveBack()
            throw error
        }
    }

    private static func create(template: String?) async throws -> TestDatabase {
        let name = "test_\(UInt64.random(in: 0...UInt64.max))"
        // template0 has no connections, ever; a copy of a database that somebody uses is refused.
        let source = PostgresIdentifier.quote(template ?? "template0")
        try await TestCluster.administration.query(
            "CREATE DATABASE \(PostgresIdentifier.quote(name)) TEMPLATE \(source)")
        let url = try await TestCluster.shared.url(database: name)
        return TestDatabase(name: name, url: url, pool: PostgresPool(url: url))
    }

    // In a task of its own, so that a cancelled test (its time limit) still drops its database.
    private func drop() async throws {
        try await Task {
            await pool.close()
            try await TestCluster.administration.query(
                "DROP DATABASE IF EXISTS \(PostgresIdentifier.quote(name)) WITH (FORCE)")
        }.value
    }
}
