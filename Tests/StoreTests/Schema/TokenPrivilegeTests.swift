import HookgateTestSupport
import PostgresClient
import Testing

@testable import Store

/// What PostgREST's roles can still see. Tried as these roles, not read from the catalogue.
@Suite(.timeLimit(.minutes(2))) struct TokenPrivilegeTests {
    private func sqlState(of sql: String, as role: String, in database: TestDatabase) async throws -> String? {
        try await database.pool.withConnection { connection in
            do {
                try await connection.transaction { connection in
                    try await connection.execute(script: "SET LOCAL ROLE \(role)")
                    try await connection.query(sql)
                }
                return nil
            } catch let error as PostgresError {
                return error.sqlState
            }
        }
    }

    private func originalWithGrants(_ database: TestDatabase, _ grants: String) async throws {
        try await database.makePostgRESTRoles()
        try await OriginalTable.create(in: database)
        try await database.insertIntegration(instance: "a", token: "inherited-token-1")
        try await database.pool.execute(script: "GRANT USAGE ON SCHEMA healthcare TO anon, authenticated; \(grants)")
    }

    @Test(arguments: [
        "GRANT ALL ON healthcare.integrations TO anon, authenticated",
        "GRANT SELECT ON healthcare.integrations TO PUBLIC",
        "GRANT SELECT (id, type, webhook_token, webhook_url) ON healthcare.integrations TO anon, authenticated",
    ])
    func tokenColumnsAreClosedAndTheOthersStayOpen(grants: String) async throws {
        try await withDatabase { database in
            try await self.originalWithGrants(database, grants)
            let result = try await SchemaApplier(url: database.url).apply()
            #expect(result.attention == [])
            for role in ["anon", "authenticated"] {
                for hidden in ["webhook_token", "webhook_url", "*"] {
                    let state = try await self.sqlState(
                        of: "SELECT \(hidden) FROM healthcare.integrations", as: role, in: database)
                    #expect(state == "42501", "\(role) reads \(hidden)")
                }
                let others = try await self.sqlState(
                    of: "SELECT id, type FROM healthcare.integrations", as: role, in: database)
                #expect(others == nil)
                for table in ["tokens", "events", "event_bodies", "server_keys", "migration_rows"] {
                    let state = try await self.sqlState(of: "SELECT * FROM hookgate.\(table)", as: role, in: database)
                    #expect(state == "42501", "\(role) reads \(table)")
                }
                let function = try await self.sqlState(
                    of: "SELECT hookgate.new_webhook_token()", as: role, in: database)
                #expect(function == "42501")
            }
        }
    }

    @Test func writingStaysPossibleWithoutReadingTheToken() async throws {
        try await withDatabase { database in
            try await self.originalWithGrants(database, "GRANT ALL ON healthcare.integrations TO authenticated")
            _ = try await SchemaApplier(url: database.url).apply()
            for sql in [
                "INSERT INTO healthcare.integrations (type, provider) VALUES ('whatsapp', 'evolution') RETURNING id",
                "UPDATE healthcare.integrations SET status = 'pending'",
            ] {
                let state = try await self.sqlState(of: sql, as: "authenticated", in: database)
                #expect(state == nil)
            }
            let returning = try await self.sqlState(
                of: "UPDATE healthcare.integrations SET status = 'x' RETURNING webhook_token", as: "authenticated",
                in: database)
            #expect(returning == "42501")
        }
    }

    @Test func rightThatTheOwnerCannotTakeBackIsReported() async throws {
        try await withDatabase { database in
            try await self.originalWithGrants(
                database,
                """
                CREATE ROLE granting_role_\(database.name);
                GRANT USAGE ON SCHEMA healthcare TO granting_role_\(database.name);
                GRANT SELECT ON healthcare.integrations TO granting_role_\(database.name) WITH GRANT OPTION;
                SET ROLE granting_role_\(database.name);
                GRANT SELECT ON healthcare.integrations TO anon;
                RESET ROLE;
                """)
            let result = try await SchemaApplier(url: database.url).apply()
            #expect(
                result.attention == [
                    .readableTokens(
                        role: "anon", columns: "webhook_token, webhook_url", place: "healthcare.integrations")
                ])
            try await database.pool.execute(
                script: "DROP OWNED BY granting_role_\(database.name) CASCADE; DROP ROLE granting_role_\(database.name)"
            )
        }
    }

    @Test func viewThatShowsTokensIsReported() async throws {
        try await withDatabase { database in
            try await self.originalWithGrants(
                database,
                """
                CREATE VIEW public.cards AS SELECT id, webhook_url FROM healthcare.integrations;
                CREATE VIEW public.harmless AS SELECT id, status FROM healthcare.integrations;
                GRANT SELECT ON public.cards, public.harmless TO authenticated;
                """)
            let result = try await SchemaApplier(url: database.url).apply()
            #expect(
                result.attention == [
                    .readableTokens(role: "authenticated", columns: "those of webhook_url", place: "view cards")
                ])
        }
    }
}
