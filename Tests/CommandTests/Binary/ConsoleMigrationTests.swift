import FoundationEssentials
import HookgateTestSupport
import NIOCore
import PostgresClient
import Testing

/// The migration over the API of a served console: the board, a plan, exactly that run, its verification, the way back.
@Suite(.timeLimit(.minutes(3)))
struct ConsoleMigrationTests {
    private struct Plan: Decodable {
        struct Change: Decodable { let field: String, before: String, after: String }
        struct Instance: Decodable { let instanceName: String, action: String, changes: [Change] }
        let digest: String?
        let instances: [Instance]
    }

    private struct Work: Decodable {
        let written: Int, verified: Int, mismatched: Int, restored: Int
        let run: String?
    }

    private struct Board: Decodable {
        struct Row: Decodable { let instanceName: String, nextStep: String, maskedToken: String?, run: String? }
        let instances: [Row]
        let counts: [String: Int]
        let nextCursor: String?
    }

    private static func withConsole(
        _ count: Int, _ body: (TestDatabase, HookgateBinary, ConsoleCaller) async throws -> Void
    ) async throws {
        try await withSchema { database in
            try await LegacyFleet.make(count, in: database)
            let directory = "/tmp/hookgate-console-\(UUID().uuidString)"
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let hookgate = HookgateBinary(
                databaseURL: database.url, dataDirectory: directory,
                settings: ["HOOKGATE_ADMIN_TOKEN": ConsoleCaller.adminToken])
            let exitCode = try await hookgate.serving { address in
                try await body(database, hookgate, ConsoleCaller(address: address))
            }
            #expect(exitCode == 0)
        }
    }

    @Test func exactlyThePlanThatWasLookedAtIsRunVerifiedAndUndone() async throws {
        try await Self.withConsole(30) { database, _, console in
            #expect(try await console.post("/api/v1/migration/plan").status == 202)
            let plan = try await console.ended(Plan.self, "/api/v1/migration/plan")
            #expect(plan.state == "done", "\(plan.error ?? "")")
            let digest = try #require(plan.report?.digest)
            let first = try #require(plan.report?.instances.first { $0.instanceName == "clinic-1" })
            #expect(first.action == "insert")
            #expect(first.changes.contains { $0.field == "phone_number" && $0.after == "+15550000001" })
            #expect(first.changes.contains { $0.field == "config.instance_key" && $0.after == "(secret)" })

            let wrong = #"{"plan_digest": "\#(String(repeating: "0", count: 64))"}"#
            #expect(try await console.post("/api/v1/migration/run", wrong).status == 202)
            let refused = try await console.ended(Work.self, "/api/v1/migration/work")
            #expect(refused.state == "failed" && refused.error?.contains("no longer the one") == true)
            #expect(try await LegacyFleet.count("hookgate.migration_rows", in: database) == 0)

            #expect(try await console.post("/api/v1/migration/run", #"{"plan_digest": "\#(digest)"}"#).status == 202)
            let run = try await console.ended(Work.self, "/api/v1/migration/work")
            #expect(run.state == "done", "\(run.error ?? "")")
            #expect(run.report?.written == 30 && run.report?.verified == 30 && run.report?.mismatched == 0)
            let id = try #require(run.report?.run)

            let after = try await console.read(Board.self, "/api/v1/migration/board?limit=1000")
            #expect(after.counts["switch_over"] == 30 && after.instances.allSatisfy { $0.run == id })
            #expect(after.instances.allSatisfy { $0.maskedToken?.contains("…") == true })

            let undo = "/api/v1/migration/runs/\(id)/undo"
            let rehearsal = try await console.post(undo)
            #expect(String(buffer: rehearsal.body).contains(#""restored":30"#), "\(String(buffer: rehearsal.body))")
            #expect(
                try await LegacyFleet.count("hookgate.migration_rows WHERE undone_at IS NOT NULL", in: database) == 0)
            #expect(try await console.post(undo, #"{"dry_run": false}"#).status == 200)
            let undone = try await console.ended(Work.self, "/api/v1/migration/work")
            #expect(undone.state == "done" && undone.report?.restored == 30)
            let actions = try await database.text(
                "SELECT string_agg(action, ' ' ORDER BY id) FROM hookgate.audit_log WHERE action LIKE 'migration.%'")
            #expect(actions == "migration.run migration.run migration.undo")
        }
    }

    @Test func theBoardIsFilteredOrderedAndPagedOverTheWholeFleet() async throws {
        try await Self.withConsole(30) { database, _, console in
            try await database.pool.query(
                """
                INSERT INTO hookgate.route_traffic (instance_name, route, day, first_seen, last_seen, count, retries, last_live)
                SELECT 'clinic-' || n, route, current_date, now(), now() - n * interval '1 s', 9, 0, now() - n * interval '1 s'
                FROM (VALUES (10, 'token'), (20, 'token'), (20, 'instance'), (7, 'instance')) AS seen (n, route)
                """)
            let whole = try await console.read(Board.self, "/api/v1/migration/board")
            #expect(whole.counts["migrate"] == 27 && whole.counts["assign_clinic"] == 3 && whole.nextCursor == nil)
            var names: [String] = []
            var cursor = ""
            repeat {
                let page = try await console.read(Board.self, "/api/v1/migration/board?order=step&limit=7\(cursor)")
                names += page.instances.map(\.instanceName)
                cursor = page.nextCursor.map { "&cursor=\($0)" } ?? ""
            } while !cursor.isEmpty
            #expect(names.count == 30 && Set(names).count == 30)
            #expect(names.suffix(3) == ["clinic-10", "clinic-20", "clinic-30"])
            let searched = try await console.read(Board.self, "/api/v1/migration/board?q=CLINIC-3")
            #expect(searched.instances.map(\.instanceName) == ["clinic-3", "clinic-30"])
            let latest = try await console.read(Board.self, "/api/v1/migration/board?order=legacy&limit=2")
            #expect(latest.instances.map(\.instanceName) == ["clinic-7", "clinic-20"])
            let step = try await console.read(Board.self, "/api/v1/migration/board?step=assign_clinic")
            #expect(step.instances.count == 3)
            for wrong in ["step=nowhere", "order=luck", "cursor=x", "limit=0"] {
                #expect(try await console.get("/api/v1/migration/board?\(wrong)").status == 400, "\(wrong)")
            }
        }
    }

    @Test func whoMaySeeMayNotActAndWhoMayActMayNotCleanUp() async throws {
        try await Self.withConsole(3) { _, hookgate, console in
            var viewer = console
            var clerk = console
            viewer.key = try await Self.key("viewer", hookgate)
            clerk.key = try await Self.key("operator", hookgate)
            for path in ["migration/board", "migration/plan", "migration/work", "webhooks", "webhooks/work", "cleanup"]
            {
                #expect(try await viewer.get("/api/v1/\(path)").status == 200, "\(path)")
            }
            for path in [
                "migration/plan", "migration/run", "migration/verify", "webhooks/look", "webhooks/switch",
                "webhooks/rollback", "cleanup/plan", "cleanup/run",
            ] {
                #expect(try await viewer.post("/api/v1/\(path)").status == 403, "\(path)")
            }
            let archive = "/api/v1/cleanup/archives/hookgate_archive_20251113"
            for path in ["/api/v1/cleanup/run", "\(archive)/restore", "\(archive)/rehearse", "\(archive)/purge"] {
                #expect(try await clerk.post(path).status == 403, "\(path)")
            }
        }
    }

    private static func key(_ role: String, _ hookgate: HookgateBinary) async throws -> String {
        let made = try await hookgate.run("keys", "create", role, "--role", role)
        #expect(made.exitCode == 0, "\(made.complaint)")
        let start = try #require(made.output.firstRange(of: "hgk_"))
        return String(made.output[start.lowerBound...].prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" })
    }

    @Test func theGatesAreAskedAndNothingIsMovedWithoutTheTypedWord() async throws {
        struct Gates: Decodable {
            struct Gate: Decodable { let gate: String, state: String, summary: String }
            let isOpen: Bool?
            let digest: String?
            let gates: [Gate]
        }
        struct Deed: Decodable { let deed: String }
        try await Self.withConsole(3) { database, _, console in
            #expect(try await console.post("/api/v1/cleanup/plan", #"{"days": 14}"#).status == 202)
            let plan = try await console.ended(Gates.self, "/api/v1/cleanup")
            #expect(plan.state == "done" && plan.report?.isOpen == false, "\(plan)")
            #expect(plan.report?.gates.count == 9)
            // Nobody has verified this fleet yet, so nothing is known of it.
            #expect(plan.report?.gates.first { $0.gate == "instances" }?.state == "unknown")
            let digest = try #require(plan.report?.digest)
            let wish = #"{"plan_digest": "\#(digest)", "confirm": "WORD"}"#
            let untyped = try await console.post("/api/v1/cleanup/run", wish)
            #expect(untyped.status == 422)
            #expect(
                try await console.post("/api/v1/cleanup/run", wish.replacing("WORD", with: "archive")).status == 202)
            let refused = try await console.ended(Deed.self, "/api/v1/cleanup/work")
            #expect(refused.state == "failed" && refused.error?.contains("gates do not hold") == true, "\(refused)")
            #expect(try await database.text("SELECT count(*) FROM public.evolution_instances") == "3")
        }
    }
}
