import Fleet
import HookgateCore

/// Prints what became of held events that a person decided over.
struct QuarantineDecisionPrinter {
    private struct Count: Encodable {
        let reason: String
        let events: Int
    }

    private struct Event: Encodable {
        let id: String
        let instanceName: String?
        let reason: String
    }

    private struct ReleaseDocument: Encodable {
        let dryRun: Bool
        let released: Int
        let refused: Int
        let decidedMeanwhile: Int
        let refusals: [Count]
        let refusedEvents: [Event]
    }

    private struct DiscardDocument: Encodable {
        let dryRun: Bool
        let discarded: Int
    }

    private static let mostLines = 50

    let isJSON: Bool

    func isNotHeld(_ id: EventID, _ state: EventState) {
        if !isJSON { StandardStream.output.line("   \(id): not held; its state is \(state.rawValue)") }
    }

    func preview(_ report: ReleaseReport) {
        guard !isJSON else { return }
        refusals(report)
        StandardStream.output.line(
            "Would release \(report.released) events; \(report.summary.refusedCount) stay held.")
    }

    func released(_ report: ReleaseReport, isDryRun: Bool) throws {
        let summary = report.summary
        if isJSON { return try JSONOutput.print(document(report, isDryRun: isDryRun)) }
        let output = StandardStream.output
        guard summary.matched > 0 else { return output.line("Nothing is held that matches.") }
        refusals(report)
        output.line(
            "\(isDryRun ? "Would release" : "✅ Released") \(summary.released) events; "
                + "\(summary.refusedCount) stay held.")
        if summary.gone > 0 { output.line("   \(summary.gone) were decided by somebody else meanwhile.") }
    }

    func toDiscard(_ groups: [QuarantineGroup]) {
        guard !isJSON else { return }
        for group in groups {
            let name = group.instanceName?.description ?? "(nobody)"
            StandardStream.output.line("   \(group.events)  \(group.reason)  \(name)")
        }
    }

    func discarded(_ count: Int, isDryRun: Bool) throws {
        if isJSON { return try JSONOutput.print(DiscardDocument(dryRun: isDryRun, discarded: count)) }
        guard count > 0 else { return StandardStream.output.line("Nothing is held that matches.") }
        StandardStream.output.line(
            isDryRun
                ? "Would discard \(count) events."
                : "✅ Discarded \(count) events; their rows stay, with your note.")
    }

    func declined() {
        StandardStream.error.line("hookgate: nothing was changed. --yes decides without asking.")
    }

    /// Row by row as far as anybody reads, then by reason.
    private func refusals(_ report: ReleaseReport) {
        let output = StandardStream.output
        for refused in report.refused.prefix(Self.mostLines) {
            let name = refused.event.instanceName?.description ?? "-"
            output.line("⚠️ \(refused.event.id)  \(name)  stays held: \(refused.refusal.explanation)")
        }
        guard report.summary.refusedCount > Self.mostLines else { return }
        for (refusal, count) in Self.ordered(report.summary.refused) {
            output.line("   \(count) in all: \(refusal.explanation)")
        }
    }

    private func document(_ report: ReleaseReport, isDryRun: Bool) -> ReleaseDocument {
        ReleaseDocument(
            dryRun: isDryRun, released: report.released, refused: report.summary.refusedCount,
            decidedMeanwhile: report.summary.gone,
            refusals: Self.ordered(report.summary.refused).map { Count(reason: $0.key.word, events: $0.value) },
            refusedEvents: report.refused.map {
                Event(id: $0.event.id.text, instanceName: $0.event.instanceName?.text, reason: $0.refusal.word)
            })
    }

    private static func ordered(_ refused: [ReleaseRefusal: Int]) -> [(key: ReleaseRefusal, value: Int)] {
        refused.sorted { ($1.value, $0.key.word) < ($0.value, $1.key.word) }
    }
}
