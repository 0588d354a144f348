import FoundationEssentials
import HookgateCore

/// The migration over the API: the board, planning, running, verifying and undoing.
enum MigrationAPI {
    private static let usualRows = 100

    static func routes(_ desk: WorkDesk) -> [Route] {
        [
            Route(.get, "/api/v1/migration/board", .needs(.viewer), api: board) { visit in
                let query = try BoardFilter.query(visit, usual: usualRows)
                return try .json(Board(try await BoardPage.board(visit).page(query), desk.look.standing?.report))
            },
            Route(.get, "/api/v1/migration/plan", .needs(.viewer), api: showPlan) { _ in
                try .json(WorkAnswer(desk.plan.standing, Plan.init))
            },
            Route(.post, "/api/v1/migration/plan", .needs(.operator), api: plan) { visit in
                try MigrationDeeds.plan(visit, desk)
                return try .json(WorkAnswer(desk.plan.standing, Plan.init), status: 202)
            },
            Route(.get, "/api/v1/migration/work", .needs(.viewer), api: showWork) { _ in
                try await answer(desk)
            },
            Route(.post, "/api/v1/migration/run", .needs(.operator), api: run) { visit in
                let wish = try APIBody.read(Wish.self, visit.request)
                try await MigrationDeeds.migrate(visit, desk, digest: wish.planDigest)
                return try await answer(desk, status: 202)
            },
            Route(.post, "/api/v1/migration/verify", .needs(.operator), api: verify) { visit in
                try await MigrationDeeds.verify(visit, desk)
                return try await answer(desk, status: 202)
            },
            Route(.post, "/api/v1/migration/stop", .needs(.operator), api: stop) { _ in
                try await desk.migration.stop()
                return try await answer(desk, status: 202)
            },
            Route(.get, "/api/v1/migration/runs/{id}", .needs(.viewer), api: showRun) { visit in
                let limit = try visit.limit(default: 100, largest: 1_000)
                let id: RunID = try visit.identifier("id", of: "run")
                let (record, entries, total) = try await RunPages.entries(visit, id, limit: limit)
                return try .json(Run(record, entries, total))
            },
            Route(.post, "/api/v1/migration/runs/{id}/undo", .needs(.operator), api: undo) { visit in
                let wish = try APIBody.read(UndoWish.self, visit.request)
                let id: RunID = try visit.identifier("id", of: "run")
                if wish.dryRun ?? true {
                    return try .json(Undone(try await MigrationDeeds.rehearseUndo(visit, of: id)))
                }
                try await MigrationDeeds.undo(visit, desk, of: id)
                return try .json(Undone(nil))
            },
        ]
    }

    private static func answer(_ desk: WorkDesk, status: Int = 200) async throws -> Reply {
        try .json(WorkAnswer(try await desk.migration.standing(), Work.init), status: status)
    }

    private struct Wish: Decodable { let planDigest: String }

    private struct UndoWish: Decodable { let dryRun: Bool? }

    private struct Board: Encodable {
        struct Row: Encodable {
            let instanceName: String
            let title: String?
            let nextStep: String
            let legacyRow: String?
            let legacyRows: Int
            let integrationId: String?
            let integrations: Int
            let clinicId: String?
            let status: String?
            let maskedToken: String?
            let atEvolution: String?
            let lastLegacyEvent: Date?
            let lastTokenEvent: Date?
            let switchOver: String?
            let canRollBack: Bool
            let run: String?

            init(_ row: BoardRow, _ look: WebhookLook?) {
                self.instanceName = row.name.text
                self.title = row.title
                self.nextStep = row.step.rawValue
                self.legacyRow = row.legacyPlace
                self.legacyRows = row.legacyRows
                self.integrationId = row.integrationID?.text
                self.integrations = row.integrations
                self.clinicId = row.clinicID?.text
                self.status = row.statusWord
                self.maskedToken = row.maskedToken
                self.atEvolution = look?.findings[row.name]?.word
                self.lastLegacyEvent = row.lastLegacyEvent
                self.lastTokenEvent = row.lastTokenEvent
                self.switchOver = row.switchOver?.rawValue
                self.canRollBack = row.canRollBack
                self.run = row.run?.text
            }
        }

        let instances: [Row]
        let counts: [String: Int]
        let nextCursor: String?

        init(_ page: HookgateCore.BoardPage, _ look: WebhookLook?) {
            self.instances = page.rows.map { Row($0, look) }
            self.counts = Dictionary(uniqueKeysWithValues: page.counts.map { ($0.key.rawValue, $0.value) })
            self.nextCursor = page.next?.text
        }
    }

    /// What a plan, a run or a verification counted.
    private struct Counts: Encodable {
        let inserted: Int
        let updated: Int
        let unchanged: Int
        let undecided: Int
        let excluded: Int

        init(_ counts: PlanCounts) {
            self.inserted = counts.inserted
            self.updated = counts.updated
            self.unchanged = counts.unchanged
            self.undecided = counts.needsDecision
            self.excluded = counts.excluded
        }
    }

    private struct Plan: Encodable {
        struct Change: Encodable {
            let field: String
            let before: String
            let after: String
        }

        struct Instance: Encodable {
            let instanceName: String
            let action: String
            let clinic: String?
            let changes: [Change]
            let obstacle: String?
            let notes: [String]

            init(_ instance: PlanReport.Instance) {
                self.instanceName = instance.name.text
                self.action = instance.word
                self.clinic = instance.clinic
                self.changes = instance.changes.map { Change(field: $0.field, before: $0.before, after: $0.after) }
                self.obstacle = instance.obstacle
                self.notes = instance.notes
            }
        }

        let total: Int?
        let planned: Int
        let counts: Counts
        let digest: String?
        let instances: [Instance]

        init(_ report: PlanReport) {
            self.total = report.total
            self.planned = report.counts.total
            self.counts = Counts(report.counts)
            self.digest = report.digest
            self.instances = (report.undecided + report.written).map(Instance.init)
        }
    }

    private struct Work: Encodable {
        let kind: String
        let total: Int?
        let written: Int
        let verified: Int
        let mismatched: Int
        let missing: Int
        let restored: Int
        let refused: Int
        let run: String?

        init(_ report: MigrationReport) {
            switch report.kind {
            case .migrate: (self.kind, self.run) = ("migrate", report.run?.text)
            case .verify: (self.kind, self.run) = ("verify", nil)
            case .undo(let run): (self.kind, self.run) = ("undo", run.text)
            }
            self.total = report.total
            self.written = report.written
            self.verified = report.verification.verified
            self.mismatched = report.verification.mismatched
            self.missing = report.verification.missing
            self.restored = report.undone.restored
            self.refused = report.undone.refused
        }
    }

    private struct Run: Encodable {
        struct Entry: Encodable {
            let instanceName: String
            let integrationId: String
            let action: String
            let fields: [String]
            let isUndone: Bool
        }

        let id: String
        let state: String
        let startedAt: Date
        let finishedAt: Date?
        let counts: Counts
        let total: Int
        let entries: [Entry]

        init(_ record: RunRecord, _ entries: [RunEntry], _ total: Int) {
            self.id = record.id.text
            self.state = record.outcome.state.rawValue
            self.startedAt = record.startedAt
            self.finishedAt = record.finishedAt
            self.counts = Counts(record.outcome.counts)
            self.total = total
            self.entries = entries.map { entry in
                Entry(
                    instanceName: entry.name.text, integrationId: entry.integrationID.text,
                    action: entry.action.rawValue, fields: entry.fields, isUndone: entry.isUndone)
            }
        }
    }

    private struct Undone: Encodable {
        let isDryRun: Bool
        let restored: Int?
        let editedSince: Int?
        let changedByLaterRun: Int?
        let inUse: Int?
        let gone: Int?

        /// - Parameter summary: of a dry run; nil where the work has begun.
        init(_ summary: UndoSummary?) {
            self.isDryRun = summary != nil
            self.restored = summary?.restored
            self.editedSince = summary?.editedSince
            self.changedByLaterRun = summary?.changedByLaterRun
            self.inUse = summary?.inUse
            self.gone = summary?.gone
        }
    }
}
