import FoundationEssentials
import HookgateCore

/// Prints what `integrations` finds and does.
struct IntegrationPrinter {
    let isJSON: Bool

    private var output: StandardStream { .output }

    // MARK: Lists

    func show(_ page: IntegrationPage) throws {
        if isJSON { return try JSONOutput.print(PageDocument(page)) }
        for integration in page.integrations {
            output.line("\(Self.mark(integration)) \(Self.name(integration)): \(Self.state(integration))")
        }
        if page.integrations.isEmpty { output.line("No integration.") }
        if let next = page.next { output.line("More: --after \(next.text)") }
    }

    func show(_ report: OrphanReport) throws -> ExitStatus {
        let status: ExitStatus = report.orphans.isEmpty && report.unanswered.isEmpty ? .done : .attention
        if isJSON {
            try JSONOutput.print(OrphanDocument(report))
            return status
        }
        for server in report.unanswered {
            output.line("❌ Evolution server \(server.name.printable): \(server.failure)")
        }
        if !report.unanswered.isEmpty {
            output.line("Nobody is called an orphan while a server has not answered.")
            return status
        }
        for orphan in report.orphans {
            output.line(
                "⚠️ \(orphan.instance) on \(orphan.server.printable) [WhatsApp \(orphan.connection)]: \(orphan.meaning)")
            output.line("   → \(orphan.remedy)")
        }
        if report.orphans.isEmpty { output.line("Every instance at Evolution has its integration.") }
        return status
    }

    // MARK: One

    func show(_ detail: IntegrationDetail) throws {
        if isJSON { return try JSONOutput.print(DetailDocument(detail)) }
        let integration = detail.integration
        output.line("\(Self.mark(integration)) \(Self.name(integration)): \(Self.state(integration))")
        if let reason = integration.statusReason, let remedy = reason.remedy { output.line("   → \(remedy)") }
        let facts: [(String, String?)] = [
            ("integration", integration.id.text), ("organization", integration.organizationID?.text),
            ("clinic", integration.clinicID?.text), ("instance", integration.instanceName?.description),
            ("number", integration.phoneNumber?.printable), ("webhook URL", detail.maskedWebhookURL),
            ("token", detail.tokenFingerprint), ("last webhook", integration.lastSeenAt?.formatted(.iso8601)),
            ("Evolution", detail.evolution.description),
        ]
        for case (let name, let value?) in facts { output.line("  \(name): \(value)") }
        show(sharing: detail.sharingNumber)
        output.line(detail.history.isEmpty ? "  no change of status yet" : "  changes of status, newest first:")
        for change in detail.history { output.line("    \(Self.text(change))") }
    }

    private func show(sharing sharers: [NumberSharer]) {
        guard !sharers.isEmpty else { return }
        output.line("  ⚠️ the same number is logged in elsewhere, and WhatsApp lets one of two go, again and again:")
        for sharer in sharers {
            let owner = sharer.integrationID == nil ? "no integration names it" : "an integration of its own"
            output.line(
                "    \(sharer.instance) on \(sharer.server.printable) [WhatsApp \(sharer.connection)], \(owner)")
        }
        output.line("    → keep one: hookgate integrations delete, or delete the stray instance at Evolution")
    }

    // MARK: Deeds

    func show(_ creation: IntegrationCreation) throws -> ExitStatus {
        let status = creation.outcome.status
        if isJSON {
            try JSONOutput.print(DeedDocument(creation))
            return status
        }
        let mark = status == .done ? "✅" : status == .attention ? "⚠️" : "❌"
        output.line("\(mark) \(Self.name(creation.integration)): \(creation.outcome.meaning)")
        if let remedy = creation.outcome.remedy(for: creation.integration) { output.line("   → \(remedy)") }
        return status
    }

    func show(switched integration: IntegrationSummary, isDryRun: Bool) throws {
        if isJSON { return try JSONOutput.print(IntegrationDocument(integration)) }
        let word = integration.isEnabled ? "delivered" : "held back, and the webhook at Evolution stays"
        output.line("✅ \(Self.name(integration)): webhooks \(isDryRun ? "would be" : "are") \(word)")
    }

    func warning(_ rehearsed: IntegrationDeletion) -> String {
        let what =
            if case .wouldDelete = rehearsed.outcome { "the integration and its instance at Evolution" } else {
                "the integration"
            }
        return "This deletes \(what); its tokens end at once, and nothing brings them back."
    }

    func show(_ deletion: IntegrationDeletion) throws -> ExitStatus {
        let status = deletion.outcome.status
        if isJSON {
            try JSONOutput.print(DeedDocument(deletion))
            return status
        }
        let mark = status == .done ? "✅" : "⚠️"
        output.line("\(mark) \(Self.name(deletion.integration)): \(deletion.outcome.meaning)")
        if let remedy = deletion.outcome.remedy { output.line("   → \(remedy)") }
        return status
    }

    // MARK: Words

    static func name(_ integration: IntegrationSummary) -> String {
        let name = integration.instanceName?.description ?? integration.id.text
        let title = integration.title
        return title == integration.instanceName?.text || title == integration.id.text
            ? name : "\(name) (\(title.printable))"
    }

    private static func mark(_ integration: IntegrationSummary) -> String {
        if !integration.isEnabled { return "⏸" }
        return switch integration.status {
        case .active: "✅"
        case .error: "❌"
        case .pending, .disconnected, nil: "⚠️"
        }
    }

    private static func state(_ integration: IntegrationSummary) -> String {
        var words = [integration.statusWord?.printable ?? "no status"]
        if let reason = integration.statusReason { words[0] += " (\(reason.rawValue))" }
        if let since = integration.statusSince { words.append("since \(since.formatted(.iso8601))") }
        if !integration.isEnabled { words.append("disabled") }
        switch integration.underWay {
        case .create: words.append("being made")
        case .delete: words.append("being deleted")
        case nil: break
        }
        return words.joined(separator: ", ")
    }

    private static func text(_ change: StatusChange) -> String {
        let from = change.from.map { "\($0.printable) → " } ?? ""
        return "\(change.at.formatted(.iso8601))  \(from)\(change.to.rawValue)  \(change.reason.rawValue)  "
            + "[\(change.source)]"
    }
}
