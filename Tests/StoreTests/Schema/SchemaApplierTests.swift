import HookgateCore
import HookgateTestSupport
import PostgresClient
import Testing

@testable import Store

@Suite(.timeLimit(.minutes(2))) struct SchemaApplierTests {
    private static let names = SchemaFile.builtIn.map(\.name)

    @Test func emptyDatabaseGetsEverything() async throws {
        try await withDatabase { database in
            let applier = SchemaApplier(url: database.url)
            #expect(try await applier.status().builtIn.allSatisfy { $0.state == .pending })

            let result = try await applier.apply()

            #expect(result.applied.map(\.name) == Self.names)
            #expect(result.applied.allSatisfy { $0.isComplete && $0.isBuiltIn })
            #expect(result.attention == [])
            #expect(try await applier.status().isUpToDate)
            let tables = try await database.text(
                "SELECT to_regclass('hookgate.events') IS NOT NULL AND to_regclass('healthcare.integrations') IS NOT NULL"
            )
            #expect(tables == "true")
        }
    }

    @Test func secondApplyFindsNothingToDo() async throws {
        try await withSchema { database in
            let result = try await SchemaApplier(url: database.url).apply()
            #expect(result.applied == [])
            #expect(result.skipped == Self.names)
        }
    }

    @Test func everyBuiltInFileRunAgainChangesNothing() async throws {
        try await withSchema { database in
            for number in 1...3 { try await database.insertIntegration(instance: "clinic-\(number)") }
            let picture = """
                SELECT (SELECT jsonb_agg(to_jsonb(i) || jsonb_build_object('x', i.xmin::text) ORDER BY id) FROM healthcare.integrations i)::text
                    || (SELECT jsonb_agg(to_jsonb(t) || jsonb_build_object('x', t.xmin::text) ORDER BY digest) FROM hookgate.tokens t)::text
                    || (SELECT jsonb_agg(key) FROM hookgate.server_keys)::text
                    || (SELECT jsonb_agg(pg_get_indexdef(indexrelid) ORDER BY indexrelid) FROM pg_index WHERE indrelid = 'healthcare.integrations'::regclass)::text
                    || (SELECT jsonb_agg(pg_get_triggerdef(oid) ORDER BY oid) FROM pg_trigger WHERE tgrelid = 'healthcare.integrations'::regclass)::text
                """
            let before = try await database.text(picture)
            for file in SchemaFile.builtIn {
                let result = try await SchemaApplier(url: database.url).applyFile(
                    path: "migrations/\(file.name)", text: nil)
                #expect(result.applied.map(\.name) == [file.name])
                #expect(result.standIn == file.name)
            }
            #expect(try await database.text(picture) == before)
        }
    }

    @Test func changedBuiltInFileIsRefused() async throws {
        try await withDatabase { database in
            let file = SchemaFile.builtIn[0]
            _ = try await SchemaApplier(url: database.url, builtIn: [file]).apply()
            let changed = SchemaFile(name: file.name, text: file.text + "-- changed\n")
            let applier = SchemaApplier(url: database.url, builtIn: [changed, SchemaFile.addWebhookTokens])

            await #expect(throws: SchemaError.self) { try await applier.apply() }
            await #expect(throws: SchemaError.self) { try await applier.applyFile(path: file.name, text: nil) }
            guard case .changed = try await applier.status().builtIn[0].state else {
                Issue.record("the status does not tell of the change")
                return
            }
            #expect(try await database.text("SELECT to_regclass('healthcare.integrations')") == nil)
        }
    }

    @Test func planListsTheSQLAndRunsNothing() async throws {
        try await withDatabase { database in
            let applier = SchemaApplier(url: database.url)
            #expect(try await applier.plan().files == SchemaFile.builtIn)
            let plan = try await applier.planFile(path: "x/own.sql", text: "SELECT 1;")
            #expect(plan.files.map(\.name) == [Self.names[0], "own.sql"])
            #expect(try await database.text("SELECT to_regnamespace('hookgate')") == nil)
        }
    }

    @Test func threeAppliersAtOnceApplyOnce() async throws {
        try await withDatabase { database in
            let results = try await withThrowingTaskGroup(of: SchemaResult.self) { group in
                for _ in 1...3 { group.addTask { try await SchemaApplier(url: database.url).apply() } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(results.map(\.applied.count).sorted() == [0, 0, Self.names.count])
            #expect(
                try await database.text("SELECT count(*) FROM hookgate.schema_migrations")
                    == "\(SchemaFile.builtIn.count)")
        }
    }

    @Test func lockHeldByTrafficIsAskedForAgainUntilItIsFree() async throws {
        try await withDatabase { database in
            try await OriginalTable.create(in: database)
            let holder = try await PostgresConnection.open(database.url)
            try await holder.execute(script: "BEGIN; LOCK TABLE healthcare.integrations IN ACCESS EXCLUSIVE MODE")
            let (waits, continuation) = AsyncStream<SchemaProgress>.makeStream()
            let options = SchemaApplier.Options(
                lockTimeout: .milliseconds(20), lockAttempts: 10_000, lockPause: .milliseconds(1))
            let applier = SchemaApplier(url: database.url, options: options) { progress in
                if case .waitingForLock = progress { continuation.yield(progress) }
            }
            async let result = applier.apply()
            // The first refusal shows that the applier met the lock; only then does traffic end.
            for await _ in waits { break }
            try await holder.execute(script: "COMMIT")
            #expect(try await result.applied.map(\.name) == Self.names)
            await holder.close()
        }
    }

    @Test func lockThatIsNeverFreeEndsInOneSentence() async throws {
        try await withDatabase { database in
            try await OriginalTable.create(in: database)
            let holder = try await PostgresConnection.open(database.url)
            try await holder.execute(script: "BEGIN; LOCK TABLE healthcare.integrations IN ACCESS EXCLUSIVE MODE")
            let options = SchemaApplier.Options(
                lockTimeout: .milliseconds(5), lockAttempts: 2, lockPause: .milliseconds(1))
            let error = await #expect(throws: SchemaError.self) {
                try await SchemaApplier(url: database.url, options: options).apply()
            }
            guard case .blocked(_, attempts: 2) = error else {
                Issue.record("unexpected: \(String(describing: error))")
                return
            }
            await holder.close()
        }
    }

    @Test func plainOwnerNeedsNoSuperuser() async throws {
        try await withDatabase { database in
            try await database.makePostgRESTRoles()
            try await database.makeRole("plain_owner")
            try await database.pool.query("GRANT CREATE ON DATABASE \(database.name) TO plain_owner")
            let result = try await SchemaApplier(url: database.url(as: "plain_owner")).apply()
            #expect(result.applied.map(\.name) == Self.names)
            #expect(result.attention == [])
            let connection = try await PostgresConnection.open(database.url(as: "plain_owner"))
            try await connection.query("INSERT INTO healthcare.integrations (type) VALUES ('whatsapp')")
            try await connection.query("SELECT hookgate.ensure_event_partitions('2026-01-01')")
            await connection.close()
            #expect(try await database.text("SELECT count(*) FROM hookgate.tokens") == "1")
        }
    }

    @Test func roleWithoutRightsIsToldSoInOneSentence() async throws {
        try await withDatabase { database in
            try await OriginalTable.create(in: database)
            try await database.makeRole("without_rights")
            let error = await #expect(throws: SchemaError.self) {
                try await SchemaApplier(url: database.url(as: "without_rights")).apply()
            }
            guard case .notPermitted(_, role: "without_rights", owner: "postgres", _) = error else {
                Issue.record("unexpected: \(String(describing: error))")
                return
            }
        }
    }

    @Test func transactionPoolerIsNoHindrance() async throws {
        try await withDatabase { database in
            let url = try await PgBouncer.url(database: database)
            let result = try await SchemaApplier(url: url).apply()
            #expect(result.applied.map(\.name) == Self.names)
            let pool = PostgresPool(url: url)
            let source = PostgresRoutingSource(pool: pool, listenURL: url)
            let id = try await database.insertIntegration(instance: "a")
            guard case .instance(let entry) = try await source.fact(for: .instance(InstanceName("a"))) else {
                Issue.record("the name is not found")
                return
            }
            #expect(entry.integrationID.text == id)
            let cursor = try await source.loadAll { _ in }
            _ = try await source.changes(since: cursor)
            // LISTEN does not pass a pooler; the feed goes on polling.
            await #expect(throws: RoutingSourceError.self) { try await source.changeNotices() }
            await pool.close()
        }
    }

    @Test func applyingFailsClearlyWithoutADatabase() async throws {
        let error = await #expect(throws: SchemaError.self) {
            try await SchemaApplier(url: "postgresql:///none?host=/nonexistent").apply()
        }
        guard case .unavailable = error else {
            Issue.record("unexpected: \(String(describing: error))")
            return
        }
    }
}
