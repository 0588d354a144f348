import HookgateCore

/// What the doctor finds, with its evidence and its remedy.
enum DoctorPage {
    private static let listed = 10

    static func routes(_ reader: DoctorReader) -> [Route] {
        [
            Route(.get, "/doctor", .needs(.viewer), page: "Doctor") { visit in
                try await .html(page(reader.latest(), visit))
            },
            Route(.post, "/doctor", .needs(.viewer), page: "Doctor") { _ in
                try await reader.examine()
                return .seeOther("/doctor")
            },
        ]
    }

    private static func page(_ examination: DoctorReader.Examination, _ visit: Visit) -> HTML {
        let unwell = examination.findings.filter { $0.result != .ok }
        let well = examination.findings.filter { $0.result == .ok }
        return Layout(section: "doctor", visit: visit).page(
            """
            \(PageTitle.html(
                "Doctor",
                """
                \(well.count) of \(examination.findings.count) checks are well. Examined \
                \(Moment.html(examination.at, now: visit.now)).
                """,
                actions: Form.post(visit, to: "/doctor", Form.button("Examine again"))))
            \(unwell.isEmpty
                ? EmptyState.html("Nothing is wrong.", "Every check that <code>hookgate doctor</code> knows holds.")
                : unwell.html(card))
            \(Card.html(
                "What is well", "<ul class=\"checks\">\(well.html { "<li>\($0.check.title)</li>" })</ul>"))
            """)
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
