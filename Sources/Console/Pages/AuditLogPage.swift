import HookgateCore

/// Who did what: append-only, each entry chained to the one before.
enum AuditLogPage {
    private static let pageSize = 100

    static let routes = [
        Route(.get, "/audit", .needs(.operator), page: "Audit log") { visit in
            let page = try await visit.parts.audit.entries(try AuditQuery.filter(visit, usual: pageSize))
            return .html(list(page, visit, verdict: nil))
        },
        Route(.post, "/audit/verify", .needs(.operator), page: "Audit log") { visit in
            let verdict = try await visit.parts.audit.verify()
            let page = try await visit.parts.audit.entries(try AuditQuery.filter(visit, usual: pageSize))
            return .html(list(page, visit, verdict: verdict))
        },
    ]

    private static func list(_ page: AuditPage, _ visit: Visit, verdict: AuditVerdict?) -> HTML {
        let query = visit.request.query
        return Layout(section: "audit", visit: visit).page(
            """
            \(PageTitle.html(
                "Audit log", "Append-only; each entry holds the digest of the one before it.",
                actions: Form.post(visit, to: "/audit/verify", Form.button("Verify the chain"))))
            \(verdict.html(notice))
            \(Form.filter(
                "/audit",
                """
                \(Form.text("actor", "Who", value: query["actor"]))
                \(Form.text("action", "Deed", value: query["action"], hint: "events.reveal"))
                \(Form.text("subject", "To what", value: query["subject"]))
                """))
            \(DataTable.html(
                "Entries",
                [.init("Entry", isNumber: true), .init("When"), .init("Who"), .init("Deed"), .init("To what"), .init("Details")],
                rows: page.entries.map { entry in
                    [
                        "\(entry.id)", Moment.exact(entry.recordedAt), "\(entry.actor)", Badge.html(entry.action),
                        "\(entry.subject ?? "")", "<code class=\"wrap\">\(entry.detail)</code>",
                    ]
                }, empty: EmptyState.html("No entry matches.")))
            \(Pager.html(visit.request, next: page.next.map(String.init)))
            """)
    }

    private static func notice(_ verdict: AuditVerdict) -> HTML {
        switch verdict {
        case .whole(let entries): Notice.html("All \(entries) entries are as they were written.", .good)
        case .broken(let id):
            Notice.html("The chain is broken at entry \(id): it was changed, or one before it was taken out.", .bad)
        }
    }
}

/// The filters of the audit log, for page and API alike.
enum AuditQuery {
    static func filter(_ visit: Visit, usual: Int) throws(ConsoleError) -> AuditFilter {
        var filter = AuditFilter()
        filter.actor = visit.request.query["actor"]
        filter.action = visit.request.query["action"]
        filter.subject = visit.request.query["subject"]
        filter.limit = try visit.limit(default: usual, largest: AuditFilter.largestPage)
        filter.before = try visit.query("cursor", "a cursor that a list gave") { text in
            Int(text).flatMap { (1...).contains($0) ? $0 : nil }
        }
        return filter
    }
}
