import HookgateCore
import HookgateTestSupport
import PostgresClient
import Testing

@testable import Store

@Suite(.timeLimit(.minutes(2))) struct WebhookTokenSchemaTests {
    private static let inherited = "kJ8s_Qd0-Zt5hB2xN7vLp3RmW9yGfC1e"

    private func apply(_ database: TestDatabase) async throws -> SchemaResult {
        try await SchemaApplier(url: database.url).apply()
    }

    @Test func tokenMadeInSQLHasTheFormOfOurs() async throws {
        try await withSchema { database in
            let example = "hgw_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh86oZqdX"
            let made = try await database.text(
                "SELECT hookgate.webhook_token_of('\\x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f')"
            )
            #expect(made == example)
            let tokens = try await database.texts("SELECT hookgate.new_webhook_token() FROM generate_series(1, 200)")
            #expect(Set(tokens).count == 200)
            for token in tokens {
                #expect(WebhookToken(try #require(token))?.isChecksummed == true)
            }
        }
    }

    @Test func tokensThatAreThereStayByteForByteAndTheOthersGetTheirs() async throws {
        try await withDatabase { database in
            try await OriginalTable.create(in: database)
            try await database.pool.query(
                """
                INSERT INTO healthcare.integrations (display_name, type, webhook_token) VALUES
                    ('inherited', 'whatsapp', $1), ('odd', 'whatsapp', ' ✓"''\\ '), ('null', 'whatsapp', NULL),
                    ('empty', 'whatsapp', ''), ('calendar', 'google_calendar', NULL), ('untyped', NULL, NULL)
                """, [Self.inherited])
            #expect(try await self.apply(database).attention == [])

            func token(_ name: String) async throws -> String? {
                try await database.text(
                    "SELECT webhook_token FROM healthcare.integrations WHERE display_name = '\(name)'")
            }
            #expect(try await token("inherited") == Self.inherited)
            #expect(try await token("odd") == " ✓\"'\\ ")
            #expect(try await token("calendar") == nil)
            #expect(try await token("untyped") == nil)
            for name in ["null", "empty"] {
                #expect(WebhookToken(try #require(try await token(name)))?.isChecksummed == true)
            }
            let current = try await database.text("SELECT count(*) FROM hookgate.tokens WHERE state = 'current'")
            #expect(current == "4")
        }
    }

    @Test func moreRowsThanABatchAllGetATokenAndALedgerEntry() async throws {
        try await withDatabase { database in
            try await OriginalTable.create(in: database, without: ["webhook_token"])
            try await database.pool.query(
                """
                INSERT INTO healthcare.integrations (id, type, provider, config)
                SELECT CASE n WHEN 0 THEN '00000000-0000-0000-0000-000000000000'::uuid ELSE gen_random_uuid() END,
                    'whatsapp', 'evolution', jsonb_build_object('instance_name', 'i' || n) FROM generate_series(0, 10500) n
                """)
            _ = try await self.apply(database)
            let counts = try await database.texts(
                """
                SELECT count(DISTINCT webhook_token) FROM healthcare.integrations
                UNION ALL SELECT count(*) FROM hookgate.tokens t JOIN healthcare.integrations i
                    ON t.integration_id = i.id AND t.digest = sha256(i.webhook_token::bytea)
                """)
            #expect(counts == ["10501", "10501"])
        }
    }

    @Test(arguments: OriginalTable.columns.map(\.name))
    func tableThatLacksAColumnIsCompleted(column: String) async throws {
        try await withDatabase { database in
            try await OriginalTable.create(in: database, without: [column])
            try await database.pool.query("INSERT INTO healthcare.integrations DEFAULT VALUES")
            if column != "type" {
                try await database.pool.query("UPDATE healthcare.integrations SET type = 'whatsapp'")
            }
            let result = try await self.apply(database)
            #expect(result.applied.filter { !$0.isComplete }.isEmpty)
            #expect(result.attention == [])
            let tokens = try await database.text("SELECT count(webhook_token) FROM healthcare.integrations")
            #expect(tokens == (column == "type" ? "0" : "1"))
            try await database.insertIntegration(instance: "after")
        }
    }

    @Test(arguments: [
        ["config": "json"],
        ["webhook_token": "varchar(32)"],
        ["webhook_token": "text NOT NULL DEFAULT ''"],
        ["type": "varchar(50)", "provider": "varchar(50)", "webhook_token": "varchar(255)"],
        ["type": "public.kind", "status": "public.status"],
        ["status": "text NOT NULL CHECK (status IN ('active', 'pending', 'disconnected'))"],
        ["webhook_url": "text GENERATED ALWAYS AS ('https://example.org/' || webhook_token) STORED"],
        ["organization_id": "text", "clinic_id": "text"],
    ])
    func tableWithOtherTypesIsTakenAsItIs(types: [String: String]) async throws {
        try await withDatabase { database in
            try await database.pool.execute(
                script: """
                    CREATE TYPE public.kind AS ENUM ('whatsapp', 'calendar');
                    CREATE TYPE public.status AS ENUM ('active', 'pending');
                    """)
            try await OriginalTable.create(in: database, types: types)
            // Null, no object, and a name under each of its keys.
            try await database.pool.query(
                """
                INSERT INTO healthcare.integrations (type, provider, status, config) VALUES
                    ('whatsapp', 'evolution', 'active', NULL), ('whatsapp', 'evolution', 'active', '[1]'),
                    ('whatsapp', 'evolution', 'active', '"x"'), ('whatsapp', 'evolution', 'active', '{"instance": "b"}'),
                    ('whatsapp', 'evolution', 'active', '{"instance_name": "", "instanceName": "c"}')
                """)
            let result = try await self.apply(database)
            #expect(result.applied.filter { !$0.isComplete }.isEmpty)
            let tokens = try await database.texts("SELECT webhook_token FROM healthcare.integrations")
            for token in tokens { #expect(WebhookToken(try #require(token))?.isChecksummed == true) }
            let names = try await database.texts("SELECT instance_name FROM hookgate.tokens ORDER BY instance_name")
            #expect(names == ["b", "c", nil, nil, nil])
        }
    }

    @Test func tokenColumnOfAnotherTypeIsRefusedWithAReason() async throws {
        try await withDatabase { database in
            try await OriginalTable.create(in: database, types: ["webhook_token": "uuid"])
            await #expect(throws: SchemaError.self) { try await self.apply(database) }
        }
    }

    @Test func duplicateNamesAreListedAndTheirIndexWaits() async throws {
        try await withDatabase { database in
            try await OriginalTable.create(in: database)
            var ids: [String] = []
            for _ in 1...2 { ids.append(try await database.insertIntegration(instance: "twin", token: nil)) }
            try await database.insertIntegration(instance: "twin", provider: "meta")

            let first = try await self.apply(database)
            #expect(first.applied.filter { !$0.isComplete }.map(\.name) == [SchemaFile.addWebhookTokens.name])
            #expect(
                first.attention == [
                    .duplicateInstance(
                        InstanceName("twin"), provider: "evolution",
                        integrations: ids.compactMap(IntegrationID.init).sorted())
                ])
            #expect(try await !SchemaApplier(url: database.url).status().isUpToDate)
            #expect(try await self.apply(database).applied.map(\.name) == [SchemaFile.addWebhookTokens.name])

            try await database.pool.query("DELETE FROM healthcare.integrations WHERE id = $1::uuid", [ids[0]])
            let last = try await self.apply(database)
            #expect(last.applied.map(\.isComplete) == [true])
            #expect(last.attention == [])
            let error = await #expect(throws: PostgresError.self) {
                try await database.insertIntegration(instance: "twin")
            }
            #expect(error?.constraint == "hookgate_integrations_instance")
            #expect(
                try await database.text("SELECT to_regclass('healthcare.hookgate_integrations_instance_lookup')") == nil
            )
        }
    }

    @Test func duplicateTokensAreListedByFingerprintAndBelongToNobody() async throws {
        try await withDatabase { database in
            try await OriginalTable.create(in: database)
            var ids: [String] = []
            for name in ["a", "b"] {
                ids.append(try await database.insertIntegration(instance: name, token: Self.inherited))
            }
            let digest = TokenDigest(of: Self.inherited)
            let result = try await self.apply(database)
            #expect(result.applied.filter { !$0.isComplete }.map(\.name) == [SchemaFile.addWebhookTokens.name])
            #expect(
                result.attention == [
                    .duplicateToken(
                        fingerprint: digest.fingerprint, integrations: ids.compactMap(IntegrationID.init).sorted())
                ])
            #expect(!result.attention.map(\.description).joined().contains(Self.inherited))
            let source = PostgresRoutingSource(pool: database.pool, listenURL: nil)
            #expect(try await source.fact(for: .token(digest)) == .duplicateInstance)

            try await database.pool.query(
                "UPDATE healthcare.integrations SET webhook_token = NULL WHERE id = $1::uuid", [ids[0]])
            guard case .token(let entry, .current) = try await source.fact(for: .token(digest)) else {
                Issue.record("the one that is left does not hold the token")
                return
            }
            #expect(entry.integrationID.text == ids[1])
            #expect(try await self.apply(database).attention == [])
        }
    }

    @Test func indexThatABrokenOffBuildLeftIsBuiltAgain() async throws {
        try await withSchema { database in
            try await database.pool.query(
                "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'healthcare.hookgate_integrations_token'::regclass"
            )
            _ = try await SchemaApplier(url: database.url).applyFile(path: SchemaFile.addWebhookTokens.name, text: nil)
            let valid = try await database.text(
                "SELECT indisvalid FROM pg_index WHERE indexrelid = 'healthcare.hookgate_integrations_token'::regclass")
            #expect(valid == "true")
        }
    }

    @Test func tokenFileWorksAloneAndAgain() async throws {
        try await withDatabase { database in
            let script = try SQLScript(SchemaFile.addWebhookTokens.text)
            for round in 1...2 {
                // As psql does: each statement by itself, comments meaning nothing.
                for statement in script.statements { try await database.pool.execute(script: statement.text) }
                try await database.pool.query("INSERT INTO healthcare.integrations (type) VALUES ('whatsapp')")
                #expect(
                    try await database.text("SELECT count(webhook_token) FROM healthcare.integrations") == "\(round)")
            }
        }
    }

    @Test func whoeverMayWriteIntegrationsGetsTokensWithoutSeeingOurSchema() async throws {
        try await withSchema { database in
            try await database.makeRole("plain_writer")
            try await database.pool.execute(
                script: """
                    GRANT USAGE ON SCHEMA healthcare TO plain_writer;
                    GRANT INSERT, UPDATE, DELETE, SELECT ON healthcare.integrations TO plain_writer;
                    """)
            let writer = try await PostgresConnection.open(database.url(as: "plain_writer"))
            try await writer.query(
                "INSERT INTO healthcare.integrations (type, provider) VALUES ('whatsapp', 'evolution')")
            try await writer.query("UPDATE healthcare.integrations SET webhook_token = NULL")
            #expect(try await database.texts("SELECT state FROM hookgate.tokens ORDER BY 1") == ["current", "revoked"])
            try await writer.query("DELETE FROM healthcare.integrations")
            #expect(try await database.texts("SELECT DISTINCT state FROM hookgate.tokens") == ["revoked"])
            await #expect(throws: PostgresError.self) { try await writer.query("SELECT * FROM hookgate.tokens") }
            await writer.close()
        }
    }

    @Test func tokenOfTheDatabasesOwnMakingStands() async throws {
        try await withDatabase { database in
            try await OriginalTable.create(
                in: database, types: ["webhook_token": "text DEFAULT substr(md5(random()::text), 1, 32)"])
            _ = try await self.apply(database)
            try await database.pool.query("INSERT INTO healthcare.integrations (type) VALUES ('whatsapp')")
            #expect(try await database.text("SELECT length(webhook_token) FROM healthcare.integrations") == "32")
        }
    }

    @Test func lookUpByNameUsesTheIndex() async throws {
        try await withSchema { database in
            let plan = try await database.pool.withConnection { connection in
                try await connection.transaction { connection in
                    try await connection.execute(script: "SET LOCAL enable_seqscan = off")
                    let sql = RoutingSQL.instance(legacy: LegacyNameLookUp(queries: [], namesQuery: "")).replacing(
                        "$1", with: "'x'")
                    return try await connection.query("EXPLAIN \(sql)").map {
                        try $0.decode("QUERY PLAN", as: String.self)
                    }
                }
            }
            #expect(plan.contains { $0.contains("hookgate_integrations_instance") })
        }
    }

    @Test func dayIsPartitionedOnceHoweverManyAsk() async throws {
        try await withSchema { database in
            let made = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 1...8 {
                    group.addTask {
                        try await database.pool.query("SELECT hookgate.ensure_event_partitions('2026-02-28') AS made")[
                            0
                        ]
                        .decode("made")
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(made.count(where: \.self) == 1)
            try await database.pool.query(
                """
                INSERT INTO hookgate.events (id, day, received_at, route, state, body_bytes, body_sha256)
                VALUES (gen_random_uuid(), '2026-02-28', '2026-02-28', 'token', 'pending', 2, sha256('{}'))
                """)
            #expect(try await database.text("SELECT count(*) FROM hookgate.events_20260228") == "1")
        }
    }
}
