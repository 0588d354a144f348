import FoundationEssentials
import HookgateCore

/// Prints an integration's second factor, what a change of it will do and has done, and what a person does next.
struct SecondFactorPrinter {
    enum Ending: String {
        case shown
        case unchanged
        case dryRun = "dry_run"
        case declined
        case done
    }

    private struct Document: Encodable {
        struct Header: Encodable {
            let name: String
            let value: String
        }

        let outcome: String
        let integrationID: String
        let instanceName: String?
        /// The one that holds, with where it comes from.
        let mode: String
        let modeIsDefault: Bool
        let headerName: String?
        let headerFingerprint: String?
        let jwtKey: Bool
        let retiredUntil: Date?
        /// What must stand among the headers of Evolution's webhook settings; of new secrets alone.
        let evolutionHeaders: [Header]?
    }

    let policy: SecondFactorPolicy
    let isRevealed: Bool
    let isJSON: Bool

    func show(_ entry: RoutingEntry, at now: Date) throws {
        if isJSON {
            return try JSONOutput.print(document(entry, entry.secondFactor, nil, .shown))
        }
        StandardStream.output.line(Self.title(entry))
        lines(entry.secondFactor).forEach(StandardStream.output.line)
    }

    /// Before anybody is asked.
    func announce(_ plan: SecondFactorPlan) {
        guard !isJSON else { return }
        StandardStream.output.line(Self.title(plan.entry))
        lines(plan.change.replacement, minted: plan.minted).forEach(StandardStream.output.line)
    }

    func finish(_ plan: SecondFactorPlan, _ ending: Ending) throws {
        if isJSON {
            let minted = ending == .done ? plan.minted : nil
            return try JSONOutput.print(document(plan.entry, plan.change.replacement, minted, ending))
        }
        let output = StandardStream.output
        switch ending {
        case .shown: break
        case .unchanged: output.line("It is so already: nothing was changed.")
        case .dryRun: output.line("Dry run: nothing was changed.")
        case .declined: output.line("Declined: nothing was changed. Without being asked: --yes")
        case .done: next(plan).forEach(output.line)
        }
    }

    private func next(_ plan: SecondFactorPlan) -> [String] {
        var lines = ["✅ Done. Gateways follow within two seconds."]
        guard !plan.minted.isEmpty else { return lines }
        lines.append("  1. Put this among the headers of the instance's webhook settings at Evolution API:")
        for header in plan.minted.evolutionHeaders { lines.append("       \(header.name): \(shown(header.value))") }
        if plan.minted.jwtKey != nil { lines.append("     (jwt_key needs Evolution 2.3 or later, headers 2.1.2)") }
        lines.append(
            "  2. See how its webhooks do: hookgate explain \(plan.entry.instanceName?.description ?? "INSTANCE")")
        if let end = plan.change.replacement?.retired?.end {
            lines.append("  What counted before goes on until \(Self.time(end)).")
        }
        if mode(plan.change.replacement) == .enforce, plan.change.replacement?.retired == nil {
            lines.append("  ⚠️ It is enforced: until step 1 is done, this instance's events are held back.")
        }
        return lines
    }

    private func lines(_ factor: SecondFactor?, minted: MintedSecrets? = nil) -> [String] {
        let isDefault = factor?.mode == nil
        var lines = ["  mode:     \(mode(factor).rawValue)\(isDefault ? " (second-factor-mode)" : "")"]
        if let header = factor?.secrets.header {
            let state = minted?.header == nil ? "fingerprint \(header.fingerprint)" : "new value, made when it is done"
            lines.append("  header:   \(header.name.text), \(state)")
        }
        if factor?.secrets.jwtKey != nil {
            lines.append("  jwt_key:  \(minted?.jwtKey == nil ? "set" : "new key, made when it is done")")
        }
        if factor?.secrets.isEmpty != false { lines.append("  secrets:  none") }
        if let retired = factor?.retired { lines.append("  before:   counts until \(Self.time(retired.end))") }
        return lines
    }

    private func document(
        _ entry: RoutingEntry, _ factor: SecondFactor?, _ minted: MintedSecrets?, _ ending: Ending
    ) -> Document {
        // The fingerprint of a value that nobody was given would lead to nothing.
        let isNew = ending != .shown && ending != .unchanged && ending != .done
        return Document(
            outcome: ending.rawValue, integrationID: entry.integrationID.text,
            instanceName: entry.instanceName?.text, mode: mode(factor).rawValue, modeIsDefault: factor?.mode == nil,
            headerName: factor?.secrets.header?.name.text,
            headerFingerprint: isNew ? nil : factor?.secrets.header?.fingerprint,
            jwtKey: factor?.secrets.jwtKey != nil, retiredUntil: factor?.retired?.end,
            evolutionHeaders: minted.map { minted in
                minted.evolutionHeaders.map { Document.Header(name: $0.name, value: shown($0.value)) }
            })
    }

    private func mode(_ factor: SecondFactor?) -> SecondFactorMode { factor?.mode ?? policy.mode }

    private func shown(_ secret: String) -> String { isRevealed ? secret : Masking.dots }

    private static func title(_ entry: RoutingEntry) -> String {
        "instance \(entry.instanceName?.description ?? "none") (integration \(entry.integrationID))".printable
    }

    private static func time(_ date: Date) -> String { date.formatted(.iso8601) }
}
