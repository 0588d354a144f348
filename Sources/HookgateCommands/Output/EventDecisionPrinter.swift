import HookgateCore

/// Prints what a decision over events reaches, and what became of it.
struct EventDecisionPrinter {
    private struct Group: Encodable {
        let clinicID: String?
        let state: String
        let events: Int
    }

    private struct Document: Encodable {
        let dryRun: Bool
        let decision: String
        let events: Int
        let clinics: [Group]
    }

    let decision: EventDecision
    let isJSON: Bool

    func doesNotApply(_ id: EventID, _ state: EventState) {
        guard !isJSON else { return }
        let advice = state == .quarantined ? "; see hookgate quarantine" : ""
        StandardStream.output.line("   \(id): left as it is; its state is \(state.rawValue)\(advice)")
    }

    func preview(_ groups: [EventGroup]) {
        guard !isJSON else { return }
        for group in groups {
            let clinic = group.clinic.map { "clinic \($0)" } ?? "no clinic"
            StandardStream.output.line("   \(group.events)  \(group.state.rawValue)  \(clinic)")
        }
    }

    func question(_ count: Int) -> String {
        switch decision {
        case .replay: "Deliver \(count) events again?"
        case .park: "Park \(count) events?"
        case .discard: "Discard \(count) events? They will not be delivered."
        }
    }

    func finish(_ count: Int, _ groups: [EventGroup], isDryRun: Bool) throws {
        if isJSON {
            return try JSONOutput.print(
                Document(
                    dryRun: isDryRun, decision: decision.rawValue, events: count,
                    clinics: groups.map {
                        Group(clinicID: $0.clinic?.text, state: $0.state.rawValue, events: $0.events)
                    }))
        }
        let output = StandardStream.output
        guard count > 0 else { return output.line("There is no such event that this applies to.") }
        guard !isDryRun else {
            preview(groups)
            return output.line("Would \(decision.rawValue) \(count) events.")
        }
        switch decision {
        case .replay: output.line("✅ \(count) events wait to be delivered, behind what is live.")
        case .park: output.line("✅ Parked \(count) events. Later: hookgate events replay")
        case .discard: output.line("✅ Discarded \(count) events; their rows stay, with your note.")
        }
    }

    func declined() {
        StandardStream.error.line("hookgate: nothing was changed. --yes decides without asking.")
    }
}
