import HookgateCore

/// What the doctor finds, with its evidence and its remedy.
enum DoctorPage {
    private static let listed = 10

    static func routes(_ reader: DoctorReader, _ live: LiveStream) -> [Route] {
        [
            Route(.get, "/doctor", .needs(.viewer), page: "Doctor") { visit in
                reader.beginIfDue(visit)
                return .html(page(reader, visit))
            },
            Route(.get, "/live/doctor", .needs(.viewer), page: "Doctor") { visit in
                try live.reply("doctor", visit) { contents(reader, visit) }
            },
            Route(.post, "/doctor", .needs(.viewer), page: "Doctor") { visit in
                reader.begin(visit)
                return .seeOther("/doctor")
            },
        ]
    }

    /// Kept up to date only until the examination has ended: what it has found does not change.
    private static func page(_ reader: DoctorReader, _ visit: Visit) -> HTML {
        let live: HTML = reader.standing?.isRunning == true ? " data-live=\"/live/doctor\"" : .nothing
        return Layout(section: "doctor", visit: visit).page(
            """
            \(PageTitle.html(
                "Doctor", "What is wrong in the database, with evidence and remedy.",
                actions: Form.post(visit, to: "/doctor", Form.button("Examine again"))))
            <div id="doctor"\(live)>\(contents(reader, visit))</div>
            """)
    }

    private static func contents(_ reader: DoctorReader, _ visit: Visit) -> HTML {
        guard let standing = reader.standing else { return .nothing }
        return """
            \(standing.ending == .done ? HTML.nothing : WorkNotice.html(
                "The examination", standing,
                standing.isRunning ? "what it finds is shown here once all checks are through." : .nothing, now: visit.now))
            \(standing.report.last.html(result))
            """
    }

    private static func result(_ examination: DoctorReader.Examination) -> HTML {
        let unwell = examination.findings.filter { $0.result != .ok }
        let well = examination.findings.filter { $0.result == .ok }
        return """
            <p class="lead">\(well.count) of \(examination.findings.count) checks are well. Examined \
            \(Moment.exact(examination.at)).</p>
            \(unwell.isEmpty
                ? EmptyState.html("Nothing is wrong.", "Every check that <code>hookgate doctor</code> knows holds.")
                : unwell.html(card))
            \(Card.html(
                "What is well", "<ul class=\"checks\">\(well.html { "<li>\($0.check.title)</li>" })</ul>"))
            """
    }

    private static func card(_ finding: DoctorFinding) -> HTML {
        Card.html(
            finding.check.title,
            aside: Badge.html(finding.result.rawValue, finding.result == .attention ? .bad : .notice),
            """
            <p>\(finding.summary)</p>
            \(DataTable.html(
                "Evidence", [.init("What"), .init("Facts")],
                rows: finding.evidence.items.prefix(listed).map { item in
                    [
                        "\(item.subject)",
                        item.facts.html { "<span class=\"fact\"><i>\($0.label)</i> \($0.value)</span> " },
                    ]
                }, empty: .nothing))
            \(finding.evidence.total > listed
                ? "<p class=\"note\">\(min(listed, finding.evidence.items.count)) of \(finding.evidence.total)</p>" as HTML
                : .nothing)
            \(finding.remedy.html { remedy in
                "<p>\(remedy.advice)</p>\(remedy.commands.html { "<pre>\(HTML.lines($0))</pre>" })" })
            """)
    }
}
