import HookgateCore

/// The webhooks at Evolution: what it says beside what we want, the switch-over while it works, and the way back.
enum SwitchOverPages {
    private static let pageSize = 100
    private static let mostListed = 200

    static func routes(_ desk: WorkDesk, _ live: LiveStream) -> [Route] {
        [
            Route(.get, "/switch-over", .needs(.viewer), page: "Webhooks") { visit in try await show(visit, desk) },
            Route(.get, "/live/switch-over", .needs(.viewer), page: "Webhooks") { visit in
                try live.reply("switch-over", visit) { try await progress(desk, visit) }
            },
            Route(.get, "/live/look", .needs(.viewer), page: "Webhooks") { visit in
                try live.reply("look", visit) { lookProgress(desk, visit) }
            },
            Route(.post, "/switch-over/look", .needs(.operator), page: "Ask Evolution") { visit in
                try SwitchOverDeeds.look(visit, desk)
                return .seeOther("/switch-over")
            },
            Route(.post, "/switch-over/switch", .needs(.operator), page: "Switch over") { visit in
                try await begin(visit, desk, .switchOver)
            },
            Route(.post, "/switch-over/rollback", .needs(.operator), page: "Roll back") { visit in
                try await begin(visit, desk, .rollBack)
            },
            Route(.post, "/switch-over/pause", .needs(.operator), page: "Pause") { visit in
                try await desk.switchOver.stop()
                return .seeOther("/switch-over")
            },
            Route(.post, "/switch-over/continue", .needs(.operator), page: "Go on") { visit in
                guard let standing = try await desk.switchOver.standing() else {
                    throw ConsoleError.unprocessable("Nothing was paused.")
                }
                try await SwitchOverDeeds.begin(visit, desk, standing.report.request, run: standing.report.run)
                return .seeOther("/switch-over")
            },
        ]
    }

    private static func show(_ visit: Visit, _ desk: WorkDesk) async throws -> Reply {
        let isOperator = visit.visitor.role >= .operator && visit.parts.switchOver != nil
        let progress = try await Self.progress(desk, visit)
        return .html(
            Layout(section: "switch-over", visit: visit).page(
                """
                \(PageTitle.html(
                    "Webhooks at Evolution", "What Evolution says beside what we want, and the switch-over.",
                    actions: isOperator
                        ? Form.post(visit, to: "/switch-over/look", Form.button("Ask Evolution now")) : HTML.nothing))
                \(visit.parts.switchOver == nil ? Notice.html(
                    "No Evolution server is configured: set <code>EVOLUTION_API_URL</code> and <code>EVOLUTION_API_KEY</code>.")
                    : HTML.nothing)
                <div id="switch-over" data-live="/live/switch-over">\(progress)</div>
                <div id="look" data-live="/live/look">\(lookProgress(desk, visit))</div>
                \(desk.look.standing.html { standing in look(standing.report, visit) })
                \(isOperator ? forms(visit) : HTML.nothing)
                """))
    }

    private static func lookProgress(_ desk: WorkDesk, _ visit: Visit) -> HTML {
        guard let standing = desk.look.standing else {
            return EmptyState.html("Nobody has asked Evolution here since this server started.")
        }
        return """
            \(WorkNotice.html("Asking Evolution", standing, "\(Count.text(standing.report.total)) instances.", now: visit.now))
            \(standing.report.failures.html { failure in
                Notice.html("<strong>\(failure.server)</strong> \(failure.why)", .bad) })
            """
    }

    /// One page of what was found, those that need a person first.
    private static func look(_ look: WebhookLook, _ visit: Visit) -> HTML {
        let wanted = visit.request.query["finding"]
        let fitting = look.standings.filter { wanted == nil ? true : $0.finding.word == wanted }
        let from = min(visit.request.query["cursor"].flatMap { Int($0) }.map { max(0, $0) } ?? 0, fitting.count)
        let shown = fitting.dropFirst(from).prefix(pageSize)
        let next = from + pageSize < fitting.count ? String(from + pageSize) : nil
        return Card.html(
            "What Evolution says",
            """
            <p class="buttons">\(look.counts.sorted { $0.key < $1.key }.html { word, count in
                """
                <a class="button\(word == wanted ? HTML.nothing : " quiet")" href="/switch-over?finding=\(word)">\
                \(word.replacing("_", with: " ")) \(Count.text(count))</a> 
                """ })<a class="button quiet" href="/switch-over">all</a></p>
            \(DataTable.html(
                "What Evolution says",
                [.init("Instance"), .init("Server"), .init("Found"), .init("Meaning"), .init("Switch-over"), .init("What to do")],
                rows: shown.map { standing in
                    [
                        "\(standing.title.html { "\($0)<br>" })<code>\(standing.instance.text)</code>",
                        "\(standing.server ?? "")",
                        Badge.html(standing.finding.words, standing.finding.isWell ? .good : .notice),
                        "\(standing.finding.meaning)", "\(standing.switchOver?.words ?? "")",
                        standing.finding.remedy(for: standing.instance).html { "<code class=\"wrap\">\($0)</code>" },
                    ]
                }, empty: EmptyState.html("Nothing was found.")))
            \(Pager.html(visit.request, next: next))
            """)
    }

    static func progress(_ desk: WorkDesk, _ visit: Visit) async throws -> HTML {
        guard let standing = try await desk.switchOver.standing() else { return .nothing }
        let report = standing.report
        let listed = report.listed
        return """
            \(WorkNotice.html(
                report.request.title, standing,
                """
                \(Count.text(report.done)) of \(report.total.map { Count.text($0) } ?? "?") instances\
                \(report.waiting > 0 ? ", \(Count.text(report.waiting)) wait for their first event" : HTML.nothing).
                """, now: visit.now))
            \(report.stop.html { stop in
                Notice.html(
                    "It stopped by its own rule: \(stop.count) of \(stop.of) failed. What is set stays as it is.", .bad) })
            \(visit.visitor.role < .operator ? HTML.nothing : controls(standing, visit))
            \(report.counts.isEmpty ? HTML.nothing : Figure.row(report.counts.filter { $0.value > 0 }.sorted { $0.key < $1.key }
                .map { word, count in Figure.html(word.replacing("_", with: " "), "\(Count.text(count))") }))
            \(listed.isEmpty ? HTML.nothing : DataTable.html(
                "Instances", [.init("Instance"), .init("Outcome"), .init("Meaning")],
                rows: listed.prefix(mostListed).map { name, instance in
                    [
                        "\(instance.title)<br><code>\(name.text)</code>",
                        Badge.html(instance.word.replacing("_", with: " "), instance.place.tone),
                        "\(instance.meaning)",
                    ]
                }, empty: .nothing))
            """
    }

    private static func controls(_ standing: WorkStanding<SwitchOverReport>, _ visit: Visit) -> HTML {
        let report = standing.report
        if standing.isRunning {
            return Form.post(visit, to: "/switch-over/pause", Form.button("Pause", .bad))
        }
        let goOn =
            standing.ending == .done
            ? HTML.nothing
            : Form.post(
                visit, to: "/switch-over/continue", Form.button("Go on", .good))
        guard report.request.deed == .switchOver, !report.request.options.isDryRun else { return goOn }
        return """
            \(goOn)\(Form.post(
                visit, to: "/switch-over/rollback",
                "\(Form.hidden("run", report.run.text))<p class=\"buttons\">\(Form.button("Take this run back…", .bad))</p>"))
            """
    }

    private static func forms(_ visit: Visit) -> HTML {
        let names = visit.request.query["instances"]
        return """
            <div class="columns">
            \(Card.html(
                "Switch over",
                Form.post(
                    visit, to: "/switch-over/switch",
                    """
                    \(Form.names("Instances, one on a line; none for all", names))
                    \(Form.text("canary", "Canary, in percent", value: "5"))
                    \(Form.text("pace", "Instances a second", value: "5"))
                    \(Form.text("wait_minutes", "Minutes to wait for each first event", value: "30"))
                    \(Form.check("replace_other", "Also replace a URL that is neither the old one nor a token URL"))
                    \(visit.parts.switchOver?.allowsRehearsal == true
                        ? Form.check("rehearsal", "Rehearsal: allow a public URL on this machine") : HTML.nothing)
                    <p class="buttons"><button name="dry_run" value="yes">Dry run</button> \
                    \(Form.button("Switch over…", .good))</p>
                    """)))
            <div id="rollback">\(Card.html(
                "Roll back",
                Form.post(
                    visit, to: "/switch-over/rollback",
                    """
                    <p class="note">Puts back exactly what stood at Evolution before, where the URL is still ours.</p>
                    \(Form.names("Instances to roll back, one on a line; none for all", names))
                    <p class="buttons"><button name="dry_run" value="yes">Dry run</button> \
                    \(Form.button("Roll back…", .bad))</p>
                    """)))</div>
            </div>
            """
    }

    private static func begin(_ visit: Visit, _ desk: WorkDesk, _ deed: SwitchOverRequest.Deed) async throws -> Reply {
        let fields = try visit.form()
        let request = try SwitchOverFields.request(fields, deed)
        if !request.options.isDryRun, fields["confirmed"] != "yes" {
            let count = try await SwitchOverDeeds.count(visit, request)
            return .html(question(visit, request, count, fields))
        }
        try await SwitchOverDeeds.begin(visit, desk, request)
        return .seeOther("/switch-over")
    }

    private static func question(_ visit: Visit, _ request: SwitchOverRequest, _ count: Int, _ fields: FormFields)
        -> HTML
    {
        let kept = fields.pairs.filter { !["form_token", "confirmed"].contains($0.name) }
        let isSwitch = request.deed == .switchOver
        let consequence: HTML =
            isSwitch
            ? """
            <p>Each one's settings are kept, its token URL is proven by a probe, set with every other setting as it was, and \
            read back; its first event confirms it. The run stops by itself when a canary or too many others fail.</p>
            """
            : "<p>The settings of before are put back, one after the other. Keep the old route open: events go there again.</p>"
        return ConfirmPage.html(
            visit, title: "\(isSwitch ? "Switch over" : "Roll back") \(Count.text(count)) instances?",
            section: "switch-over",
            consequence: consequence, act: isSwitch ? "Switch over" : "Roll back",
            to: isSwitch ? "/switch-over/switch" : "/switch-over/rollback",
            fields: kept.html { Form.hidden($0.name, $0.value) }, back: "/switch-over", isDangerous: !isSwitch)
    }
}

extension Form {
    /// Several lines of names.
    static func names(_ label: String, _ value: String?) -> HTML {
        """
        <label class="field"><span>\(label)</span><textarea name="instances" rows="3" spellcheck="false" \
        autocomplete="off">\(HTML.lines(value ?? ""))</textarea></label>
        """
    }

    static func check(_ name: String, _ label: String) -> HTML {
        "<label class=\"check\"><input type=\"checkbox\" name=\"\(name)\" value=\"yes\"> \(label)</label>"
    }
}
