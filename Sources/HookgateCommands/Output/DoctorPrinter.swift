import HookgateCore

/// Prints what `hookgate doctor` found, would change and has changed.
final class DoctorPrinter {
    enum Mode: String {
        case diagnosis
        case preview = "dry run"
        case repair
    }

    private struct Fact: Encodable {
        let label: String
        let value: String
    }

    private struct Item: Encodable {
        let subject: String
        let id: String?
        let facts: [Fact]
    }

    private struct Remedy: Encodable {
        let advice: String
        let commands: [String]
    }

    private struct Finding: Encodable {
        let id: String
        let title: String
        let about: String
        let result: String
        let summary: String
        let count: Int
        let evidence: [Item]
        let remedy: Remedy?
        let fix: String?
    }

    private struct Row: Encodable {
        let subject: String
        let id: String?
        let field: String
        let before: String
        let after: String
    }

    private struct Change: Encodable {
        let fix: String
        let title: String
        let count: Int
        let rows: [Row]
    }

    private struct Document: Encodable {
        let mode: String
        let ok: Int
        let attention: Int
        let cannotTell: Int
        let checks: [Finding]
        let changes: [Change]
    }

    private struct Listed: Encodable {
        let id: String
        let title: String
        let about: String
        let fix: String?
    }

    private let isJSON: Bool
    private let mode: Mode
    private let output = StandardStream.output
    private var findings: [Finding] = []
    private var changes: [Change] = []

    init(isJSON: Bool, mode: Mode) {
        self.isJSON = isJSON
        self.mode = mode
        if !isJSON { GuideLayout.banner("Looking for what the old system left wrong").forEach(output.line) }
    }

    /// Whether a dry run has found something to change.
    var wouldChange: Bool { mode == .preview && !changes.isEmpty }

    static func list(_ checks: [DoctorCheck], isJSON: Bool) throws {
        if isJSON {
            return try JSONOutput.print(
                checks.map {
                    Listed(id: $0.rawValue, title: $0.title, about: $0.origin, fix: $0.fix?.rawValue)
                })
        }
        for check in checks {
            StandardStream.output.line(check.rawValue + (check.fix == nil ? "" : "  (--fix)"))
            StandardStream.output.line("    holds when: \(check.title)")
            StandardStream.output.line("    because:    \(check.origin)")
        }
    }

    func print(_ finding: DoctorFinding) {
        if isJSON { return findings.append(Self.document(finding)) }
        let check = finding.check
        output.line("\(Self.symbol(finding.result)) \(check.rawValue): \(finding.summary.printable)")
        guard finding.result != .ok else { return }
        output.line("     about: \(check.origin)")
        for item in finding.evidence.items {
            let facts = item.facts.map { "\($0.label) \($0.value)".printable }
            output.line(
                "     - \(item.subject.printable)" + (facts.isEmpty ? "" : ": \(facts.joined(separator: "; "))"))
        }
        let more = finding.evidence.total - finding.evidence.items.count
        if more > 0 { output.line("     … and \(more) more (--limit)") }
        if let remedy = finding.remedy {
            output.line("     remedy: \(remedy.advice)")
            for command in remedy.commands { output.line("         \(command.printable)") }
        }
    }

    func print(_ change: DoctorChange) {
        if isJSON || mode == .preview { changes.append(Self.document(change)) }
        if isJSON { return }
        output.line("")
        output.line("\(mode == .preview ? "Would" : "Did") \(change.fix.title): \(change.total)")
        for row in change.rows {
            output.line(
                "     \(row.subject.printable)\(row.id.map { " (\($0))" } ?? ""): \(row.field): \(row.before) → \(row.after.printable)"
            )
        }
        if change.total > change.rows.count {
            output.line("     … and \(change.total - change.rows.count) more (--limit)")
        }
    }

    func finish(_ report: DoctorReport) throws {
        if isJSON {
            return try JSONOutput.print(
                Document(
                    mode: mode.rawValue, ok: report.ok, attention: report.attention, cannotTell: report.cannotTell,
                    checks: findings, changes: changes))
        }
        output.line("")
        let checks = report.ok + report.attention + report.cannotTell
        output.line(
            "\(checks) checks: \(report.ok) well, \(report.attention) need attention, \(report.cannotTell) cannot be told"
        )
        if wouldChange { output.line("Nothing was changed. `hookgate doctor --fix --yes` makes the changes above.") }
    }

    private static func symbol(_ result: DoctorFinding.Result) -> String {
        switch result {
        case .ok: "✅"
        case .attention: "⚠️"
        case .cannotTell: "❔"
        }
    }

    private static func document(_ finding: DoctorFinding) -> Finding {
        Finding(
            id: finding.check.rawValue, title: finding.check.title, about: finding.check.origin,
            result: finding.result.rawValue, summary: finding.summary, count: finding.evidence.total,
            evidence: finding.evidence.items.map { item in
                Item(
                    subject: item.subject, id: item.id,
                    facts: item.facts.map { Fact(label: $0.label, value: $0.value) })
            },
            remedy: finding.remedy.map { Remedy(advice: $0.advice, commands: $0.commands) },
            fix: finding.check.fix?.rawValue)
    }

    private static func document(_ change: DoctorChange) -> Change {
        Change(
            fix: change.fix.rawValue, title: change.fix.title, count: change.total,
            rows: change.rows.map {
                Row(subject: $0.subject, id: $0.id, field: $0.field, before: $0.before, after: $0.after)
            })
    }
}
