import Testing

@testable import Store

struct SQLScriptTests {
    private func statements(_ text: String) throws -> [String] {
        try SQLScript(text).statements.map(\.text)
    }

    @Test(arguments: [
        ("SELECT 1; SELECT 2", ["SELECT 1;", "SELECT 2"]),
        ("SELECT ';'; SELECT 2;", ["SELECT ';';", "SELECT 2;"]),
        ("SELECT 'it''s;'; SELECT 2;", ["SELECT 'it''s;';", "SELECT 2;"]),
        (#"SELECT E'\';'; SELECT 2;"#, [#"SELECT E'\';';"#, "SELECT 2;"]),
        (#"SELECT '\'; SELECT 2;"#, [#"SELECT '\';"#, "SELECT 2;"]),
        (#"SELECT ";"; SELECT 2;"#, [#"SELECT ";";"#, "SELECT 2;"]),
        ("SELECT /* ; /* ; */ ; */ 1; SELECT 2;", ["SELECT /* ; /* ; */ ; */ 1;", "SELECT 2;"]),
        ("SELECT 1 -- ;\n; SELECT 2;", ["SELECT 1 -- ;\n;", "SELECT 2;"]),
        ("DO $$ BEGIN; END $$; SELECT 2;", ["DO $$ BEGIN; END $$;", "SELECT 2;"]),
        ("DO $a$ x; $$ y; $$ $a$; SELECT 2;", ["DO $a$ x; $$ y; $$ $a$;", "SELECT 2;"]),
        ("SELECT a$b$c; SELECT $1;", ["SELECT a$b$c;", "SELECT $1;"]),
        (
            "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3;",
            ["CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2);", "SELECT 3;"]
        ),
        (
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; SELECT 3;",
            [
                "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END;",
                "SELECT 3;",
            ]
        ),
        ("-- nothing but a comment\n", []),
    ])
    func statementsEndWherePostgreSQLEndsThem(text: String, expected: [String]) throws {
        #expect(try self.statements(text) == expected)
    }

    @Test func directivesBelongToTheStatementTheyStandBefore() throws {
        let script = try SQLScript(
            """
            -- hookgate: no-transaction
            SELECT 1;
            -- hookgate: wait-for NOT EXISTS (SELECT 1)
            -- hookgate: only-if true
            CREATE INDEX CONCURRENTLY i ON t (c);
            SELECT 'hookgate: only-if false';
            """)
        #expect(script.mode == .declaredStatements)
        #expect(script.statements.map(\.waitFor) == [nil, "NOT EXISTS (SELECT 1)", nil])
        #expect(script.statements.map(\.onlyIf) == [nil, "true", nil])
        #expect(script.statements.map(\.isConcurrent) == [false, true, false])
        #expect(script.statements.map(\.line) == [1, 3, 6])
    }

    @Test func unknownDirectiveIsRefused() {
        #expect(throws: SQLDirectiveError(comment: " hookgate: only-on tuesdays")) {
            try SQLScript("-- hookgate: only-on tuesdays\nSELECT 1;")
        }
    }

    @Test func fileThatCommitsByItselfIsRunStatementByStatement() throws {
        #expect(try SQLScript("BEGIN; SELECT 1; COMMIT;").mode == .ownTransactions)
        #expect(try SQLScript("SELECT 1; DO $$ BEGIN COMMIT; END $$;").mode == .oneTransaction)
    }

    @Test func builtInFilesAreUnderstood() throws {
        for file in SchemaFile.builtIn + [SchemaFile.dropLegacyTables] {
            #expect(try !SQLScript(file.text).statements.isEmpty)
        }
    }

    /// The planner recognises the index only by the very expression it was made with.
    @Test func schemaReadsInstanceNamesAsQueriesDo() {
        let expression = InstanceNameSQL.expression()
        #expect(SchemaFile.addWebhookTokens.text.contains("(\(expression)),\n        provider)"))
    }
}
