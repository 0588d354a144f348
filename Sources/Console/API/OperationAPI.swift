import FoundationEssentials
import HookgateCore

/// What runs this installation: doctor, audit log, settings, runs of the migration.
enum OperationAPI {
    static func routes(_ reader: DoctorReader) -> [Route] {
        [
            Route(.get, "/api/v1/doctor", .needs(.viewer), api: doctor) { visit in
                let limit = try visit.limit(default: 10, largest: DoctorReader.mostListed)
                return try .json(Findings(await reader.latest(), limit: limit))
            },
            Route(.get, "/api/v1/audit", .needs(.operator), api: audit) { visit in
                let page = try await visit.parts.audit.entries(try AuditQuery.filter(visit, usual: 50))
                return try .json(AuditPageDocument(page))
            },
            Route(.get, "/api/v1/audit/verify", .needs(.operator), api: verify) { visit in
                switch try await visit.parts.audit.verify() {
                case .whole(let entries): try .json(Verdict(isWhole: true, entries: entries, brokenAt: nil))
                case .broken(let id): try .json(Verdict(isWhole: false, entries: nil, brokenAt: id))
                }
            },
            Route(.get, "/api/v1/config", .needs(.operator), api: config) { visit in
                try .json(Settings(settings: visit.parts.settings))
            },
            Route(.get, "/api/v1/migration/runs", .needs(.viewer), api: runs) { visit in
                let limit = try visit.limit(default: 20, largest: 1_000)
                return try .json(Runs(runs: try await visit.parts.migration.runs(limit: limit).map(Run.init)))
            },
        ]
    }

    private struct Findings: Encodable {
        let examinedAt: Date
        let findings: [Finding]

        init(_ examination: DoctorReader.Examination, limit: Int) {
            self.examinedAt = examination.at
            self.findings = examination.findings.map { Finding($0, limit: limit) }
        }
    }

    private struct Finding: Encodable {
        struct Item: Encodable {
            let subject: String
            let facts: [String: String]
        }

        let check: String
        let title: String
        let result: String
        let summary: String
        let total: Int
        let items: [Item]
        let advice: String?
        let commands: [String]

        init(_ finding: DoctorFinding, limit: Int) {
            self.check = finding.check.rawValue
            self.title = finding.check.title
            self.result = finding.result.rawValue
            self.summary = finding.summary
            self.total = finding.evidence.total
            self.items = finding.evidence.items.prefix(limit).map { item in
                Item(
                    subject: item.subject,
                    facts: Dictionary(item.facts.map { ($0.label, $0.value) }) { first, second in "\(first), \(second)"
                    })
            }
            self.advice = finding.remedy?.advice
            self.commands = finding.remedy?.commands ?? []
        }
    }

    private struct Verdict: Encodable {
        let isWhole: Bool
        let entries: Int?
        let brokenAt: Int?
    }

    private struct Settings: Encodable {
        let settings: [ConsoleSetting]
    }

    private struct Runs: Encodable {
        let runs: [Run]
    }

    private struct Run: Encodable {
        let id: String
        let state: String
        let startedAt: Date
        let finishedAt: Date?
        let digest: String?

        init(_ record: RunRecord) {
            self.id = record.id.text
            self.state = record.outcome.state.rawValue
            self.startedAt = record.startedAt
            self.finishedAt = record.finishedAt
            self.digest = record.outcome.digest
        }
    }
}

extension OperationAPI {
    private static let doctor = APIOperation(
        "Look for what is wrong; one examination of the last minutes answers all who ask",
        query: [.init("limit", .integer(1, DoctorReader.mostListed), "How many things of a kind are listed.")],
        answer: .object(
            [
                ("examined_at", .time),
                (
                    "findings",
                    .list(
                        .object(
                            [
                                ("check", .text), ("title", .text),
                                ("result", .words(["ok", "attention", "cannot-tell"])),
                                ("summary", .text), ("total", .integer(0)), ("advice", .text),
                                ("commands", .list(.text)),
                            ], required: ["check", "result", "summary", "total", "commands"]))
                ),
            ], required: ["examined_at", "findings"]))

    private static let audit = APIOperation(
        "List the audit log, newest first",
        query: [.init("actor", .text), .init("action", .text), .init("subject", .text)]
            + APIOperation.page(largest: AuditFilter.largestPage),
        answer: .object(
            [
                (
                    "entries",
                    .list(
                        .object(
                            [
                                ("id", .integer(1)), ("recorded_at", .time), ("actor", .text), ("action", .text),
                                ("subject", .text), ("detail", .text), ("digest", .text),
                            ], required: ["id", "recorded_at", "actor", "action", "detail", "digest"]))
                ), ("next_cursor", .text),
            ], required: ["entries"]))

    private static let verify = APIOperation(
        "Follow the audit log's chain of digests",
        answer: .object(
            [("is_whole", .boolean), ("entries", .integer(0)), ("broken_at", .integer(1))], required: ["is_whole"]))

    private static let config = APIOperation(
        "Show the effective configuration, masked",
        answer: .object(
            [
                (
                    "settings",
                    .list(
                        .object(
                            [("name", .text), ("value", .text), ("is_masked", .boolean), ("origin", .text)],
                            required: ["name", "is_masked"]))
                )
            ], required: ["settings"]))

    private static let runs = APIOperation(
        "List the latest runs of the migration, newest first",
        query: [.init("limit", .integer(1, 1_000), "How many at most.")],
        answer: .object(
            [
                (
                    "runs",
                    .list(
                        .object(
                            [
                                ("id", .uuid), ("state", .text), ("started_at", .time), ("finished_at", .time),
                                ("digest", .text),
                            ], required: ["id", "state", "started_at"]))
                )
            ], required: ["runs"]))
}
