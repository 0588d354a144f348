import FoundationEssentials
import HookgateCore

/// What an integration's webhooks must bring along beside the URL: shown without its secrets, set, and cleared.
enum SecondFactorPages {
    private static let modeTitles = [
        "off": "off: nobody looks", "observe": "observe: count", "enforce": "enforce: hold back what lacks it",
        "default": "as for the whole installation",
    ]

    static let routes: [Route] = [
        Route(.get, "/integrations/{id}/second-factor", .needs(.viewer, .organization), page: "Second factor") {
            visit in
            try await .html(show(visit))
        },
        Route(
            .post, "/integrations/{id}/second-factor", .needs(.operator, .organization), page: "Second factor, changed"
        ) {
            visit in
            let fields = try visit.form()
            let request = try wish(fields)
            guard fields["confirmed"] == "yes" else {
                return .html(question(visit, try await SecondFactorDeeds.plan(visit, request), fields))
            }
            let plan = try await SecondFactorDeeds.change(visit, request, expected: fields["expected"])
            return plan.minted.isEmpty ? .seeOther(path(visit)) : .html(made(visit, plan))
        },
    ]

    private static func path(_ visit: Visit) -> String { "\(TokenPages.path(visit))/second-factor" }

    private static func wish(_ fields: FormFields) throws(ConsoleError) -> SecondFactorRequest {
        try SecondFactorWish.request(
            mode: fields["mode"],
            headerName: fields["header"] == nil ? nil : fields["header_name"] ?? SecretHeaderName.standard.text,
            mintsJWTKey: fields["jwt"] != nil, clears: fields["clear"] != nil,
            graceMinutes: try EventQuery.read("grace_minutes", fields, "a number of minutes") { Int($0) })
    }

    private static func show(_ visit: Visit) async throws -> HTML {
        let entry = try await SecondFactorDeeds.current(visit)
        let isOperator = visit.visitor.role >= .operator
        let name = entry.instanceName?.text ?? entry.integrationID.text
        return Layout(section: "integrations", visit: visit).page(
            """
            \(PageTitle.html("Second factor", "What the webhooks of <code>\(name)</code> must bring along beside the URL."))
            <div class="columns">
            \(Card.html("What is set", facts(entry.secondFactor, nil, visit)))
            \(isOperator ? Card.html("Change it", form(entry, visit)) : HTML.nothing)
            </div>
            <p><a class="button" href="\(TokenPages.path(visit))">Back to the integration</a></p>
            """)
    }

    /// - Parameter minted: new secrets that a change would make; nil of what is there.
    private static func facts(_ factor: SecondFactor?, _ minted: MintedSecrets?, _ visit: Visit) -> HTML {
        let usual = visit.parts.tokens?.defaultMode ?? .off
        let secrets = factor?.secrets
        return Facts.html([
            (
                "Mode",
                "\((factor?.mode ?? usual).rawValue)\(factor?.mode == nil ? ", as for the whole installation" : "")"
            ),
            (
                "Secret header",
                secrets?.header.map { header in
                    "<code>\(header.name.text)</code>, \(minted?.header == nil ? "fingerprint \(header.fingerprint)" : "new")"
                }
            ),
            ("Key for bearer tokens", secrets?.jwtKey.map { _ in minted?.jwtKey == nil ? "set" : "new" }),
            ("Secrets", secrets?.isEmpty != false ? "none" : nil),
            ("Those before", factor?.retired.map { "count until \(Moment.exact($0.end))" }),
        ])
    }

    private static func form(_ entry: RoutingEntry, _ visit: Visit) -> HTML {
        Form.post(
            visit, to: path(visit),
            """
            \(Form.hidden("expected", SecondFactorDeeds.mark(entry.secondFactor)))
            <label class="field"><span>Mode</span><select name="mode"><option value="">as it is</option>\
            \(SecondFactorWish.modes.html { "<option value=\"\($0)\">\(modeTitles[$0] ?? $0)</option>" })</select></label>
            \(Form.check("header", "Make a new secret header"))
            \(Form.text("header_name", "What it is called", value: SecretHeaderName.standard.text))
            \(Form.check("jwt", "Make a new key for Evolution's bearer tokens (2.3 and later)"))
            \(Form.check("clear", "Take everything away first"))
            \(Form.text("grace_minutes", "Minutes that the secrets before go on counting", value: "45"))
            <p class="buttons">\(Form.button("Change…", .good))</p>
            """)
    }

    private static func question(_ visit: Visit, _ plan: SecondFactorPlan, _ fields: FormFields) -> HTML {
        let kept = fields.pairs.filter { !["form_token", "confirmed"].contains($0.name) }
        let next: HTML =
            plan.minted.isEmpty
            ? .nothing
            : """
            <p>What is made is shown once, on the next page, and can be read nowhere afterwards: put it among the headers of \
            the instance's webhook settings at Evolution. Where it is enforced and nothing counts from before, events are held \
            back until that is done.</p>
            """
        return ConfirmPage.html(
            visit, title: plan.changesNothing ? "It is so already" : "Change the second factor?",
            section: "integrations",
            consequence: "\(facts(plan.change.replacement, plan.minted, visit))\(next)", act: "Change",
            to: path(visit), fields: kept.html { Form.hidden($0.name, $0.value) }, back: path(visit))
    }

    private static func made(_ visit: Visit, _ plan: SecondFactorPlan) -> HTML {
        Layout(section: "integrations", visit: visit).page(
            """
            \(PageTitle.html("Second factor", "Gateways follow within two seconds."))
            \(Notice.html("This is shown once. Nobody can read it again, neither here nor in the database.", .bad))
            \(Card.html(
                "For the headers of the webhook settings at Evolution",
                plan.minted.evolutionHeaders.html { header in
                    """
                    <p><code>\(header.name)</code></p><pre>\(HTML.lines(header.value))</pre>
                    <p class="buttons"><button type="button" data-copy="\(header.value)">Copy the value</button></p>
                    """ }))
            \(Card.html("What is set", facts(plan.change.replacement, nil, visit)))
            <p><a class="button" href="\(TokenPages.path(visit))">Back to the integration</a></p>
            """)
    }
}
