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
            /// The run that it can be taken back by.
            let run: String?
        }

        let action: String
        let isDryRun: Bool
        /// Where one takes back all of them.
        let run: String?
        let instances: [Instance]
    }

    /// So many runs are named in the way back.
    private static let mostRuns = 3

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
        case .waiting(let count):
            let instances = count == 1 ? "1 instance" : "\(count) instances"
            progress.wait("Waiting for the first event of \(instances); ended now, the same command goes on")
        case .stopped(let failures, let total):
            progress.beside {
                StandardStream.error.line("Stopped: \(failures) of \(total) failed. What is set stays as it is.")
            }
        }
    }

    /// - Parameters:
    ///   - isSwitch: whether a person is told the way back.
    ///   - closing: what else a person is told where something was done.
    func finish(_ results: [SwitchOverResult], isSwitch: Bool = false, closing: [String] = []) throws -> ExitStatus {
        progress.end()
        let isWell = results.allSatisfy(\.outcome.isWell)
        let status: ExitStatus = isWell ? .done : .attention
        if isJSON {
            try JSONOutput.print(document(results))
            return status
        }
        for result in results where [.configured, .stopped].contains(result.outcome) {
            line(result.target, result.outcome)
        }
        let output = StandardStream.output
        if isDryRun { output.line("Dry run: nothing was changed.") }
        output.line("\(results.count { $0.outcome.isWell }) of \(results.count) done.")
        if isSwitch { wayBack(results).forEach(output.line) }
        if !isDryRun, !results.isEmpty { closing.forEach(output.line) }
        return status
    }

    /// By the runs that began what stands there now: one that goes on with another's work has none of its own.
    private func wayBack(_ results: [SwitchOverResult]) -> [String] {
        let runs = runs(results)
        if runs.isEmpty { return [] }
        let commands =
            runs.count > Self.mostRuns
            ? ["hookgate webhooks rollback INSTANCE, or --all"]
            : runs.map { "hookgate webhooks rollback --run \($0)" }
        return commands.map { "The way back: \($0)" }
            + ["Keep the old route at least 45 minutes: retries of before still go there."]
    }

    private func runs(_ results: [SwitchOverResult]) -> [RunID] {
        var runs: [RunID] = []
        for run in results.compactMap({ run($0) }) where !runs.contains(run) { runs.append(run) }
        return runs
    }

    /// Nil where there is nothing to take back.
    private func run(_ result: SwitchOverResult) -> RunID? {
        guard !isDryRun, let entry = result.entry, entry.canBeTakenBack, entry.previous != nil else { return nil }
        return entry.run
    }

    private func line(_ target: SwitchOverTarget, _ outcome: SwitchOverOutcome) {
        guard !isJSON else { return }
        let mark = outcome.isWell ? "✅" : outcome.isFailure ? "❌" : "⚠️"
        progress.beside {
            StandardStream.output.line("\(mark) \(target.instance): \(Self.meaning(outcome))")
        }
    }

    private func document(_ results: [SwitchOverResult]) -> Document {
        let runs = runs(results)
        return Document(
            action: title.lowercased(), isDryRun: isDryRun, run: runs.count == 1 ? runs[0].text : nil,
            instances: results.map {
                Document.Instance(
                    instanceName: $0.target.instance.text, title: $0.target.title, server: $0.server,
                    outcome: $0.outcome.word, meaning: Self.meaning($0.outcome), isWell: $0.outcome.isWell,
                    run: run($0)?.text)
            })
    }

    private static func meaning(_ outcome: SwitchOverOutcome) -> String {
        guard case .unproven(let failure) = outcome else { return "\(outcome)" }
        return "the token URL does not take a probe: \(failure.words)"
    }
}
