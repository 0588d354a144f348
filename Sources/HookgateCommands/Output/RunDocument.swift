import FoundationEssentials
import HookgateCore

/// A run as the command line shows it.
struct RunDocument: Encodable {
    struct Entry: Encodable {
        let instanceName: String
        let integrationID: String
        let action: String
        let fields: [String]
        let isUndone: Bool

        init(_ entry: RunEntry) {
            self.instanceName = entry.name.text
            self.integrationID = entry.integrationID.text
            self.action = entry.action.rawValue
            self.fields = entry.fields
            self.isUndone = entry.isUndone
        }

        var line: String {
            let what = fields.isEmpty ? "made" : "set \(fields.joined(separator: ", "))"
            return
                "  \(instanceName.printable)  \(what)  (integration \(integrationID))\(isUndone ? "  undone since" : "")"
        }
    }

    let id: String
    let startedAt: Date
    let finishedAt: Date?
    let state: String
    let digest: String?
    let inserted: Int
    let updated: Int
    let unchanged: Int
    let undecided: Int
    let entries: [Entry]?

    init(_ record: RunRecord) {
        self.init(record, entries: nil)
    }

    init(_ record: RunRecord, entries: [Entry]?) {
        self.id = record.id.text
        self.startedAt = record.startedAt
        self.finishedAt = record.finishedAt
        self.state = record.outcome.state.rawValue
        self.digest = record.outcome.digest
        self.inserted = record.outcome.counts.inserted
        self.updated = record.outcome.counts.updated
        self.unchanged = record.outcome.counts.unchanged
        self.undecided = record.outcome.counts.needsDecision
        self.entries = entries
    }

    /// One run in one line.
    var line: String { "\(id)  \(startedAt.formatted(.iso8601))  \(state)  \(totals)" }

    /// The head of one run.
    var lines: [String] {
        var lines = ["Run \(id): \(state)", "  Started: \(startedAt.formatted(.iso8601))"]
        if let finishedAt { lines.append("  Ended:   \(finishedAt.formatted(.iso8601))") }
        if let digest { lines.append("  Plan:    \(digest)") }
        lines.append("  Result:  \(totals)")
        if state != RunOutcome.State.undone.rawValue, inserted + updated > 0 {
            lines.append("  Take it back: hookgate migrate undo \(id)   (first with --dry-run)")
        }
        return lines + [GuideLayout.rule]
    }

    static func identifier(_ text: String) throws -> RunID {
        guard let id = RunID(text) else {
            throw CommandFailure(
                "'\(text)' is no run id. They are listed by: hookgate migrate runs", status: .wrongUsage)
        }
        return id
    }

    private var totals: String {
        "inserted \(inserted), updated \(updated), unchanged \(unchanged), undecided \(undecided)"
    }
}
