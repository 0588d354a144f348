import FoundationEssentials
import HookgateCore

/// What `--json` prints of a clean-up's plan.
struct CleanupDocument: Encodable {
    struct Evidence: Encodable {
        let subject: String
        let detail: String
        let at: Date?
    }

    struct Remedy: Encodable {
        let advice: String
        let commands: [String]
    }

    struct Gate: Encodable {
        let id: String
        let title: String
        let state: String
        let summary: String
        let asOf: Date?
        let count: Int
        let evidence: [Evidence]
        let remedy: Remedy?
    }

    struct Table: Encodable {
        let name: String
        let rows: Int
        let bytes: Int
    }

    let result: String
    let isOpen: Bool
    let madeAt: Date
    let windowFrom: Date
    let windowUntil: Date
    let gates: [Gate]
    let tables: [Table]
    let archive: String
    let digest: String
    let statements: [StatementsDocument.Statement]
    let archives: [ArchiveDocument]

    init(_ plan: CleanupPlan, result: String) {
        self.result = result
        self.isOpen = plan.isOpen
        self.madeAt = plan.madeAt
        self.windowFrom = plan.window.from
        self.windowUntil = plan.window.until
        self.gates = plan.findings.map(Gate.init)
        self.tables = plan.tables.map { Table(name: $0.source.rawValue, rows: $0.rows, bytes: $0.bytes) }
        self.archive = plan.archive.text
        self.digest = plan.digest
        self.statements = plan.statements.map { StatementsDocument.Statement(sql: $0.sql, note: $0.note) }
        self.archives = plan.archives.map { ArchiveDocument($0, result: nil) }
    }
}

extension CleanupDocument.Gate {
    fileprivate init(_ finding: CleanupFinding) {
        self.init(
            id: finding.gate.rawValue, title: finding.gate.title, state: finding.state.rawValue,
            summary: finding.summary, asOf: finding.asOf, count: finding.total,
            evidence: finding.evidence.map {
                CleanupDocument.Evidence(subject: $0.subject, detail: $0.detail, at: $0.at)
            },
            remedy: finding.remedy.map { CleanupDocument.Remedy(advice: $0.advice, commands: $0.commands) })
    }
}

/// What `--json` prints of an archive.
struct ArchiveDocument: Encodable {
    struct Table: Encodable {
        let name: String
        let rows: Int
    }

    let result: String?
    let name: String
    let state: String
    let tables: [Table]
    let archivedAt: Date
    let archivedBy: String
    let rehearsedAt: Date?
    let endedAt: Date?

    init(_ archive: LegacyArchive, result: String?) {
        self.result = result
        self.name = archive.name.text
        self.state = archive.state.rawValue
        self.tables = archive.tables.map { Table(name: $0.source.rawValue, rows: $0.rows) }
        self.archivedAt = archive.archivedAt
        self.archivedBy = archive.archivedBy
        self.rehearsedAt = archive.rehearsedAt
        self.endedAt = archive.endedAt
    }
}

/// What `--json` prints of a dry run that has no plan.
struct StatementsDocument: Encodable {
    struct Statement: Encodable {
        let sql: String
        let note: String?
    }

    let result: String
    let archive: String
    let statements: [Statement]

    init(result: String, archive: String, _ statements: [ArchiveStatement]) {
        self.result = result
        self.archive = archive
        self.statements = statements.map { Statement(sql: $0.sql, note: $0.note) }
    }
}
