import FoundationEssentials
import HookgateCore

/// What is done with one integration's tokens from its page: testing, rotating and revoking them.
enum TokenPages {
    static func routes(_ desk: WorkDesk, _ live: LiveStream) -> [Route] {
        [
            Route(.get, "/live/integrations/{id}/rotation", .needs(.viewer, .organization), page: "Rotation") { visit in
                let id = try await TokenDeeds.record(visit).id
                return try live.reply("rotation", visit) { try await TokenSection.progress(desk, id, visit) }
            },
            Route(.post, "/integrations/{id}/test", .needs(.operator, .organization), page: "Test") { visit in
                let fields = try visit.form()
                let report = try await TokenDeeds.test(visit, desk.probes, delivers: fields["deliver"] != nil)
                return .html(tested(report, visit))
            },
            Route(.post, "/integrations/{id}/rotate", .needs(.operator, .organization), page: "Rotate the token") {
                visit in
                let fields = try visit.form()
                let request = try RotationFields.request(fields)
                if !request.isDryRun, fields["confirmed"] != "yes" {
                    return try await .html(question(visit, request, fields))
                }
                try await TokenDeeds.rotate(visit, desk, request)
                return .seeOther(path(visit))
            },
            Route(.post, "/integrations/{id}/rotation/stop", .needs(.operator, .organization), page: "Stop a rotation")
            {
                visit in
                let id = try await TokenDeeds.stopRotation(visit, desk)
                return .seeOther("/integrations/\(id.text)")
            },
            Route(.post, "/integrations/{id}/revoke", .needs(.operator, .organization), page: "Revoke tokens") {
                visit in
                let fields = try visit.form()
                guard fields["confirmed"] == "yes" else {
                    return try await .html(warning(visit, fields["fingerprint"]))
                }
                _ = try await TokenDeeds.revoke(
                    visit, fields["fingerprint"], expected: fields["expected"], typed: fields["typed"])
                return .seeOther("\(path(visit))?tokens=revoked")
            },
        ]
    }

    static func path(_ visit: Visit) -> String { "/integrations/\(PercentText.encoded(visit.parameter("id")))" }

    private static func tested(_ report: ProbeReport, _ visit: Visit) -> HTML {
        Layout(section: "integrations", visit: visit).page(
            """
            \(PageTitle.html(
                "Test", "The token URL at <code>\(report.base.text)</code>.",
                actions: Badge.html(report.failure == nil ? "works" : "does not work", report.failure == nil ? .good : .bad)))
            \(Card.html(
                "Steps",
                """
                <ol class="timeline">\(report.steps.html { step in
                    "<li class=\"good\">\(step.step.rawValue) <span class=\"note\">\(EventDetailPage.milliseconds(step.took)) ms</span></li>" })\
                \(report.failure.html { failure in
                    "<li class=\"bad\">\(report.failedStep?.rawValue ?? ""): \(failure.words)</li>" })</ol>
                """))
            \(report.delivery.html { delivery in
                Notice.html("\(delivery.destination.text) took it\(delivery.status.html { " with status \($0)" }).", .good) })
            <p><a class="button" href="\(path(visit))">Back to the integration</a></p>
            """)
    }

    private static func question(
        _ visit: Visit, _ request: RotationRequest, _ fields: FormFields
    ) async throws -> HTML {
        let holding = try await TokenDeeds.holding(visit, try await TokenDeeds.record(visit).id)
        let plan = TokenPlan.rotation(
            of: holding, grace: request.grace, at: visit.now,
            random: SystemRandom.bytes(WebhookToken.randomByteCount))
        let kept = fields.pairs.filter { !["form_token", "confirmed", "dry_run"].contains($0.name) }
        return ConfirmPage.html(
            visit, title: "Rotate the token of \(holding.title)?", section: "integrations",
            consequence: "\(changes(plan))\(setting(visit))", act: "Rotate", to: "\(path(visit))/rotate",
            fields: kept.html { Form.hidden($0.name, $0.value) }, back: path(visit))
    }

    private static func setting(_ visit: Visit) -> HTML {
        visit.parts.switchOver == nil
            ? "<p>No Evolution server is configured: set the new URL there yourself, before the token before ends.</p>"
            : """
            <p>Where Evolution posts to the token URL, the new one is proven by a probe, set with every other setting as it \
            was, and read back; the first event confirms it. Stopped at any point, rotating again goes on with the token \
            that was made.</p>
            """
    }

    private static func warning(_ visit: Visit, _ fingerprint: String?) async throws -> HTML {
        let (record, plan) = try await TokenDeeds.revocation(visit, fingerprint)
        let word = TokenDeeds.word(record)
        return ConfirmPage.html(
            visit, title: "Revoke \(fingerprint.map { "the token \($0)" } ?? "every token") of \(plan.holding.title)?",
            section: "integrations",
            consequence: """
                \(changes(plan))
                <p>Every gateway answers 403 within two seconds, and Evolution drops what it sends there: what comes until \
                its new URL is set is lost.</p>
                """, act: "Revoke", to: "\(path(visit))/revoke",
            fields: """
                \(Form.hidden("fingerprint", fingerprint))\(Form.hidden("expected", plan.holding.currentWord))
                \(Form.text("typed", "Type \(word) to confirm", isRequired: true))
                """, back: path(visit), isDangerous: true)
    }

    /// What becomes of each token, as the command line says it before it asks.
    private static func changes(_ plan: TokenPlan) -> HTML {
        let replacement = plan.change.replacement
        var facts: [(name: String, value: HTML?)] = [("New token", replacement.map { _ in "made when it is done" })]
        if let end = replacement?.graceUntil, let old = plan.holding.current {
            facts.append(("Goes on", goesOn(old, until: end)))
        }
        for digest in plan.change.ended { facts.append(("Ends now", "<code>\(digest.fingerprint)</code>")) }
        for held in plan.stillInGrace {
            guard case .grace(let end) = held.standing else { continue }
            facts.append(("Goes on", goesOn(held.digest, until: end)))
        }
        return Facts.html(facts)
    }

    private static func goesOn(_ token: TokenDigest, until end: Date) -> HTML {
        "<code>\(token.fingerprint)</code> until \(Moment.exact(end))"
    }
}

/// The fields of the form that rotates.
enum RotationFields {
    static func request(_ fields: FormFields) throws(ConsoleError) -> RotationRequest {
        var request = RotationRequest()
        request.isDryRun = fields["dry_run"] != nil
        request.isRehearsal = fields["rehearsal"] != nil
        request.expected = fields["expected"]
        let hours = RotationRequest.graceHours
        if let grace = try EventQuery.read(
            "grace_hours", fields, "a number of hours up to 90 days", { within($0, hours) })
        {
            request.grace = .seconds(grace * 3_600)
        }
        let minutes = RotationRequest.waitMinutes
        if let wait = try EventQuery.read(
            "wait_minutes", fields, "a number of minutes up to an hour", { within($0, minutes) })
        {
            request.eventWait = .seconds(wait * 60)
        }
        return request
    }

    private static func within(_ text: String, _ range: ClosedRange<Int>) -> Int? {
        Int(text).flatMap { range.contains($0) ? $0 : nil }
    }
}
