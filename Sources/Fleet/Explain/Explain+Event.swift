import FoundationEssentials
import HookgateCore

extension Explain {
    /// The timeline of one event; nil when the inbox has it not.
    func event(_ id: EventID) async throws -> Explanation? {
        guard let timeline = try await ports.evidence.timeline(of: id) else { return nil }
        let summary = timeline.event.summary
        var explanation = Explanation()
        explanation.add("Read", "the event \(id)")
        explanation.add("Accepted", Self.accepted(timeline.event))
        if let gateway = timeline.gatewayID, let position = timeline.position {
            explanation.add(
                "Spool", "of gateway \(gateway), segment \(position.segment), byte \(position.offset)")
        }
        let seconds = timeline.event.storedAt.timeIntervalSince(summary.receivedAt)
        explanation.add(
            "Inbox", "\(Self.time(timeline.event.storedAt)), \(Int(max(0, seconds * 1_000).rounded())) ms later")
        for decision in timeline.decisions { explanation.add("Decided", Self.words(decision)) }
        explanation.add("State", Self.state(summary))
        guard summary.state == .quarantined else {
            explanation.needsAttention = summary.state == .parked
            return explanation
        }
        return try await heldNow(explanation, summary)
    }

    /// Why it is held, and what a release would come to at this moment.
    private func heldNow(_ before: Explanation, _ summary: EventSummary) async throws -> Explanation {
        var explanation = before
        explanation.needsAttention = true
        let reason = summary.quarantineReason.flatMap(QuarantineReason.init(rawValue:))
        explanation.remedy = reason?.remedy
        var filter = QuarantineFilter()
        filter.ids = [summary.id]
        guard let held = try await ports.quarantine.held(filter, after: nil, limit: 1).first else { return explanation }
        let release = QuarantineRelease(store: ports.quarantine, routing: ports.routing, time: time)
        switch try await release.verdict(on: held, trustsName: false) {
        case .release(let entry):
            explanation.add(
                "Release", "would let it go to \(entry.instanceName?.description ?? "\(entry.integrationID)")")
            explanation.remedy = "hookgate quarantine release \(summary.id)"
        case .refuse(let refusal):
            explanation.add("Release", "would be refused: \(refusal.explanation)")
        }
        return explanation
    }

    private static func accepted(_ event: StoredEvent) -> String {
        let summary = event.summary
        return [
            time(summary.receivedAt), "on the \(summary.route == .token ? "token" : "legacy") route",
            event.eventSuffix.map { "by-events URL \($0)" }, summary.kind ?? "of unknown kind",
            summary.instanceName.map { "instance \($0)" }, "\(summary.bodyBytes) bytes",
            Self.absence(event.body),
        ].compactMap { $0 }.joined(separator: ", ").printable
    }

    private static func absence(_ body: Result<[UInt8], BodyAbsence>) -> String? {
        guard case .failure(let absence) = body else { return nil }
        return switch absence {
        case .notKept: "body not kept any more"
        case .keyForgotten: "body sealed, its key removed"
        case .masterKeyMissing: "body sealed, its master key not set here"
        case .damaged: "body damaged"
        }
    }

    private static func state(_ summary: EventSummary) -> String {
        guard let word = summary.quarantineReason else { return summary.state.rawValue }
        let explanation = QuarantineReason(rawValue: word)?.explanation ?? word
        return summary.state == .quarantined
            ? "quarantined: \(explanation)" : "\(summary.state.rawValue); it was held back because \(explanation)"
    }

    private static func words(_ decision: EventTimeline.Decision) -> String {
        let note = decision.note.map { ": \($0)" } ?? ""
        return "\(time(decision.decidedAt)) \(decision.decision) by \(decision.actor)\(note)".printable
    }
}

extension ReleaseRefusal {
    /// In words, for the person who wanted it released.
    package var explanation: String {
        switch self {
        case .stillHeld(let reason): reason.explanation
        case .integrationGone: "the integration it came for is deleted"
        case .anotherOrganization: "the instance now belongs to another organization"
        case .bodyGone: "its body is not kept any more"
        }
    }
}
