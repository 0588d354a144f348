import FoundationEssentials
import HookgateCore

/// Prints the gates as a checklist, and what became of the tables.
struct CleanupPrinter {
    /// Pieces of evidence that are shown of a gate; `--json` has more.
    private static let mostShown = 10

    let isJSON: Bool
    private let output = StandardStream.output

    init(isJSON: Bool) {
        self.isJSON = isJSON
    }

    // MARK: The plan

    func plan(_ plan: CleanupPlan) throws {
        if isJSON { return try JSONOutput.print(CleanupDocument(plan, result: "plan")) }
        checklist(plan)
        guard plan.hasTables else {
            return output.line("None of the six tables is there: there is nothing to clean up.")
        }
        output.line(
            plan.isOpen
                ? "Next: hookgate cleanup run --dry-run, then hookgate cleanup run --plan-digest \(plan.digest)"
                : "Nothing is moved before every gate holds.")
    }

    func refused(_ plan: CleanupPlan) throws {
        if isJSON { return try JSONOutput.print(CleanupDocument(plan, result: "refused")) }
        checklist(plan)
        output.line("Refused: nothing was moved.")
    }

    func declined(_ plan: CleanupPlan) throws {
        if isJSON { return try JSONOutput.print(CleanupDocument(plan, result: "declined")) }
        output.line("Nothing was moved. Without a terminal: hookgate cleanup run --plan-digest \(plan.digest)")
    }

    func nothingToDo(_ plan: CleanupPlan) throws {
        if isJSON { return try JSONOutput.print(CleanupDocument(plan, result: "nothing_to_do")) }
        output.line("None of the six tables is there: there is nothing to clean up.")
    }

    func dryRun(_ plan: CleanupPlan) throws {
        if isJSON { return try JSONOutput.print(CleanupDocument(plan, result: "dry_run")) }
        checklist(plan)
        output.line("One transaction would run, under lock_timeout:")
        show(plan.statements)
        output.line("Dry run: nothing was changed.")
    }

    func ask(_ plan: CleanupPlan) -> Bool {
        if !isJSON { checklist(plan) }
        return Confirmation.ask("Move \(plan.tables.count) tables to \(plan.archive)?")
    }

    private func checklist(_ plan: CleanupPlan) {
        GuideLayout.banner("Clean-up of the legacy tables").forEach(output.line)
        output.line("Window: \(Self.time(plan.window.from)) to \(Self.time(plan.window.until))")
        output.line()
        plan.findings.forEach(line)
        output.line()
        for table in plan.tables {
            output.line("Moves: \(table.source.rawValue) (\(table.rows) rows, \(table.bytes / 1_024) KiB)")
        }
        if plan.hasTables {
            output.line("Into:  schema \(plan.archive)")
            output.line("Stay:  public.integrations, core.whatsapp_conversations")
        }
        for archive in plan.archives {
            output.line("Archive \(archive.name): \(archive.state.rawValue), made \(Self.time(archive.archivedAt))")
        }
        let met = plan.findings.count - plan.obstacles.count
        output.line("\(met) of \(plan.findings.count) gates hold.")
    }

    private func line(_ finding: CleanupFinding) {
        let asOf = finding.asOf.map { " (as of \(Self.time($0)))" } ?? ""
        output.line("\(Self.symbol(finding.state)) \(finding.gate.rawValue): \(finding.summary.printable)\(asOf)")
        for evidence in finding.evidence.prefix(Self.mostShown) {
            let time = evidence.at.map { " \(Self.time($0))" } ?? ""
            output.line("     - \(evidence.subject.printable): \(evidence.detail.printable)\(time)")
        }
        let more = finding.total - min(finding.evidence.count, Self.mostShown)
        if more > 0 { output.line("     … and \(more) more") }
        guard finding.state != .met, let remedy = finding.remedy else { return }
        output.line("     remedy: \(remedy.advice)")
        for command in remedy.commands { output.line("         \(command)") }
    }

    // MARK: Archives

    func archived(_ archive: LegacyArchive) throws {
        if isJSON { return try JSONOutput.print(ArchiveDocument(archive, result: "archived")) }
        output.line("✅ Moved \(archive.tables.count) tables to \(archive.name)")
        for table in archive.tables { output.line("     \(table.source.rawValue): \(table.rows) rows") }
        output.line("The way back: hookgate cleanup restore --archive \(archive.name)")
        output.line(
            "Kept until \(Self.time(archive.purgeable(retention: CleanupOptions.defaultRetention))) at least; then: "
                + "hookgate cleanup purge")
    }

    func restored(_ archive: LegacyArchive, isRehearsal: Bool) throws {
        let result = isRehearsal ? "rehearsed" : "restored"
        if isJSON { return try JSONOutput.print(ArchiveDocument(archive, result: result)) }
        let what = "\(archive.tables.count) tables of \(archive.name)"
        output.line(
            isRehearsal
                ? "✅ \(what) can be restored: they were, were equal to what was moved, and were put back into the archive"
                : "✅ Restored \(what), equal to what was moved, row by row and definition by definition")
    }

    func purged(_ archive: LegacyArchive) throws {
        if isJSON { return try JSONOutput.print(ArchiveDocument(archive, result: "purged")) }
        output.line("✅ Dropped \(archive.tables.count) tables of \(archive.name) for good, after a rehearsed restore")
    }

    func statements(_ statements: [ArchiveStatement], of verb: String, _ name: ArchiveName) throws {
        if isJSON { return try JSONOutput.print(StatementsDocument(result: "dry_run", archive: name.text, statements)) }
        output.line("-- \(verb) \(name): one transaction, under lock_timeout")
        show(statements)
        output.line("-- Dry run: nothing was changed.")
    }

    private func show(_ statements: [ArchiveStatement]) {
        for statement in statements {
            if let note = statement.note { output.line("-- \(note)") }
            output.line("\(statement.sql);")
        }
    }

    private static func symbol(_ state: CleanupFinding.State) -> String {
        switch state {
        case .met: "✅"
        case .notMet: "❌"
        case .unknown: "❔"
        }
    }

    private static func time(_ instant: Date) -> String { instant.formatted(.iso8601) }
}
