import Fleet
import HookgateCore
import HookgateTestSupport
import PostgresClient
import Store
import Testing

/// What `--fix` would do and does.
@Suite(.timeLimit(.minutes(3))) struct DoctorRepairTests {
    private static let broken = """
        ALTER TABLE healthcare.integrations DISABLE TRIGGER USER;
        UPDATE healthcare.integrations SET webhook_token = NULL, config = config - 'instance_name'
        WHERE config->>'instance_name' IN ('a-one', 'b-north');
        UPDATE healthcare.integrations SET config = config || '{"instance": "elsewhere", "instance_name": ""}'
        WHERE config->>'instance_name' = 'a-two';
        UPDATE healthcare.integrations SET config = (config - 'instance_name') || '{"instanceName": "third"}'
        WHERE config->>'instance_name' = 'b-south';
        ALTER TABLE healthcare.integrations ENABLE TRIGGER USER;
        DROP INDEX healthcare.hookgate_integrations_instance;
        GRANT SELECT ON healthcare.integrations TO anon;
        """

    @Test func aPreviewNamesEachChangeAndMakesNone() async throws {
        try await Ward.withWellFleet { ward in
            try await ward.run(Self.broken)
            let before = try await ward.versions()
            let rights = try await ward.text(
                "SELECT relacl FROM pg_class WHERE oid = 'healthcare.integrations'::regclass")
            let changes = try await ward.preview()
            #expect(changes.map(\.fix) == [.makeTokens, .writeNameKeys, .closeTokenColumns, .restoreSchemaObjects])
            #expect(changes[0].rows.map(\.subject) == ["a-one", "b-north"])
            #expect(changes[0].rows.allSatisfy { $0.before == "nothing" && $0.after == "a new token" })
            #expect(changes[1].rows.map(\.subject) == ["a-one", "b-north", "elsewhere"])
            #expect(changes[2].rows.map(\.before) == ["webhook_token, webhook_url"])
            #expect(try await ward.versions() == before)
            #expect(
                try await ward.text("SELECT relacl FROM pg_class WHERE oid = 'healthcare.integrations'::regclass")
                    == rights)
        }
    }

    @Test func aRepairDoesWhatThePreviewSaidAndNoMore() async throws {
        try await Ward.withWellFleet { ward in
            let kept = try await ward.text(
                "SELECT webhook_token FROM healthcare.integrations WHERE config->>'instance_name' = 'a-two'")
            try await ward.run(Self.broken)
            let preview = try await ward.preview()
            let changes = try await ward.repair()
            #expect(changes.map(\.fix) == preview.map(\.fix))
            for (change, previewed) in zip(changes, preview) {
                let inOrder = change.rows.sorted { $0.subject < $1.subject }
                #expect(inOrder == previewed.rows)
            }
            for check in [DoctorCheck.missingTokens, .instanceNameKey, .schemaObjects, .readableTokens] {
                #expect(try await ward.diagnose(check)?.result == .ok, "\(check.rawValue)")
            }
            #expect(
                try await ward.text(
                    "SELECT config FROM healthcare.integrations WHERE config->>'instance_name' = 'a-one'")
                    == #"{"instance": "a-one", "instance_key": "\#(Ward.key)", "instance_name": "a-one"}"#)
            #expect(
                try await ward.text(
                    "SELECT webhook_token FROM healthcare.integrations WHERE config->>'instance_name' = 'elsewhere'")
                    == kept, "a token that is there is never touched")
            #expect(
                try await ward.diagnose(.conflictingNames)?.evidence.items.count == 1, "two names are a person's matter"
            )
        }
    }

    @Test(arguments: [
        "DROP INDEX healthcare.hookgate_integrations_token",
        "DELETE FROM hookgate.tokens WHERE instance_name = 'a-one'",
        "DROP TRIGGER hookgate_track_delete ON healthcare.integrations",
    ])
    func whatTheSchemaLostComesBack(loss: String) async throws {
        try await Ward.withWellFleet { ward in
            try await ward.run(loss)
            #expect(try await ward.preview([.schemaObjects]).map(\.total) == [1])
            #expect(try await ward.repair([.schemaObjects]).map(\.total) == [1])
            #expect(try await ward.diagnose(.schemaObjects)?.result == .ok)
            #expect(try await ward.text("SELECT subject FROM hookgate.audit_log") == "restore-schema-objects")
        }
    }

    @Test func tokensAreMadeInBatchesAndEachIsNoted() async throws {
        try await Ward.withWellFleet { ward in
            try await ward.run(
                """
                ALTER TABLE healthcare.integrations DISABLE TRIGGER USER;
                INSERT INTO healthcare.integrations (type, provider, config)
                SELECT 'whatsapp', 'evolution', jsonb_build_object('instance_name', 'n' || n) FROM generate_series(1, 1500) n;
                ALTER TABLE healthcare.integrations ENABLE TRIGGER USER;
                """)
            let changes = try await ward.repair([.missingTokens])
            #expect(changes.map(\.total) == [1500])
            #expect(changes.map(\.rows.count) == [10])
            #expect(
                try await ward.text(
                    "SELECT count(DISTINCT webhook_token) FROM healthcare.integrations WHERE type = 'whatsapp'")
                    == "1505")
            #expect(try await ward.text("SELECT count(*) FROM hookgate.audit_log") == "2")
            #expect(
                try await ward.text(
                    "SELECT sum(jsonb_array_length(detail->'ids')) FROM hookgate.audit_log WHERE subject = 'make-tokens'"
                )
                    == "1500")
            #expect(try await AuditLog.verify(ward.database.pool) == .whole(entries: 2))
        }
    }

    @Test func aSecondRepairFindsNothingToDo() async throws {
        try await Ward.withWellFleet { ward in
            try await ward.run(Self.broken)
            _ = try await ward.repair()
            let after = try await ward.versions()
            #expect(try await ward.preview() == [])
            #expect(try await ward.repair() == [])
            #expect(try await ward.versions() == after)
        }
    }

    @Test func whatNeedsADecisionIsLeftAlone() async throws {
        try await Ward.withWellFleet { ward in
            for defect in Defect.all
            where [.clinicOfAnotherOrganization, .conflictingNames, .disabledByMigration, .statusWords].contains(
                defect.check)
            {
                try await ward.run(defect.script)
            }
            let before = try await ward.versions()
            #expect(try await ward.repair() == [])
            #expect(try await ward.versions() == before)
        }
    }

    @Test func theOldSystemGetsItsSchemaAndItsTokens() async throws {
        try await withDatabase { database in
            let ward = Ward(database)
            try await ward.run(
                """
                CREATE SCHEMA healthcare;
                CREATE TABLE healthcare.integrations (
                    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), type text, provider text, config json);
                INSERT INTO healthcare.integrations (type, provider, config)
                VALUES ('whatsapp', 'evolution', '{"instance": "a-one"}');
                """)
            #expect(try await ward.preview().map(\.fix) == [.applySchema, .makeTokens, .writeNameKeys])
            let changes = try await ward.repair()
            #expect(changes.map(\.fix) == [.applySchema, .writeNameKeys])
            #expect(changes.first?.rows.map(\.subject) == SchemaFile.builtIn.map(\.name))
            #expect(try await ward.diagnose(.missingTokens)?.result == .ok)
            #expect(
                try await ward.text("SELECT config->>'instance_name' FROM healthcare.integrations") == "a-one")
            #expect(try await ward.repair() == [])
        }
    }

    @Test func oneRepairAloneSaysThatTheSchemaIsMissing() async throws {
        try await withDatabase { database in
            let ward = Ward(database)
            try await ward.run(
                "CREATE SCHEMA healthcare; CREATE TABLE healthcare.integrations (id uuid, type text, config jsonb, webhook_token text)"
            )
            await #expect(throws: DoctorFixError.schemaMissing(.makeTokens)) { try await ward.repair([.missingTokens]) }
        }
    }
}
