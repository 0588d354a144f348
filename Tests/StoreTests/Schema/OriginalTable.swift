import HookgateTestSupport
import PostgresClient

/// The old system's tables, as far as anybody knows them.
enum OriginalTable {
    static let columns: [(name: String, type: String)] = [
        ("organization_id", "uuid"), ("clinic_id", "uuid"), ("type", "text"), ("provider", "text"),
        ("status", "text"), ("config", "jsonb"), ("enabled", "boolean"), ("webhook_token", "text"),
        ("webhook_url", "text"), ("phone_number", "text"), ("display_name", "text"), ("connected_at", "timestamptz"),
        ("last_seen_at", "timestamptz"), ("created_at", "timestamptz"), ("updated_at", "timestamptz"),
        ("credentials_version", "text"),
    ]

    /// Creates `healthcare.integrations` without some of its columns, or with other types.
    static func create(
        in database: TestDatabase, without missing: Set<String> = [], types: [String: String] = [:]
    ) async throws {
        let columns = Self.columns.filter { !missing.contains($0.name) }
            .map { "\($0.name) \(types[$0.name] ?? $0.type)" }
        try await database.pool.execute(
            script: """
                CREATE SCHEMA healthcare;
                CREATE TABLE healthcare.integrations (
                    \((["id uuid PRIMARY KEY DEFAULT gen_random_uuid()"] + columns).joined(separator: ", ")));
                """)
    }
}

extension TestDatabase {
    /// The one value of a query, as text; nil for NULL or no row.
    func text(_ sql: String) async throws -> String? {
        try await self.pool.query("SELECT (\(sql))::text AS value").first?.decode("value")
    }

    /// The values of a query's one column, as text.
    func texts(_ sql: String) async throws -> [String?] {
        try await self.pool.query("SELECT value::text AS value FROM (\(sql)) AS rows(value)")
            .map { try $0.decode("value") }
    }

    /// Inserts a WhatsApp integration and returns its id.
    @discardableResult
    func insertIntegration(instance: String?, token: String? = nil, provider: String? = "evolution") async throws
        -> String
    {
        let rows = try await self.pool.query(
            """
            INSERT INTO healthcare.integrations (organization_id, clinic_id, type, provider, status, config, webhook_token)
            VALUES (gen_random_uuid(), gen_random_uuid(), 'whatsapp', $1, 'active',
                jsonb_strip_nulls(jsonb_build_object('instance_name', $2::text)), $3)
            RETURNING id::text AS id
            """, [provider, instance, token])
        return try rows[0].decode("id")
    }
}
