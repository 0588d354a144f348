import HookgateCore

/// Makes an integration: the form, what it would make, and on to the code to pair with.
enum CreatePage {
    private static let path = "/integrations/new"

    static func routes(_ desk: LifeDesk) -> [Route] {
        [
            Route(.get, "/integrations/new", .needs(.operator, .organization), page: "New integration") { visit in
                .html(form(visit, desk, visit.request.query))
            },
            Route(.post, "/integrations/new", .needs(.operator, .organization), page: "New integration") { visit in
                guard let fields = visit.request.form() else {
                    throw ConsoleError.badRequest("This is no form of ours.")
                }
                do {
                    return try await answer(fields, visit, desk)
                } catch let error as ConsoleError {
                    // What was typed is still there.
                    return .html(form(visit, desk, fields, error), status: error.status)
                }
            },
        ]
    }

    private static func answer(_ fields: FormFields, _ visit: Visit, _ desk: LifeDesk) async throws -> Reply {
        var wish = try CreationWish(fields, visit)
        guard fields["confirmed"] == "yes" else {
            wish.request.isDryRun = true
            return question(try await wish.carryOut(visit, desk), fields, visit)
        }
        let place = try await Idempotency.once(visit, form: fields["idempotency_key"]) { [wish] in
            let creation = try await wish.carryOut(visit, desk)
            let page = "/integrations/\(creation.integration.id.text)"
            if case .unfinished = creation.outcome { return page }
            return "\(page)/connect"
        }
        return .seeOther(place)
    }

    private static func question(_ creation: IntegrationCreation, _ fields: FormFields, _ visit: Visit) -> Reply {
        let integration = creation.integration
        let isHalfDone = integration.underWay == .create
        if creation.outcome == .present, !isHalfDone {
            return .seeOther(DoneNotice(.present).on("/integrations/\(integration.id.text)"))
        }
        let kept = fields.pairs.filter { !["form_token", "confirmed"].contains($0.name) }
        let back = kept.filter { $0.name != "idempotency_key" && !$0.value.isEmpty }
            .map { "\(PercentText.encoded($0.name))=\(PercentText.encoded($0.value))" }.joined(separator: "&")
        let name = integration.instanceName?.text ?? ""
        return .html(
            ConfirmPage.html(
                visit, title: "Create \(name)?", section: "integrations",
                consequence: """
                    <p>\(isHalfDone ? "It is half done, and goes on from there" : "It \(creation.outcome.meaning)"). Its \
                    webhooks come to a token URL from the start, with every event that is needed. Then a code is shown to \
                    pair the telephone with.</p>
                    \(Facts.html([
                        ("Instance", "<code>\(name)</code>"), ("Server", integration.server.map { "\($0)" }),
                        ("Clinic id", integration.clinicID.map { "<code>\($0.text)</code>" }),
                        ("Organization", integration.organizationID.map { "<code>\($0.text)</code>" }),
                        ("Display name", integration.displayName.map { "\($0)" }),
                    ]))
                    """,
                act: "Create", to: path, fields: kept.html { Form.hidden($0.name, $0.value) }, back: "\(path)?\(back)"))
    }

    private static func form(
        _ visit: Visit, _ desk: LifeDesk, _ fields: FormFields, _ error: ConsoleError? = nil
    ) -> HTML {
        let missing = CreationWish.missingSettings(visit, desk)
        return Layout(section: "integrations", visit: visit).page(
            """
            \(PageTitle.html(
                "New integration", "One number of a clinic: its instance at Evolution, posting to a token URL from the start."))
            \(error.html { Notice.html("\($0.detail)", .bad) })
            \(missing.html { Notice.html($0, .bad) })
            \(missing.isEmpty
                ? Card.html("What it shall be", Form.post(visit, to: path, content(visit, desk, fields))) : HTML.nothing)
            """)
    }

    private static func content(_ visit: Visit, _ desk: LifeDesk, _ fields: FormFields) -> HTML {
        """
        \(Form.hidden("idempotency_key", fields["idempotency_key"] ?? Base64URL.encode(SystemRandom.bytes(16))))
        \(Form.text("clinic_id", "Clinic", value: fields["clinic_id"], hint: "UUID", isRequired: true))
        \(Form.text("display_name", "Display name", value: fields["display_name"], hint: "Reception"))
        \(Form.text(
            "label", "Label, for a clinic's second number; it ends the instance's name", value: fields["label"],
            hint: "night"))
        \(visit.scope == nil ? Form.text(
            "organization_id", "Organization, where the clinic's own row says none", value: fields["organization_id"],
            hint: "UUID") : HTML.nothing)
        \(servers(desk, chosen: fields["server"]))
        \(Form.check("adopt", "Also take over an instance of that name which is connected and has no webhook"))
        \(visit.parts.switchOver?.allowsRehearsal == true
            ? Form.check("rehearsal", "Rehearsal: allow a public URL on this machine") : HTML.nothing)
        <p class="note">The instance's name follows from the clinic's id, so the same clinic and label are always the same \
        instance, however often this is sent.</p>
        <p class="buttons">\(Form.button("Look first…", .good)) \
        <a class="button quiet" href="/integrations">Back</a></p>
        """
    }

    private static func servers(_ desk: LifeDesk, chosen: String?) -> HTML {
        let names = desk.integrations.serverNames
        guard names.count > 1 else { return .nothing }
        return """
            <label class="field"><span>Evolution server</span><select name="server">\(names.html { name in
                "<option\(name == chosen ? " selected" : "")>\(name)</option>" })</select></label>
            """
    }
}
