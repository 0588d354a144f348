import HookgateTestSupport
import PostgresClient
import Testing

@Suite(.timeLimit(.minutes(2))) struct ErrorTests {
    /// Statements whose server message, DETAIL or text holds a word that must not be shown.
    @Test(arguments: [
        ("SELECT 'confidential'::int", "22P02"),
        ("SELECT confidential FROM nowhere WHERE", "42601"),
        ("SELECT ('{\"confidential\"')::json", "22P02"),
        ("DO $$ BEGIN RAISE EXCEPTION 'confidential' USING DETAIL = 'confidential'; END $$", "P0001"),
        ("DO $$ BEGIN RAISE EXCEPTION 'confidential' USING ERRCODE = 'ZZ001'; END $$", "ZZ001"),
        ("INSERT INTO people VALUES ('confidential')", "23505"),
        ("INSERT INTO people VALUES ('CONFIDENTIAL')", "23514"),
        ("SELECT to_date('confidential', 'YYYY')", "22007"),
    ])
    func whatTheServerSaysAboutDataIsNotShown(_ sql: String, sqlState: String) async throws {
        try await withDatabase { database in
            try await database.pool.execute(
                script: """
                    CREATE TABLE people (name text PRIMARY KEY CHECK (name = lower(name)));
                    INSERT INTO people VALUES ('confidential')
                    """)
            let error = await #expect(throws: PostgresError.self) { try await database.pool.query(sql) }
            #expect(error?.kind == .server(sqlState: sqlState))
            #expect(error?.sqlState == sqlState)
            for shown in ["\(error as Any)", String(reflecting: error), error?.description ?? ""] {
                #expect(!shown.lowercased().contains("confidential"))
                #expect(shown.contains(sqlState))
            }
        }
    }

    @Test func violatedConstraintIsNamed() async throws {
        try await withDatabase { database in
            try await database.pool.execute(
                script: "CREATE TABLE t (n int CONSTRAINT t_is_unique UNIQUE); INSERT INTO t VALUES (1)")
            let error = await #expect(throws: PostgresError.self) {
                try await database.pool.query("INSERT INTO t VALUES ($1)", [1])
            }
            #expect(error?.constraint == "t_is_unique")
            #expect(
                error?.description == """
                    PostgreSQL refused: duplicate key value violates unique constraint "t_is_unique" \
                    (SQLSTATE 23505, table public.t, constraint t_is_unique).
                    """)
        }
    }

    @Test func missingTableIsNamed() async throws {
        try await withDatabase { database in
            let error = await #expect(throws: PostgresError.self) {
                try await database.pool.query("SELECT * FROM gone")
            }
            #expect(
                error?.description
                    == "PostgreSQL refused: relation \"gone\" does not exist (SQLSTATE 42P01, at character 15 of the statement)."
            )
        }
    }

    @Test func scriptStopsAtItsFirstErrorAndLeavesNothing() async throws {
        try await withDatabase { database in
            let error = await #expect(throws: PostgresError.self) {
                try await database.pool.execute(script: "CREATE TABLE a (); SELECT 1/0; CREATE TABLE b (")
            }
            #expect(error?.sqlState == "42601")
            let second = await #expect(throws: PostgresError.self) {
                try await database.pool.execute(script: "CREATE TABLE a (); SELECT 1/0; CREATE TABLE b ()")
            }
            #expect(second?.sqlState == "22012")
            let left = try await database.pool.query("SELECT FROM pg_tables WHERE schemaname = 'public'")
            #expect(left.isEmpty)
        }
    }

    @Test func copyIsRefusedAndThePoolGoesOn() async throws {
        try await withDatabase { database in
            for script in ["COPY (SELECT 1) TO STDOUT", "CREATE TABLE t (n int); COPY t FROM STDIN"] {
                let error = await #expect(throws: PostgresError.self) {
                    try await database.pool.execute(script: script)
                }
                #expect(error?.kind == .misuse)
            }
            let answer = try await database.pool.query("SELECT 1 AS one")[0].decode("one", as: Int.self)
            #expect(answer == 1)
        }
    }
}
