import HookgateCore

/// The migration board: every instance, old or new, with where it stands, what comes next, and the way back.
enum BoardPage {
    private static let pageSize = 100

    static func routes(_ desk: WorkDesk) -> [Route] {
        [
            Route(.get, "/migration", .needs(.viewer), page: "Migration") { visit in
                let query = try BoardFilter.query(visit, usual: pageSize)
                let page = try await board(visit).page(query)
                return .html(
                    Layout(section: "migration", visit: visit).page(
                        """
                        \(PageTitle.html(
                            "Migration", "Every instance, old or new: where it stands, what comes next, the way back.",
                            actions: """
                                <a class="button" href="/migration/plan">Plan</a> \
                                <a class="button" href="/migration/runs">Runs</a>
                                """))
                        \(figures(page.counts))
                        \(filters(visit.request.query))
                        \(table(page.rows, visit, desk.look.standing?.report))
                        \(Pager.html(visit.request, next: page.next?.text))
                        """))
            }
        ]
    }

    static func board(_ visit: Visit) throws(ConsoleError) -> any MigrationBoardSource {
        guard let board = visit.parts.board else { throw .nothingHere }
        return board
    }

    private static func figures(_ counts: [BoardStep: Int]) -> HTML {
        let total = counts.values.reduce(0, +)
        return Figure.row(
            [Figure.html("Instances", "<a href=\"/migration\">\(Count.text(total))</a>")]
                + BoardStep.allCases.filter { (counts[$0] ?? 0) > 0 || $0 == .done }.map { step in
                    Figure.html(
                        step.meaning,
                        "<a href=\"/migration?step=\(step.rawValue)\">\(Count.text(counts[step] ?? 0))</a>",
                        tone: step == .done ? .good : step == .decide ? .bad : .plain)
                })
    }

    private static func filters(_ query: FormFields) -> HTML {
        Form.filter(
            "/migration",
            """
            \(Form.choice("step", "Next", BoardStep.allCases.map { ($0.rawValue, $0.meaning) }, chosen: query["step"]))
            \(Form.text("q", "Name", value: query["q"], hint: "a part of it"))
            \(Form.choice("order", "Order", BoardQuery.Order.allCases.map { ($0.rawValue, $0.meaning) }, chosen: query["order"]))
            """)
    }

    private static func table(_ rows: [BoardRow], _ visit: Visit, _ look: WebhookLook?) -> HTML {
        DataTable.html(
            "Instances",
            [
                .init("Instance"), .init("Next"), .init("Legacy row"), .init("Integration, token"),
                .init("At Evolution"), .init("Legacy event"), .init("Token event"), .init("Way back"),
            ],
            rows: rows.map { row in
                [
                    instance(row), Badge.html(row.step.meaning, row.step.tone), legacyRow(row),
                    "\(integration(row, visit))\(row.maskedToken.html { "<br><code>\($0)</code>" })",
                    atEvolution(row, look, visit),
                    row.lastLegacyEvent.html { Moment.html($0, now: visit.now) },
                    row.lastTokenEvent.html { Moment.html($0, now: visit.now) },
                    wayBack(row),
                ]
            },
            empty: EmptyState.html(
                "No instance matches.",
                "Instances come from the legacy tables and from <code>healthcare.integrations</code>."))
    }

    private static func instance(_ row: BoardRow) -> HTML {
        let name: HTML = "<code class=\"whole\">\(row.name.text)</code>"
        guard let title = row.title, title != row.name.text else { return name }
        return "<span class=\"whole\">\(title)</span><br>\(name)"
    }

    /// Short enough for a column: the table without its schema, and how the id ends.
    private static func legacyRow(_ row: BoardRow) -> HTML {
        guard let place = row.legacyPlace, let colon = place.firstIndex(of: ":") else { return .nothing }
        let table = String(place[..<colon].split(separator: ".").last ?? "")
        let id = place[place.index(after: colon)...]
        let shown = id.count > 12 ? "…\(id.suffix(8))" : String(id)
        return """
            <span class="whole" title="\(place)">\(table)</span><br><span class="id" title="\(place)">\(shown)</span>\
            \(row.legacyRows > 1 ? " and \(row.legacyRows - 1) more" : HTML.nothing)
            """
    }

    private static func integration(_ row: BoardRow, _ visit: Visit) -> HTML {
        if row.integrations > 1 { return Badge.html("\(row.integrations) of this name", .bad) }
        guard let id = row.integrationID else { return .nothing }
        let status: HTML = row.statusWord.html { "\($0)" }
        return visit.parts.integrations == nil ? status : "<a href=\"/integrations/\(id.text)\">\(status)</a>"
    }

    /// What was found there when somebody looked last; else how far the switch-over came.
    private static func atEvolution(_ row: BoardRow, _ look: WebhookLook?, _ visit: Visit) -> HTML {
        if let finding = look?.findings[row.name] {
            return
                "<span title=\"\(finding.meaning)\">\(Badge.html(finding.words, finding.isWell ? .good : .notice))</span>"
        }
        guard let state = row.switchOver else { return .nothing }
        return
            "\(Badge.html(state.words, state == .confirmed ? .good : .plain)) \(row.switchedAt.html { Moment.html($0, now: visit.now) })"
    }

    private static func wayBack(_ row: BoardRow) -> HTML {
        if row.canRollBack {
            return "<a href=\"/switch-over?instances=\(PercentText.encoded(row.name.text))#rollback\">roll back</a>"
        }
        return row.run.html { "<a href=\"/migration/runs/\($0.text)\">undo its run</a>" }
    }
}

/// The fields of the board's address, for page and API alike.
enum BoardFilter {
    static func query(_ visit: Visit, usual: Int) throws(ConsoleError) -> BoardQuery {
        var query = BoardQuery()
        query.step = try visit.query("step", "a step of the way", BoardStep.init(rawValue:))
        query.order = try visit.query("order", "an order of the board", BoardQuery.Order.init(rawValue:)) ?? .name
        query.text = visit.request.query["q"]
        query.cursor = try visit.query("cursor", "where a page ended", BoardCursor.init)
        query.limit = try visit.limit(default: usual, largest: BoardQuery.largestPage)
        return query
    }
}

extension BoardQuery.Order {
    var meaning: String {
        switch self {
        case .name: "by name"
        case .step: "least far first"
        case .legacyEvent: "latest legacy event first"
        case .tokenEvent: "latest token event first"
        }
    }
}

extension BoardStep {
    fileprivate var tone: Tone {
        switch self {
        case .decide: .bad
        case .migrate, .makeToken, .assignClinic: .notice
        case .switchOver, .waitForEvent: .plain
        case .done: .good
        }
    }
}

extension SwitchOverState {
    /// For people.
    var words: String {
        switch self {
        case .snapshotted: "begun"
        case .setting: "being set"
        case .configured: "set, no event yet"
        case .confirmed: "token URL"
        case .restoring: "being put back"
        case .rolledBack: "rolled back"
        case .abandoned: "given up"
        }
    }
}

extension WebhookFinding {
    /// The machine's word, readable.
    var words: String { self.word.replacing("_", with: " ") }
}
