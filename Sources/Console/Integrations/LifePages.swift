import HookgateCore

/// What is done with an integration from its page: delivered or held back, its whole URL seen, deleted. Each says first
/// what it would do.
enum LifePages {
    static func routes(_ desk: LifeDesk) -> [Route] {
        [
            Route(.post, "/integrations/{id}/enable", .needs(.operator, .organization), page: "Enable") { visit in
                try await deliver(true, visit, desk)
            },
            Route(.post, "/integrations/{id}/disable", .needs(.operator, .organization), page: "Disable") { visit in
                try await deliver(false, visit, desk)
            },
            Route(.post, "/integrations/{id}/delete", .needs(.operator, .organization), page: "Delete") { visit in
                try await delete(visit, desk)
            },
            Route(.post, "/integrations/{id}/webhook-url", .needs(.operator, .organization), page: "Webhook URL") {
                visit in
                try await reveal(visit, desk)
            },
        ]
    }

    private static func deliver(_ isEnabled: Bool, _ visit: Visit, _ desk: LifeDesk) async throws -> Reply {
        let integration = try await desk.integration(visit)
        let verb = isEnabled ? "Enable" : "Disable"
        let subject = integration.id.text
        guard visit.request.form()?["confirmed"] == "yes" else {
            return .html(
                ConfirmPage.html(
                    visit, title: "\(verb) \(integration.title)?", section: "integrations",
                    consequence: isEnabled
                        ? """
                        <p>Its webhooks are delivered again from now on. What was held meanwhile stays in the quarantine until \
                        a person releases it.</p>
                        """
                        : """
                        <p>Every webhook is still stored, and held until a person releases or discards it. The webhook at \
                        Evolution stays as it is. Nothing but enabling ends it.</p>
                        """,
                    act: verb, to: "/integrations/\(subject)/\(verb.lowercased())", fields: .nothing,
                    back: "/integrations/\(subject)", isDangerous: !isEnabled))
        }
        let actor = visit.actor
        _ = try await desk.carryOut(visit) {
            try await $0.setEnabled(isEnabled, subject, isDryRun: false, actor: actor)
        }
        return .seeOther(DoneNotice(isEnabled ? .enabled : .disabled).on("/integrations/\(subject)"))
    }

    private static func delete(_ visit: Visit, _ desk: LifeDesk) async throws -> Reply {
        let integration = try await desk.integration(visit)
        let fields = try visit.form()
        var options = DeletionOptions()
        options.keepsInstance = fields["keep_instance"] == "yes"
        guard fields["confirmed"] == "yes" else { return try await deletionQuestion(integration, options, visit, desk) }
        let name = integration.nameToType
        guard fields.all("name").contains(name) else {
            throw ConsoleError.badRequest("Nothing was deleted. To delete it, type \(name).")
        }
        let deletion = try await desk.delete(integration, options, visit)
        switch deletion.outcome {
        case .deleted: return .seeOther(DoneNotice(.deleted).on("/integrations"))
        case .rowDeleted(let kept): return .seeOther(DoneNotice(.init(kept)).on("/integrations"))
        case .unfinished, .wouldDelete, .wouldDeleteRow, .foreignInstance:
            return .seeOther("/integrations/\(integration.id.text)")
        }
    }

    private static func deletionQuestion(
        _ integration: IntegrationSummary, _ options: DeletionOptions, _ visit: Visit, _ desk: LifeDesk
    ) async throws -> Reply {
        var options = options
        options.isDryRun = true
        // Without a server there is no more to delete than the row.
        let keepsAlways = desk.integrations.serverNames.isEmpty
        if keepsAlways { options.keepsInstance = true }
        let rehearsed = try await desk.delete(integration, options, visit)
        let name = integration.nameToType
        return .html(
            ConfirmPage.html(
                visit, title: "Delete \(integration.title)?", section: "integrations",
                consequence: """
                    <p>It \(rehearsed.outcome.meaning). Its tokens end at once, and nothing brings them back. What was stored \
                    of it stays, with its history in the audit log.</p>
                    \(keepsAlways
                        ? Notice.html("No Evolution server is configured, so the instance there stays.") : HTML.nothing)
                    """,
                act: "Delete", to: "/integrations/\(integration.id.text)/delete",
                fields: """
                    \(Form.text("name", "Type \(name) to delete it", isRequired: true))
                    \(keepsAlways || options.keepsInstance
                        ? Form.hidden("keep_instance", "yes")
                        : Form.check("keep_instance", "Keep the instance at Evolution, and delete the integration alone"))
                    """,
                back: "/integrations/\(integration.id.text)", isDangerous: true))
    }

    private static func reveal(_ visit: Visit, _ desk: LifeDesk) async throws -> Reply {
        let reason = try LifeDesk.reason(visit.request.form()?["reason"])
        let (integration, url) = try await desk.revealURL(visit, reason: reason)
        return .html(
            Layout("Webhook URL of \(integration.title)", section: "integrations", visit: visit).page(
                """
                \(PageTitle.html("Webhook URL of \(integration.title)"))
                \(Notice.html("Whoever has this URL can post events as the clinic. That you see it is noted.", .bad))
                \(Card.html(
                    "The whole URL",
                    """
                    <p><code class="wrap">\(url)</code></p>
                    <p class="buttons"><button type="button" data-copy="\(url)">Copy</button> \
                    <a class="button quiet" href="/integrations/\(integration.id.text)">Back</a></p>
                    """))
                """))
    }
}

extension IntegrationSummary {
    /// What somebody types who means this one.
    var nameToType: String { self.instanceName?.text ?? self.id.text }
}

extension LifeDesk {
    /// Deletes it, or says what that would delete. What was refused is thrown with the reason.
    func delete(
        _ integration: IntegrationSummary, _ options: DeletionOptions, _ visit: Visit
    ) async throws -> IntegrationDeletion {
        let (subject, actor) = (integration.id.text, visit.actor)
        let deletion = try await self.carryOut(visit) { try await $0.delete(subject, options, actor: actor) }
        if deletion.outcome == .foreignInstance {
            throw ConsoleError.conflict("It was \(deletion.outcome.meaning).")
        }
        return deletion
    }
}
