import FoundationEssentials
import HookgateCore

/// The clean-up over the API: what `hookgate cleanup` does.
enum CleanupAPI {
    static func routes(_ desk: WorkDesk) -> [Route] {
        [
            Route(.get, "/api/v1/cleanup", .needs(.viewer), api: plan) { _ in
                try .json(WorkAnswer(desk.gates.standing, Plan.init))
            },
            Route(.post, "/api/v1/cleanup/plan", .needs(.operator), api: beginPlan) { visit in
                let wish = try APIBody.read(Question.self, visit.request)
                if let days = wish.days, !CleanupDeeds.windows.contains(days) {
                    throw ConsoleError.badRequest("days is from 1 to 365.")
                }
                if wish.acceptedReads?.utf8.contains(0) == true {
                    throw ConsoleError.badRequest("A text holds a NUL, which no database stores.")
                }
                try CleanupDeeds.ask(
                    visit, desk, CleanupDeeds.options(days: wish.days, acceptedReads: wish.acceptedReads))
                return try .json(WorkAnswer(desk.gates.standing, Plan.init), status: 202)
            },
            Route(.get, "/api/v1/cleanup/work", .needs(.viewer), api: work) { _ in
                try .json(WorkAnswer(desk.archive.standing, Work.init))
            },
            Route(.post, "/api/v1/cleanup/run", .needs(.admin), api: run) { visit in
                let wish = try APIBody.read(Wish.self, visit.request)
                guard let digest = wish.planDigest else { throw ConsoleError.badRequest("plan_digest is missing.") }
                try CleanupDeeds.checkTyped(wish.confirm, CleanupDeeds.word)
                try CleanupDeeds.run(visit, desk, digest: digest)
                return try began(desk)
            },
            Route(.get, "/api/v1/cleanup/archives", .needs(.viewer), api: archives) { visit in
                try .json(Archives(archives: try await CleanupDeeds.useCases(visit).archives().map(Archive.init)))
            },
            Route(.post, "/api/v1/cleanup/archives/{name}/rehearse", .needs(.admin), api: rehearse) { visit in
                try CleanupDeeds.rehearse(visit, desk, try CleanupDeeds.archive(visit))
                return try began(desk)
            },
            Route(.post, "/api/v1/cleanup/archives/{name}/restore", .needs(.admin), api: restore) { visit in
                let name = try confirmed(visit)
                try CleanupDeeds.restore(visit, desk, name)
                return try began(desk)
            },
            Route(.post, "/api/v1/cleanup/archives/{name}/purge", .needs(.admin), api: purge) { visit in
                let name = try confirmed(visit)
                try CleanupDeeds.purge(visit, desk, name)
                return try began(desk)
            },
        ]
    }

    private static func confirmed(_ visit: Visit) throws(ConsoleError) -> ArchiveName {
        let wish = try APIBody.read(Wish.self, visit.request)
        let name = try CleanupDeeds.archive(visit)
        try CleanupDeeds.checkTyped(wish.confirm, name.text)
        return name
    }

    private static func began(_ desk: WorkDesk) throws -> Reply {
        try .json(WorkAnswer(desk.archive.standing, Work.init), status: 202)
    }

    private struct Question: Decodable {
        let days: Int?
        let acceptedReads: String?
    }

    private struct Wish: Decodable {
        let confirm: String?
        let planDigest: String?
    }

    private struct Plan: Encodable {
        struct Gate: Encodable {
            let gate: String
            let title: String
            let state: String
            let summary: String
            let total: Int
            let evidence: [Evidence]
            let advice: String?
            let commands: [String]
        }

        struct Evidence: Encodable {
            let subject: String
            let detail: String
            let at: Date?
        }

        struct Table: Encodable {
            let table: String
            let rows: Int
            let bytes: Int
        }

        let isOpen: Bool?
        let digest: String?
        let archive: String?
        let gates: [Gate]
        let tables: [Table]
        let statements: [String]

        init(_ report: GateReport) {
            let plan = report.plan
            self.isOpen = plan?.isOpen
            self.digest = plan?.digest
            self.archive = plan?.archive.text
            self.gates = (plan?.findings ?? []).map { finding in
                Gate(
                    gate: finding.gate.rawValue, title: finding.gate.title, state: finding.state.rawValue,
                    summary: finding.summary, total: finding.total,
                    evidence: finding.evidence.map { Evidence(subject: $0.subject, detail: $0.detail, at: $0.at) },
                    advice: finding.remedy?.advice, commands: finding.remedy?.commands ?? [])
            }
            self.tables = (plan?.tables ?? []).map { Table(table: $0.source.rawValue, rows: $0.rows, bytes: $0.bytes) }
            self.statements = (plan?.statements ?? []).map(\.sql)
        }
    }

    private struct Archives: Encodable {
        let archives: [Archive]
    }

    private struct Archive: Encodable {
        let name: String
        let state: String
        let archivedAt: Date
        let archivedBy: String
        let rehearsedAt: Date?
        let endedAt: Date?
        let tables: [String: Int]

        init(_ archive: LegacyArchive) {
            self.name = archive.name.text
            self.state = archive.state.rawValue
            self.archivedAt = archive.archivedAt
            self.archivedBy = archive.archivedBy
            self.rehearsedAt = archive.rehearsedAt
            self.endedAt = archive.endedAt
            self.tables = Dictionary(archive.tables.map { ($0.source.rawValue, $0.rows) }, uniquingKeysWith: +)
        }
    }

    private struct Work: Encodable {
        let deed: String
        let archive: Archive?

        init(_ report: ArchiveReport) {
            switch report.deed {
            case .run: self.deed = "run"
            case .restore: self.deed = "restore"
            case .rehearse: self.deed = "rehearse"
            case .purge: self.deed = "purge"
            }
            self.archive = report.archive.map(Archive.init)
        }
    }
}

extension CleanupAPI {
    private static let archive = Schema.object(
        [
            ("name", .text), ("state", .words(["archived", "restored", "purged"])), ("archived_at", .time),
            ("archived_by", .text), ("rehearsed_at", .time), ("ended_at", .time), ("tables", .counts),
        ], required: ["name", "state", "archived_at", "archived_by", "tables"])

    private static let planned = Schema.work(
        .object([
            ("is_open", .boolean), ("digest", .text), ("archive", .text),
            (
                "gates",
                .list(
                    .object([
                        ("gate", .words(CleanupGate.allCases.map(\.rawValue))), ("title", .text),
                        ("state", .words(["met", "not_met", "unknown"])), ("summary", .text), ("total", .integer(0)),
                        ("evidence", .list(.object([("subject", .text), ("detail", .text), ("at", .time)]))),
                        ("advice", .text), ("commands", .list(.text)),
                    ]))
            ),
            ("tables", .list(.object([("table", .text), ("rows", .integer(0)), ("bytes", .integer(0))]))),
            ("statements", .list(.text)),
        ]))

    private static let worked = Schema.work(
        .object([("deed", .words(["run", "restore", "rehearse", "purge"])), ("archive", archive)]))

    private static let confirmation = Schema.object([("confirm", .text)], required: ["confirm"])

    private static let plan = APIOperation("Show what the gates said last", answer: planned)

    private static let beginPlan = APIOperation(
        "Begin to ask every gate", body: .object([("days", .integer(1, 365)), ("accepted_reads", .text)]),
        answer: planned, status: 202, problems: [404, 409])

    private static let work = APIOperation(
        "Show the latest clean-up, restore or purge, as far as it is", answer: worked)

    private static let run = APIOperation(
        "Begin to move the tables, if every gate holds and the plan is the one of this digest",
        body: .object(
            [("confirm", .words([CleanupDeeds.word])), ("plan_digest", .text)], required: ["confirm", "plan_digest"]),
        answer: worked, status: 202, problems: [404, 409, 422])

    private static let archives = APIOperation(
        "List what was archived", answer: .object([("archives", .list(archive))], required: ["archives"]),
        problems: [404])

    private static let rehearse = APIOperation(
        "Begin to restore, compare and take it back", answer: worked, status: 202, problems: [409])

    private static let restore = APIOperation(
        "Begin to move an archive's tables back; confirm is its name", body: confirmation, answer: worked,
        status: 202, problems: [409, 422])

    private static let purge = APIOperation(
        "Begin to drop an archive's tables for good; confirm is its name", body: confirmation, answer: worked,
        status: 202, problems: [409, 422])
}
