import HookgateCore

/// The runs of the migration: what is under way, what was verified, what a run wrote, and undoing it.
enum RunPages {
    private static let mostRuns = 100
    private static let mostEntries = 500

    static func routes(_ desk: WorkDesk, _ live: LiveStream) -> [Route] {
        [
            Route(.get, "/migration/runs", .needs(.viewer), page: "Runs") { visit in try await list(visit, desk) },
            Route(.get, "/live/migration", .needs(.viewer), page: "Runs") { visit in
                try live.reply("migration", visit) { try await progress(desk, visit) }
            },
            Route(.post, "/migration/verify", .needs(.operator), page: "Verify") { visit in
                try await MigrationDeeds.verify(visit, desk)
                return .seeOther("/migration/runs")
            },
            Route(.post, "/migration/stop", .needs(.operator), page: "Stop") { visit in
                try await desk.migration.stop()
                return .seeOther("/migration/runs")
            },
            Route(.get, "/migration/runs/{id}", .needs(.viewer), page: "Run") { visit in try await show(visit) },
            Route(.post, "/migration/runs/{id}/undo", .needs(.operator), page: "Undo") { visit in
                let run: RunID = try visit.identifier("id", of: "run")
                guard visit.request.form()?["confirmed"] == "yes" else { return try await question(visit, run) }
                try await MigrationDeeds.undo(visit, desk, of: run)
                return .seeOther("/migration/runs")
            },
        ]
    }

    private static func list(_ visit: Visit, _ desk: WorkDesk) async throws -> Reply {
        let runs = try await visit.parts.migration.runs(limit: mostRuns)
        let progress = try await Self.progress(desk, visit)
        return .html(
            Layout(section: "migration", visit: visit).page(
                """
                \(PageTitle.html(
                    "Runs", "What migrations wrote, newest first.",
                    actions: visit.visitor.role < .operator
                        ? HTML.nothing : Form.post(visit, to: "/migration/verify", Form.button("Verify row by row"))))
                <div id="migration" data-live="/live/migration">\(progress)</div>
                \(DataTable.html(
                    "Runs",
                    [
                        .init("Begun"), .init("State"), .init("New", isNumber: true), .init("Filled in", isNumber: true),
                        .init("For a person", isNumber: true), .init("Id"),
                    ],
                    rows: runs.map { run in
                        [
                            Moment.html(run.startedAt, now: visit.now),
                            Badge.html(run.outcome.state.rawValue, run.outcome.state.tone),
                            "\(Count.text(run.outcome.counts.inserted))", "\(Count.text(run.outcome.counts.updated))",
                            "\(Count.text(run.outcome.counts.needsDecision))",
                            "<a class=\"id\" href=\"/migration/runs/\(run.id.text)\">\(run.id.text)</a>",
                        ]
                    },
                    empty: EmptyState.html("No migration has run yet.", "<a class=\"button\" href=\"/migration/plan\">Plan one</a>")))
                """))
    }

    private static func progress(_ desk: WorkDesk, _ visit: Visit) async throws -> HTML {
        guard let standing = try await desk.migration.standing() else { return .nothing }
        let report = standing.report
        return """
            \(WorkNotice.html(report.title, standing, words(report), now: visit.now))
            \(standing.isRunning && visit.visitor.role >= .operator
                ? Form.post(visit, to: "/migration/stop", Form.button("Stop after this batch", .bad)) : HTML.nothing)
            \(report.faults.isEmpty ? HTML.nothing : Card.html(
                "Not as it must be",
                DataTable.html(
                    "Not as it must be", [.init("Instance"), .init("Why")],
                    rows: report.faults.map { fault in
                        ["<code>\(fault.name.text)</code>", "\(fault.words.joined(separator: "; "))"]
                    }, empty: .nothing)))
            """
    }

    private static func words(_ report: MigrationReport) -> HTML {
        if report.isWaiting { return "another migration is at work, and this one waits for it to end." }
        let verified = report.verification
        switch report.kind {
        case .undo:
            return
                "\(Count.text(report.undone.restored)) as before, \(Count.text(report.undone.refused)) left as they are."
        case .verify, .migrate:
            let written: HTML =
                report.kind == .verify
                ? .nothing : "\(Count.text(report.written)) written, \(Count.text(report.undecided)) for a person. "
            return """
                \(written)Verified: \(Count.text(verified.verified)) equal, \(Count.text(verified.mismatched)) different, \
                \(Count.text(verified.missing)) missing, \(Count.text(verified.undecided)) undecided.
                """
        }
    }

    private static func show(_ visit: Visit) async throws -> Reply {
        let id: RunID = try visit.identifier("id", of: "run")
        let (record, entries, total) = try await Self.entries(visit, id, limit: mostEntries)
        let counts = record.outcome.counts
        let canUndo = visit.visitor.role >= .operator && ![.undone, .running].contains(record.outcome.state)
        return .html(
            Layout("Run \(id.text)", section: "migration", visit: visit).page(
                """
                \(PageTitle.html("Run", "<code>\(id.text)</code>", actions: Badge.html(record.outcome.state.rawValue, record.outcome.state.tone)))
                \(Card.html("Facts", Facts.html([
                    ("Begun", Moment.exact(record.startedAt)), ("Ended", record.finishedAt.map { Moment.exact($0) }),
                    ("New", "\(Count.text(counts.inserted))"), ("Filled in", "\(Count.text(counts.updated))"),
                    ("As they should be", "\(Count.text(counts.unchanged))"),
                    ("For a person", "\(Count.text(counts.needsDecision))"),
                    ("Digest", record.outcome.digest.map { "<code class=\"wrap\">\($0)</code>" }),
                ])))
                \(DataTable.html(
                    "What it wrote", [.init("Instance"), .init("Action"), .init("Fields"), .init("Integration")],
                    rows: entries.map { entry in
                        [
                            "<code>\(entry.name.text)</code>",
                            Badge.html(entry.isUndone ? "undone" : entry.action.rawValue, entry.isUndone ? .notice : .plain),
                            "\(entry.fields.joined(separator: ", "))", "<span class=\"id\">\(entry.integrationID.text)</span>",
                        ]
                    }, empty: EmptyState.html("It wrote nothing.")))
                \(total > entries.count ? "<p class=\"note\">The first \(Count.text(entries.count)) of \(Count.text(total)).</p>" : HTML.nothing)
                \(canUndo ? Card.html(
                    "Way back",
                    Form.post(visit, to: "/migration/runs/\(id.text)/undo",
                        """
                        <p class="buttons">\(Form.button("Undo…", .bad))</p>
                        <p class="note">Shows first what would come of it.</p>
                        """)) : HTML.nothing)
                """))
    }

    /// A run, the first entries of it, and how many there are.
    static func entries(_ visit: Visit, _ id: RunID, limit: Int) async throws -> (RunRecord, [RunEntry], Int) {
        struct Enough: Error {}
        let record = try await MigrationDeeds.record(visit, of: id)
        var entries: [RunEntry] = []
        do {
            _ = try await visit.parts.migration.show(id) { page in
                entries += page.prefix(limit - entries.count)
                if entries.count == limit { throw Enough() }
            }
        } catch is Enough {}
        return (record, entries, max(entries.count, record.outcome.counts.written))
    }

    private static func question(_ visit: Visit, _ run: RunID) async throws -> Reply {
        let summary = try await MigrationDeeds.rehearseUndo(visit, of: run)
        return .html(
            ConfirmPage.html(
                visit, title: "Undo this run?", section: "migration",
                consequence: Facts.html([
                    ("Put back as before", "\(Count.text(summary.restored))"),
                    ("Left, edited since", "\(Count.text(summary.editedSince))"),
                    ("Left, a later run went on", "\(Count.text(summary.changedByLaterRun))"),
                    ("Left, in use", "\(Count.text(summary.inUse))"), ("Gone already", "\(Count.text(summary.gone))"),
                ]),
                act: "Undo the run", to: "/migration/runs/\(run.text)/undo", fields: .nothing,
                back: "/migration/runs/\(run.text)", isDangerous: true))
    }
}

extension MigrationReport {
    var title: String {
        switch self.kind {
        case .migrate: "The migration"
        case .verify: "The verification"
        case .undo: "The undoing"
        }
    }
}

extension RunOutcome.State {
    fileprivate var tone: Tone {
        switch self {
        case .running: .plain
        case .finished: .good
        case .interrupted, .undone: .notice
        case .failed: .bad
        }
    }
}
