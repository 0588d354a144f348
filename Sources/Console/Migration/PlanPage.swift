import HookgateCore

/// What a migration would do, field by field, and the way to do exactly that.
enum PlanPage {
    static func routes(_ desk: WorkDesk, _ live: LiveStream) -> [Route] {
        [
            Route(.get, "/migration/plan", .needs(.viewer), page: "Plan") { visit in
                .html(
                    Layout(section: "migration", visit: visit).page(
                        """
                        \(PageTitle.html(
                            "Plan", "What a migration would write, tried on copies. Nothing is changed by planning.",
                            actions: visit.visitor.role < .operator ? HTML.nothing : plan(visit)))
                        <div id="plan" data-live="/live/plan">\(progress(desk, visit))</div>
                        \(desk.plan.standing.html { standing in result(standing, visit) })
                        """))
            },
            Route(.get, "/live/plan", .needs(.viewer), page: "Plan") { visit in
                try live.reply("plan", visit) { progress(desk, visit) }
            },
            Route(.post, "/migration/plan", .needs(.operator), page: "Plan") { visit in
                try MigrationDeeds.plan(visit, desk)
                return .seeOther("/migration/plan")
            },
            Route(.post, "/migration/run", .needs(.operator), page: "Migrate") { visit in
                guard let fields = visit.request.form(), let digest = fields["digest"] else {
                    throw ConsoleError.badRequest("Say which plan is meant: its digest.")
                }
                guard fields["confirmed"] == "yes" else { return .html(question(visit, desk, digest)) }
                try await MigrationDeeds.migrate(visit, desk, digest: digest)
                return .seeOther("/migration/runs")
            },
        ]
    }

    private static func plan(_ visit: Visit) -> HTML {
        Form.post(visit, to: "/migration/plan", Form.button("Plan now", .good))
    }

    private static func progress(_ desk: WorkDesk, _ visit: Visit) -> HTML {
        guard let standing = desk.plan.standing else {
            return EmptyState.html("Nobody has planned here since this server started.")
        }
        let report = standing.report
        let counts = report.counts
        return """
            \(WorkNotice.html(
                "The plan", standing,
                "\(Count.text(counts.total)) of \(report.total.map { Count.text($0) } ?? "?") instances.", now: visit.now))
            \(standing.isRunning || standing.ending != .done ? HTML.nothing : Figure.row([
                Figure.html("New", "\(Count.text(counts.inserted))"),
                Figure.html("Filled in", "\(Count.text(counts.updated))"),
                Figure.html("As they should be", "\(Count.text(counts.unchanged))", tone: .good),
                Figure.html(
                    "For a person", "\(Count.text(counts.needsDecision))", tone: counts.needsDecision > 0 ? .notice : .plain),
                Figure.html("Left out", "\(Count.text(counts.excluded))"),
            ]))
            \(standing.isRunning ? HTML.nothing : "<p class=\"note\"><a href=\"/migration/plan\">Show what it found</a></p>")
            """
    }

    private static func result(_ standing: WorkStanding<PlanReport>, _ visit: Visit) -> HTML {
        let report = standing.report
        guard !standing.isRunning, let digest = report.digest else { return .nothing }
        let counts = report.counts
        return """
            \(report.remarks.html { Notice.html("\($0)") })
            \(counts.written == 0 || visit.visitor.role < .operator ? HTML.nothing : Card.html(
                "Carry it out",
                Form.post(
                    visit, to: "/migration/run",
                    """
                    \(Form.hidden("digest", digest))<p class="note">Digest <code class="wrap">\(digest)</code>. A run with it \
                    is refused when the plan has changed by then.</p>
                    <p class="buttons">\(Form.button("Migrate \(Count.text(counts.written)) instances…", .good))</p>
                    """)))
            \(list("For a person to decide", report.undecided, of: counts.needsDecision))
            \(list("Written", report.written, of: counts.written))
            """
    }

    private static func list(_ title: String, _ instances: [PlanReport.Instance], of total: Int) -> HTML {
        guard total > 0 else { return .nothing }
        let more: HTML =
            total > instances.count
            ? "<p class=\"note\">The first \(Count.text(instances.count)) of \(Count.text(total)). All: <code>hookgate migrate --dry-run</code></p>"
            : .nothing
        return Card.html(
            "\(title): \(Count.text(total))",
            """
            \(DataTable.html(
                title, [.init("Instance"), .init("Action"), .init("Clinic"), .init("Differences")],
                rows: instances.map { instance in
                    [
                        "<code>\(instance.name.text)</code>",
                        Badge.html(instance.word.replacing("_", with: " "), instance.obstacle == nil ? .plain : .notice),
                        "\(instance.clinic ?? "")\(instance.evidence.isEmpty ? HTML.nothing : "<br><span class=\"note\">by \(instance.evidence.joined(separator: ", "))</span>")",
                        differences(instance),
                    ]
                }, empty: .nothing))
            \(more)
            """)
    }

    private static func differences(_ instance: PlanReport.Instance) -> HTML {
        """
        \(instance.obstacle.html { "\($0)" })\
        \(instance.changes.isEmpty ? HTML.nothing : """
            <details><summary>\(instance.changes.count) fields</summary>
            <dl class="facts">\(instance.changes.html { change in
                "<dt>\(change.field)</dt><dd>\(change.before == "nothing" ? HTML.nothing : "\(change.before) → ")\(change.after)</dd>" })</dl>
            </details>
            """)\
        \(instance.notes.html { "<span class=\"note\">\($0)</span> " })
        """
    }

    private static func question(_ visit: Visit, _ desk: WorkDesk, _ digest: String) -> HTML {
        let counts = desk.plan.standing?.report.counts ?? PlanCounts()
        return ConfirmPage.html(
            visit, title: "Migrate \(Count.text(counts.written)) instances?", section: "migration",
            consequence: """
                <p>\(Count.text(counts.inserted)) integrations are made and \(Count.text(counts.updated)) filled in, then every \
                row is compared. The legacy tables are not changed, and nothing is told to Evolution. The run can be undone.</p>
                """,
            act: "Migrate", to: "/migration/run", fields: Form.hidden("digest", digest), back: "/migration/plan")
    }
}
