import HookgateCore
import Synchronization

/// Prints a migration in the guide's layout, or collects it for `--json`.
final class MigrationPrinter: Sendable {
    private struct Change: Encodable {
        let field: String
        let before: String?
        let after: String
    }

    private struct Instance: Encodable {
        let instanceName: String
        let action: String
        let clinicID: String?
        let clinicName: String?
        let evidence: [String]
        let changes: [Change]
        let obstacle: String?
        let notes: [String]
    }

    private struct Document: Encodable {
        let mode: String
        let run: String?
        let digest: String
        let found: Int
        let inserted: Int
        let updated: Int
        let unchanged: Int
        let ambiguous: Int
        let conflict: Int
        let noClinic: Int
        let excluded: Int
        let verified: Int?
        let mismatched: Int?
        let missing: Int?
        let kept: [Kept]
        let rehearsal: Rehearsal?
        let scope: Scope?
        let instances: [Instance]
    }

    private struct Kept: Encodable {
        let table: String
        let rows: Int
    }

    private struct Rehearsal: Encodable {
        let isTried: Bool
        let unavailable: String?
        let remarks: [String]

        init(_ report: RehearsalReport) {
            self.isTried = report.unavailable == nil
            self.unavailable = report.unavailable
            self.remarks = report.remarks
        }
    }

    private struct Scope: Encodable {
        let only: [String]
        let organizations: [String]
    }

    private struct State {
        var instances: [Instance] = []
        var inError = 0
        var faults: [String] = []
        var found = 0
        var isVerifying = false
    }

    private let isDryRun: Bool
    private let isJSON: Bool
    private let isVerbose: Bool
    private let scope: PlanScope
    private let state = Mutex(State())
    private let progress = ProgressLine()

    init(isDryRun: Bool, isJSON: Bool, isVerbose: Bool = false, scope: PlanScope = .everything) {
        self.isDryRun = isDryRun
        self.isJSON = isJSON
        self.isVerbose = isVerbose
        self.scope = scope
    }

    func begin() {
        guard !isJSON else { return }
        let mode = isDryRun ? "DRY RUN (nothing is written)" : "LIVE MIGRATION"
        (GuideLayout.banner("WhatsApp Integration Migration") + [
            "Mode: \(mode)", "", "📥 Fetching Evolution instances...",
        ])
        .forEach(StandardStream.output.line)
    }

    func print(_ event: MigrationEvent) {
        switch event {
        case .waiting:
            StandardStream.error.line("Another migration of this database is at work; waiting for it to end.")
        case .surveyed(let survey):
            if !isJSON { StandardStream.output.line("Found \(survey.instanceCount) Evolution instances\n") }
            state.withLock { $0.found = survey.instanceCount }
            progress.begin(isDryRun ? "Planning" : "Migrating", total: survey.instanceCount)
        case .planned(let instance):
            progress.beside { print(instance, isWritten: false) }
            progress.advance()
        case .migrated(let instance):
            progress.beside { print(instance, isWritten: true) }
            progress.advance()
        case .batchCommitted, .resumed: break
        case .verified(let result): verified(result)
        }
    }

    func finish(_ summary: MigrationSummary) throws {
        progress.end()
        let state = state.withLock { $0 }
        if isJSON { return try JSONOutput.print(document(summary, state.instances)) }
        let counts = summary.counts
        var lines = [""] + GuideLayout.banner("").prefix(1)
        lines += [
            isDryRun ? "Dry Run Complete:" : "Migration Complete:",
            "  \(isDryRun ? "To migrate" : "Migrated"): \(counts.written)"
                + (counts.updated > 0 ? " (\(counts.inserted) new, \(counts.updated) completed)" : ""),
            "  Skipped:  \(counts.unchanged + counts.excluded)"
                + (counts.unchanged > 0 ? " (already as they should be)" : ""),
            "  Errors:   \(counts.needsDecision)"
                + (counts.needsDecision > 0 ? " (a person must decide: see ⚠️ above)" : ""),
            GuideLayout.rule,
            "Plan digest: \(summary.digest)",
        ]
        lines += scopeLines(summary) + Self.keptLines(summary.survey)
        if let rehearsal = summary.rehearsal { lines += Self.rehearsalLines(rehearsal, counts) }
        if let run = summary.run { lines.append("Run: \(run)   (take it back: hookgate migrate undo \(run))") }
        if let verification = summary.verification {
            lines += Self.verificationBlock(summary, verification, inError: state.inError, faults: state.faults)
        } else if !isDryRun {
            lines.append("Not verified yet: hookgate migrate verify")
        } else {
            lines.append(
                "Nothing was written. Apply exactly this plan: hookgate migrate --plan-digest \(summary.digest)")
        }
        lines.forEach(StandardStream.output.line)
    }

    /// A digest holds for the scope it was made with, so the two are shown together.
    private func scopeLines(_ summary: MigrationSummary) -> [String] {
        guard scope != .everything else { return [] }
        let names = scope.only.sorted().map { "--only \($0)" }
        let organizations = scope.organizations.sorted().map { "--organization \($0)" }
        return [
            "Scope: \((names + organizations).joined(separator: " ")) (\(summary.counts.total) of "
                + "\(summary.survey.instanceCount) instances; the digest holds with these options alone)"
        ]
    }

    private static func keptLines(_ survey: LegacySurvey) -> [String] {
        let kept = survey.kept
        guard !kept.isEmpty else { return [] }
        let places = kept.map { "\($0.table) \($0.rowCount)" }.joined(separator: ", ")
        return ["Kept: \(kept.reduce(0) { $0 + $1.rowCount }) rows that are not migrated stay as they are (\(places))"]
    }

    private static func rehearsalLines(_ report: RehearsalReport, _ counts: PlanCounts) -> [String] {
        if let reason = report.unavailable { return ["⚠️ Rehearsal: not possible, \(reason)"] }
        let line = "Rehearsal: the statements were tried on a temporary copy of healthcare.integrations"
        return [line] + report.remarks.map { "  ⚠️ \($0)" }
    }

    private func verified(_ result: InstanceVerification) {
        let isFirst = state.withLock { state in
            if result.outcome == .mismatch || result.outcome == .missing {
                state.faults += VerificationPrinter.lines(result)
            }
            defer { state.isVerifying = true }
            return !state.isVerifying
        }
        if isFirst { progress.begin("Verifying", total: state.withLock { $0.found }) }
        progress.advance()
    }

    private static func verificationBlock(
        _ summary: MigrationSummary, _ verification: VerificationSummary, inError: Int, faults: [String]
    ) -> [String] {
        var lines = [
            "", "📊 Migration Verification:",
            "   Evolution instances (non-error): \(verification.total - inError)"
                + (inError > 0 ? "  (and \(inError) with status error, migrated as well)" : ""),
            "   WhatsApp integrations: \(verification.verified + verification.mismatched)",
            "   Compared row by row, field by field: \(verification.verified) equal, "
                + "\(verification.mismatched) different, \(verification.missing) missing, "
                + "\(verification.undecided) waiting for a decision",
        ]
        lines += faults
        if verification.holds {
            lines.append("✅ Counts match - migration successful!")
        } else if verification.mismatched + verification.missing > 0 {
            lines.append("❌ Not verified: see the differences above, and `hookgate migrate verify`")
        } else {
            lines.append("⚠️ Every migrated row is verified; \(verification.undecided) instances wait for a decision")
        }
        return lines
    }

    private func print(_ instance: PlannedInstance, isWritten: Bool) {
        if instance.notes.contains(where: Self.saysError) { state.withLock { $0.inError += 1 } }
        if isJSON { return state.withLock { $0.instances.append(Self.document(instance)) } }
        lines(instance, isWritten: isWritten).forEach(StandardStream.output.line)
    }

    private func lines(_ instance: PlannedInstance, isWritten: Bool) -> [String] {
        let clinic = (instance.clinic.map { $0.name ?? $0.clinic.text } ?? "no clinic").printable
        var lines: [String]
        switch instance.action {
        case .insert:
            lines = [
                isWritten ? "✅ Migrated \(instance.name) → \(clinic)" : "✓ Would migrate \(instance.name) → \(clinic)"
            ]
            if !isWritten || isVerbose { lines += Self.evidence(instance) }
            if isVerbose { lines += Self.changes(instance) }
        case .update:
            lines = [
                isWritten ? "♻️ Updated \(instance.name) → \(clinic)" : "✓ Would update \(instance.name) → \(clinic)"
            ]
            if isVerbose { lines += Self.evidence(instance) }
            lines += Self.changes(instance)
        case .unchanged: lines = ["= \(instance.name) → \(clinic): nothing to do"]
        case .ambiguous, .conflict, .noClinic, .excluded:
            lines = ["⚠️ \(instance.name): \(instance.action.obstacle ?? "left alone")"]
        }
        return lines + instance.notes.map { "     note: \($0)" }
    }

    private static func changes(_ instance: PlannedInstance) -> [String] {
        instance.action.changes.map { change in
            "     \(change.field.name): \(change.field.shown(change.before)) → \(change.field.shown(change.after))"
        }
    }

    private static func evidence(_ instance: PlannedInstance) -> [String] {
        guard let evidence = instance.clinic?.evidence, !evidence.isEmpty else { return [] }
        return ["     because: \(evidence.map(\.description).joined(separator: ", "))"]
    }

    private static func saysError(_ note: PlanNote) -> Bool {
        if case .oddStatus(_, becomes: .error) = note { true } else { false }
    }

    private static func document(_ instance: PlannedInstance) -> Instance {
        let changes = instance.action.changes.map { change in
            Change(
                field: change.field.name, before: change.before.map { change.field.shown($0) },
                after: change.field.shown(change.after))
        }
        return Instance(
            instanceName: instance.name.text, action: instance.action.word, clinicID: instance.clinic?.clinic.text,
            clinicName: instance.clinic?.name, evidence: instance.clinic?.evidence.map(\.rawValue) ?? [],
            changes: changes, obstacle: instance.action.obstacle, notes: instance.notes.map(\.description))
    }

    private func document(_ summary: MigrationSummary, _ instances: [Instance]) -> Document {
        Document(
            mode: isDryRun ? "dry_run" : "live", run: summary.run?.text, digest: summary.digest,
            found: summary.survey.instanceCount, inserted: summary.counts.inserted, updated: summary.counts.updated,
            unchanged: summary.counts.unchanged, ambiguous: summary.counts.ambiguous,
            conflict: summary.counts.conflict, noClinic: summary.counts.noClinic, excluded: summary.counts.excluded,
            verified: summary.verification?.verified, mismatched: summary.verification?.mismatched,
            missing: summary.verification?.missing,
            kept: summary.survey.kept.map { Kept(table: $0.table, rows: $0.rowCount) },
            rehearsal: summary.rehearsal.map(Rehearsal.init),
            scope: scope == .everything
                ? nil
                : Scope(
                    only: scope.only.sorted().map(\.text), organizations: scope.organizations.sorted().map(\.text)),
            instances: instances)
    }
}
