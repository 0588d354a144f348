import HookgateCore
import HookgateTestSupport
import PostgresClient
import Testing

@testable import Store

@Suite(.timeLimit(.minutes(2))) struct SchemaFileTests {
    private func error(of body: () async throws -> SchemaResult) async -> SchemaError? {
        do {
            _ = try await body()
            return nil
        } catch {
            return error as? SchemaError
        }
    }

    @Test func fileGivenByAPersonRunsEachTimeAndIsRecorded() async throws {
        try await withSchema { database in
            try await database.pool.query("CREATE TABLE public.runs (n int)")
            for _ in 1...2 {
                let result = try await SchemaApplier(url: database.url)
                    .applyFile(path: "/tmp/own.sql", text: "INSERT INTO public.runs VALUES (1);")
                #expect(result.applied.map(\.name) == ["own.sql"])
                #expect(result.applied.map(\.isBuiltIn) == [false])
                #expect(result.standIn == nil)
            }
            #expect(try await database.text("SELECT count(*) FROM public.runs") == "2")
            #expect(try await SchemaApplier(url: database.url).status().others.map(\.name) == ["own.sql", "own.sql"])
        }
    }

    @Test func builtInFileByNameBringsWhatItNeeds() async throws {
        try await withDatabase { database in
            let name = SchemaFile.addWebhookTokens.name
            let result = try await SchemaApplier(url: database.url)
                .applyFile(path: "../../infra/db/migrations/\(name)", text: nil)
            #expect(result.applied.map(\.name) == [SchemaFile.builtIn[0].name, name])
            #expect(result.standIn == name)
            #expect(
                try await SchemaApplier(url: database.url).apply().applied.map(\.name)
                    == SchemaFile.builtIn.dropFirst(2).map(\.name))
        }
    }

    @Test func pathThatLeadsNowhereIsAnError() async throws {
        try await withDatabase { database in
            let error = await self.error {
                try await SchemaApplier(url: database.url).applyFile(path: "x/y.sql", text: nil)
            }
            guard case .noSuchFile(path: "x/y.sql") = error else {
                Issue.record("unexpected: \(String(describing: error))")
                return
            }
        }
    }

    @Test func fileThatDropsALegacyTableIsRefusedBeforeAnythingRuns() async throws {
        try await withDatabase { database in
            try await database.pool.query("CREATE TABLE public.evolution_instances (instance_name text)")
            let text = "CREATE TABLE public.before (); DO $$ BEGIN DROP TABLE IF EXISTS evolution_instances; END $$;"
            let error = await self.error {
                try await SchemaApplier(url: database.url).applyFile(path: "drop.sql", text: text)
            }
            guard case .refused(file: "drop.sql", let findings) = error else {
                Issue.record("unexpected: \(String(describing: error))")
                return
            }
            #expect(findings.map(\.table) == [.evolutionInstances])
            #expect(error?.description.contains("hookgate cleanup") == true)
            #expect(
                try await database.text(
                    "SELECT to_regclass('public.before') IS NULL AND to_regclass('public.evolution_instances') IS NOT NULL"
                )
                    == "true")
        }
    }

    @Test func fileNamedLikeTheGuidesLastStepRefusesByItself() async throws {
        try await withDatabase { database in
            for source in LegacySource.allCases {
                try await database.pool.execute(
                    script: "CREATE SCHEMA IF NOT EXISTS \(source.schema); CREATE TABLE \(source.rawValue) (id int)")
            }
            let file = SchemaFile.dropLegacyTables
            let byName = await self.error {
                try await SchemaApplier(url: database.url).applyFile(path: file.name, text: nil)
            }
            let byContent = await self.error {
                try await SchemaApplier(url: database.url).applyFile(path: "c.sql", text: "\n" + file.text)
            }
            for error in [byName, byContent] {
                guard case .refusedByItself = error else {
                    Issue.record("unexpected: \(String(describing: error))")
                    continue
                }
            }
            // And with any other tool.
            let raised = await #expect(throws: PostgresError.self) {
                try await database.pool.execute(script: file.text)
            }
            #expect(raised?.sqlState == "HG001")
            for source in LegacySource.allCases {
                #expect(try await database.text("SELECT to_regclass('\(source.rawValue)')") != nil)
            }
        }
    }

    @Test func failedFileLeavesNothingBehind() async throws {
        try await withDatabase { database in
            let text = "CREATE TABLE public.half (); SELECT 1/0;"
            let error = await self.error {
                try await SchemaApplier(url: database.url).applyFile(path: "f.sql", text: text)
            }
            guard case .failed(file: "f.sql", _, let cause) = error else {
                Issue.record("unexpected: \(String(describing: error))")
                return
            }
            #expect(cause.sqlState == "22012")
            let half = try await database.text("SELECT to_regclass('public.half')")
            #expect(half == nil)
            let others = try await SchemaApplier(url: database.url).status().others
            #expect(others.isEmpty)
        }
    }

    @Test func fileThatCommitsByItselfIsRunAsItStands() async throws {
        try await withDatabase { database in
            let applier = SchemaApplier(url: database.url)
            let kept = "BEGIN; CREATE TABLE public.kept (); COMMIT; VACUUM public.kept;"
            let applied = try await applier.applyFile(path: "kept.sql", text: kept).applied
            #expect(applied.last?.name == "kept.sql")
            let open = "BEGIN; CREATE TABLE public.open ();"
            let error = await self.error { try await applier.applyFile(path: "open.sql", text: open) }
            guard case .leftTransactionOpen(file: "open.sql") = error else {
                Issue.record("unexpected: \(String(describing: error))")
                return
            }
            #expect(
                try await database.text(
                    "SELECT to_regclass('public.kept') IS NOT NULL AND to_regclass('public.open') IS NULL") == "true")
        }
    }

    @Test func failingStatementIsNamedByItsLine() async throws {
        try await withDatabase { database in
            let text = "-- hookgate: no-transaction\nSELECT 1;\n\nSELECT 1/0;\n"
            let error = await self.error {
                try await SchemaApplier(url: database.url).applyFile(path: "f.sql", text: text)
            }
            guard case .failed(file: "f.sql", line: 4, _) = error else {
                Issue.record("unexpected: \(String(describing: error))")
                return
            }
        }
    }
}
