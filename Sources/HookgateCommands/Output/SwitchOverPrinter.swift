import FoundationEssentials
import HookgateCore
import Migration
import Synchronization

/// Prints a switch-over or a rollback: an instance's line when it has come as far as it will, then the counts.
final class SwitchOverPrinter: Sendable {
    private struct Document: Encodable {
        struct Instance: Encodable {
            let instanceName: String
            let title: String
            let server: String?
            let outcome: String
            let meaning: String
            let isWell: Bool
        }

        let action: String
        let isDryRun: Bool
        let run: String?
        let instances: [Instance]
    }

    let title: String
    let isDryRun: Bool
    let isJSON: Bool
    private let progress = ProgressLine()
    private let counted = Mutex<Set<InstanceName>>([])

    init(title: String, isDryRun: Bool, isJSON: Bool) {
        self.title = title
        self.isDryRun = isDryRun
        self.isJSON = isJSON
    }

    func show(_ event: SwitchOverEvent) {
        switch event {
        case .began(let total):
            let instances = total == 1 ? "1 instance" : "\(total) instances"
            if !isJSON { StandardStream.output.line("\(title) of \(instances)\(isDryRun ? " (dry run)" : "")") }
            progress.begin(title, total: total)
        case .reached(let target, let outcome):
            // Configured is not the end: its event may still come, and the last line of it is in the list.
            if outcome != .configured { line(target, outcome) }
            // Once for each: what is configured is reached again when it is confirmed.
            if counted.withLock({ $0.insert(target.instance).inserted }) { progress.advance() }
        case .waiting: break
        case .stopped(let failures, let total):
            progress.beside {
                StandardStream.error.line("Stopped: \(failures) of \(total) failed. What is set stays as it is.")
            }
        }
    }

    /// - Parameters:
    ///   - run: the one that can be taken back.
    ///   - closing: what else a person is told where something was done.
    func finish(_ results: [SwitchOverResult], run: RunID?, closing: [String] = []) throws -> ExitStatus {
        progress.end()
        let isWell = results.allSatisfy(\.outcome.isWell)
        let status: ExitStatus = isWell ? .done : .attention
        if isJSON {
            try JSONOutput.print(document(results, run))
            return status
        }
        for result in results where [.configured, .stopped].contains(result.outcome) {
            line(result.target, result.outcome)
        }
        let output = StandardStream.output
        if isDryRun { output.line("Dry run: nothing was changed.") }
        output.line("\(results.count { $0.outcome.isWell }) of \(results.count) done.")
        if let run, !isDryRun, !results.isEmpty {
            output.line("The way back: hookgate webhooks rollback --run \(run)")
            output.line("Keep the old route at least 45 minutes: retries of before still go there.")
        }
        if !isDryRun, !results.isEmpty { closing.forEach(output.line) }
        return status
    }

    private func line(_ target: SwitchOverTarget, _ outcome: SwitchOverOutcome) {
        guard !isJSON else { return }
        let mark = outcome.isWell ? "✅" : outcome.isFailure ? "❌" : "⚠️"
        progress.beside {
            StandardStream.output.line("\(mark) \(target.instance): \(Self.meaning(outcome))")
        }
    }

    private func document(_ results: [SwitchOverResult], _ run: RunID?) -> Document {
        Document(
            action: title.lowercased(), isDryRun: isDryRun, run: isDryRun ? nil : run?.text,
            instances: results.map {
                Document.Instance(
                    instanceName: $0.target.instance.text, title: $0.target.title, server: $0.server,
                    outcome: $0.outcome.word, meaning: Self.meaning($0.outcome), isWell: $0.outcome.isWell)
            })
    }

    private static func meaning(_ outcome: SwitchOverOutcome) -> String {
        guard case .unproven(let failure) = outcome else { return "\(outcome)" }
        return "the token URL does not take a probe: \(failure.words)"
    }
}
