import HookgateCore
import Synchronization

/// Prints an undo instance by instance, or collects it for `--json`.
final class UndoPrinter: Sendable {
    private struct Instance: Encodable {
        let instanceName: String
        let outcome: String
        let editedFields: [String]?
        let laterRun: String?
        let lastTraffic: String?
    }

    private struct Document: Encodable {
        let mode: String
        let run: String
        let restored: Int
        let editedSince: Int
        let changedByLaterRun: Int
        let inUse: Int
        let gone: Int
        let instances: [Instance]
    }

    private let run: RunID
    private let isDryRun: Bool
    private let isJSON: Bool
    private let instances = Mutex<[Instance]>([])
    private let progress = ProgressLine()

    /// - Parameter total: how many instances the run wrote.
    init(run: RunID, total: Int, isDryRun: Bool, isJSON: Bool) {
        self.run = run
        self.isDryRun = isDryRun
        self.isJSON = isJSON
        progress.begin(isDryRun ? "Looking" : "Undoing", total: total)
    }

    func print(_ instance: UndoneInstance) {
        if isJSON {
            instances.withLock { $0.append(Self.document(instance)) }
        } else {
            progress.beside { StandardStream.output.line(line(instance)) }
        }
        progress.advance()
    }

    func finish(_ summary: UndoSummary) throws {
        progress.end()
        if isJSON {
            return try JSONOutput.print(
                Document(
                    mode: isDryRun ? "dry_run" : "live", run: run.text, restored: summary.restored,
                    editedSince: summary.editedSince, changedByLaterRun: summary.changedByLaterRun,
                    inUse: summary.inUse, gone: summary.gone, instances: instances.withLock { $0 }))
        }
        var lines = [
            GuideLayout.rule,
            "\(isDryRun ? "Would be put back" : "Put back"): \(summary.restored), left as they are: \(summary.refused)"
                + Self.reasons(summary) + ", gone already: \(summary.gone)",
        ]
        if isDryRun {
            lines.append("Nothing was changed. Undo the run: hookgate migrate undo \(run)")
        } else if summary.refused > 0 {
            lines.append("⚠️ The run is not wholly undone; the same command tries the rest again.")
        } else {
            lines.append("✅ Run \(run) is undone.")
        }
        lines.forEach(StandardStream.output.line)
    }

    private func line(_ instance: UndoneInstance) -> String {
        let name = instance.name
        switch instance.outcome {
        case .restored:
            let what = instance.action == .insert ? "taken away again, the run had made it" : "put back as it was"
            return isDryRun ? "✓ \(name): would be \(what)" : "✅ \(name): \(what)"
        case .editedSince(let fields):
            return "⚠️ \(name): left as it is, because \(fields.joined(separator: ", ")) changed since the run"
        case .changedBy(let later):
            return "⚠️ \(name): left as it is, because run \(later) went on from it; undo that one first"
        case .inUse(let lastSeen):
            return "⚠️ \(name): left as it is, because webhooks come on its token URL (the last one \(lastSeen.text)); "
                + "set the instance's old URL at Evolution first, or take it away all the same with --force-in-use"
        case .gone:
            return "   \(name): gone already"
        }
    }

    private static func reasons(_ summary: UndoSummary) -> String {
        let reasons = [
            (summary.editedSince, "edited since"), (summary.changedByLaterRun, "changed by a later run"),
            (summary.inUse, "in use"),
        ].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        return reasons.isEmpty ? "" : " (\(reasons.joined(separator: ", ")))"
    }

    private static func document(_ instance: UndoneInstance) -> Instance {
        var fields: [String]?
        var later: String?
        var traffic: String?
        let word: String
        switch instance.outcome {
        case .restored: word = "restored"
        case .gone: word = "gone"
        case .editedSince(let edited):
            word = "edited_since"
            fields = edited
        case .changedBy(let run):
            word = "changed_by_later_run"
            later = run.text
        case .inUse(let lastSeen):
            word = "in_use"
            traffic = lastSeen.text
        }
        return Instance(
            instanceName: instance.name.text, outcome: word, editedFields: fields, laterRun: later, lastTraffic: traffic
        )
    }
}
