import HookgateCore

/// The clean-up: the gates as a checklist with their evidence, then moving the legacy tables away, back, or for good.
enum CleanupPages {
    static func routes(_ desk: WorkDesk, _ live: LiveStream) -> [Route] {
        [
            Route(.get, "/cleanup", .needs(.viewer), page: "Clean-up") { visit in try await show(visit, desk) },
            Route(.get, "/live/cleanup", .needs(.viewer), page: "Clean-up") { visit in
                try live.reply("cleanup", visit) { progress(desk, visit) }
            },
            Route(.post, "/cleanup/plan", .needs(.operator), page: "Ask the gates") { visit in
                let fields = visit.request.form()
                let days = try fields.flatMap { fields in
                    try EventQuery.read("days", fields, "a number of days from 1 to 365", CleanupDeeds.days)
                }
                try CleanupDeeds.ask(
                    visit, desk, CleanupDeeds.options(days: days, acceptedReads: fields?["accepted_reads"]))
                return .seeOther("/cleanup")
            },
            Route(.post, "/cleanup/run", .needs(.admin), page: "Clean up") { visit in
                guard let fields = visit.request.form(), let digest = fields["digest"] else {
                    throw ConsoleError.badRequest("Say which plan is meant: its digest.")
                }
                try CleanupDeeds.checkTyped(fields["typed"], CleanupDeeds.word)
                try CleanupDeeds.run(visit, desk, digest: digest)
                return .seeOther("/cleanup")
            },
            Route(.get, "/cleanup/{name}", .needs(.viewer), page: "Archive") { visit in try await archive(visit) },
            Route(.post, "/cleanup/{name}/rehearse", .needs(.admin), page: "Rehearse") { visit in
                try CleanupDeeds.rehearse(visit, desk, try CleanupDeeds.archive(visit))
                return .seeOther("/cleanup")
            },
            Route(.post, "/cleanup/{name}/restore", .needs(.admin), page: "Restore") { visit in
                let name = try CleanupDeeds.archive(visit)
                try CleanupDeeds.checkTyped(visit.request.form()?["typed"], name.text)
                try CleanupDeeds.restore(visit, desk, name)
                return .seeOther("/cleanup")
            },
            Route(.post, "/cleanup/{name}/purge", .needs(.admin), page: "Purge") { visit in
                let name = try CleanupDeeds.archive(visit)
                try CleanupDeeds.checkTyped(visit.request.form()?["typed"], name.text)
                try CleanupDeeds.purge(visit, desk, name)
                return .seeOther("/cleanup")
            },
        ]
    }

    private static func show(_ visit: Visit, _ desk: WorkDesk) async throws -> Reply {
        let archives = try await CleanupDeeds.useCases(visit).archives()
        let plan = desk.gates.standing?.report.plan
        return .html(
            Layout(section: "cleanup", visit: visit).page(
                """
                \(PageTitle.html(
                    "Clean-up", "Takes the legacy tables out of the way once nothing needs them. Nothing is dropped before a purge."))
                <div id="cleanup" data-live="/live/cleanup">\(progress(desk, visit))</div>
                \(visit.visitor.role < .operator ? HTML.nothing : ask(visit))
                \(plan.html { plan in "\(gates(plan, visit))\(tables(plan, visit))" })
                \(table(archives, visit))
                """))
    }

    private static func progress(_ desk: WorkDesk, _ visit: Visit) -> HTML {
        let gates: HTML = desk.gates.standing.html { standing in
            WorkNotice.html(
                "Asking the gates", standing,
                standing.report.plan.html { plan in
                    "\(plan.findings.count { $0.state == .met }) of \(plan.findings.count) hold. <a href=\"/cleanup\">Show them</a>."
                }, now: visit.now)
        }
        let deed: HTML = desk.archive.standing.html { standing in
            WorkNotice.html(
                standing.report.title, standing,
                standing.report.archive.html {
                    "<a href=\"/cleanup/\($0.name.text)\">\($0.name.text)</a> is \($0.state.rawValue)."
                },
                now: visit.now)
        }
        return gates + deed
    }

    private static func ask(_ visit: Visit) -> HTML {
        Card.html(
            "Ask the gates",
            Form.post(
                visit, to: "/cleanup/plan",
                """
                \(Form.text("days", "Days in which no legacy traffic may have come", value: "14"))
                \(Form.text("accepted_reads", "Your word that reads of the tables are known", hint: "empty for none"))
                <p class="buttons">\(Form.button("Ask now", .good))</p>
                """))
    }

    private static func gates(_ plan: CleanupPlan, _ visit: Visit) -> HTML {
        Card.html(
            "Gates", aside: "<span class=\"note\">asked \(Moment.html(plan.madeAt, now: visit.now))</span>",
            """
            <ul class="gates">\(plan.findings.html { finding in
                """
                <li><h3>\(Badge.html(finding.state.words, finding.state.tone)) \(finding.gate.title)</h3>
                <p>\(finding.summary)\(finding.asOf.html { " <span class=\"note\">as of \(Moment.html($0, now: visit.now))</span>" })</p>
                \(evidence(finding, visit))
                \(finding.remedy.html { remedy in
                    "<p class=\"note\">\(remedy.advice) \(remedy.commands.html { "<code class=\"wrap\">\($0)</code> " })</p>" })
                </li>
                """ })</ul>
            """)
    }

    private static func evidence(_ finding: CleanupFinding, _ visit: Visit) -> HTML {
        guard finding.total > 0 else { return .nothing }
        return """
            <details><summary>Evidence: \(Count.text(finding.total))</summary>
            \(DataTable.html(
                "Evidence that \(finding.gate.title)", [.init("What"), .init("Found"), .init("When")],
                rows: finding.evidence.map { piece in
                    ["<code>\(piece.subject)</code>", "\(piece.detail)", piece.at.html { Moment.html($0, now: visit.now) }]
                }, empty: "<p class=\"note\">None is listed.</p>"))
            </details>
            """
    }

    private static func tables(_ plan: CleanupPlan, _ visit: Visit) -> HTML {
        guard plan.hasTables else { return EmptyState.html("None of the legacy tables is there any more.") }
        return Card.html(
            "What a run moves into \(plan.archive.text)",
            """
            \(DataTable.html(
                "Tables", [.init("Table"), .init("Rows", isNumber: true), .init("Size", isNumber: true)],
                rows: plan.tables.map { table in
                    ["<code>\(table.source.rawValue)</code>", "\(Count.text(table.rows))", "\(Count.bytes(table.bytes))"]
                }, empty: .nothing))
            <details><summary>\(plan.statements.count) statements, in one transaction</summary>
            <pre>\(HTML.lines(plan.statements.map(\.sql).joined(separator: ";\n")))</pre></details>
            <p class="note">Digest <code class="wrap">\(plan.digest)</code></p>
            \(plan.isOpen && visit.visitor.role >= .admin ? Form.post(
                visit, to: "/cleanup/run",
                """
                \(Form.hidden("digest", plan.digest))
                \(Form.text("typed", "Type \(CleanupDeeds.word) to confirm", isRequired: true))
                <p class="buttons">\(Form.button("Move the tables into the archive", .bad))</p>
                """) : HTML.nothing)
            """)
    }

    private static func table(_ archives: [LegacyArchive], _ visit: Visit) -> HTML {
        DataTable.html(
            "Archives",
            [.init("Archive"), .init("State"), .init("Made"), .init("By"), .init("Tables", isNumber: true)],
            rows: archives.map { archive in
                [
                    "<a class=\"id\" href=\"/cleanup/\(archive.name.text)\">\(archive.name.text)</a>",
                    Badge.html(archive.state.rawValue, archive.state.tone),
                    Moment.html(archive.archivedAt, now: visit.now),
                    "\(archive.archivedBy)", "\(archive.tables.count)",
                ]
            }, empty: EmptyState.html("Nothing was archived yet."))
    }

    private static func archive(_ visit: Visit) async throws -> Reply {
        let name = try CleanupDeeds.archive(visit)
        guard let archive = try await CleanupDeeds.useCases(visit).archives().first(where: { $0.name == name }) else {
            throw ConsoleError.notFound("There is no archive of that name.")
        }
        return .html(
            Layout("Archive \(name.text)", section: "cleanup", visit: visit).page(
                """
                \(PageTitle.html("Archive", "<code>\(name.text)</code>", actions: Badge.html(archive.state.rawValue, archive.state.tone)))
                \(Card.html("Facts", Facts.html([
                    ("Made", Moment.exact(archive.archivedAt)), ("By", "\(archive.archivedBy)"),
                    ("A restore was rehearsed", archive.rehearsedAt.map { Moment.exact($0) }),
                    ("Ended", archive.endedAt.map { Moment.exact($0) }),
                    ("May be purged from", Moment.exact(archive.purgeable(retention: CleanupOptions.defaultRetention))),
                ])))
                \(DataTable.html(
                    "Tables", [.init("Table"), .init("Rows", isNumber: true)],
                    rows: archive.tables.map { ["<code>\($0.source.rawValue)</code>", "\(Count.text($0.rows))"] }, empty: .nothing))
                \(archive.state == .archived && visit.visitor.role >= .admin ? deeds(archive, visit) : HTML.nothing)
                """))
    }

    private static func deeds(_ archive: LegacyArchive, _ visit: Visit) -> HTML {
        let path = "/cleanup/\(archive.name.text)"
        return """
            <div class="columns">
            \(Card.html("Rehearse a restore", Form.post(
                visit, to: "\(path)/rehearse",
                "<p class=\"note\">Restores, compares and takes it back.</p><p class=\"buttons\">\(Form.button("Rehearse"))</p>")))
            \(Card.html("Restore", Form.post(
                visit, to: "\(path)/restore",
                """
                \(Form.text("typed", "Type \(archive.name.text) to restore", isRequired: true))
                <p class="buttons">\(Form.button("Move the tables back", .bad))</p>
                """)))
            \(Card.html("Purge", Form.post(
                visit, to: "\(path)/purge",
                """
                <p class="note">Drops the tables. Nothing brings them back.</p>
                \(Form.text("typed", "Type \(archive.name.text) to purge", isRequired: true))
                <p class="buttons">\(Form.button("Drop the tables for good", .bad))</p>
                """)))
            </div>
            """
    }
}

extension CleanupFinding.State {
    fileprivate var tone: Tone {
        switch self {
        case .met: .good
        case .notMet: .bad
        case .unknown: .notice
        }
    }

    fileprivate var words: String {
        switch self {
        case .met: "✓ holds"
        case .notMet: "✗ does not hold"
        case .unknown: "? nobody can say"
        }
    }
}

extension LegacyArchive.State {
    fileprivate var tone: Tone {
        switch self {
        case .archived: .plain
        case .restored: .notice
        case .purged: .bad
        }
    }
}
