import FoundationEssentials
import HookgateCore

/// The first page: the whole fleet at a glance, kept up to date while it is open.
enum FleetPage {
    static func routes(_ reader: FleetReader, _ live: LiveStream) -> [Route] {
        [
            Route(.get, "/", .needs(.viewer, .organization), page: "Fleet") { visit in
                let snapshot = try await reader.snapshot(of: visit.scope)
                return .html(
                    Layout(visit: visit).page(
                        """
                        \(PageTitle.html("Fleet", "Every integration, both routes, and what waits."))
                        <div id="fleet" data-live="/live/fleet">
                        \(FleetView.html(snapshot))
                        </div>
                        """))
            },
            Route(.get, "/live/fleet", .needs(.viewer, .organization), page: "Fleet") { visit in
                try live.reply("fleet", visit) {
                    FleetView.html(try await reader.snapshot(of: visit.scope))
                }
            },
        ]
    }
}

/// The fleet in numbers and pictures. Whoever sees one organization gets its numbers, and nothing of the installation.
enum FleetView {
    static func html(_ snapshot: FleetSnapshot) -> HTML {
        """
        \(figures(snapshot))
        \(snapshot.whole.html { whole in alarms(whole.parts) })
        <div class="columns">
        \(snapshot.whole.html { whole in
            Card.html(
                "Webhooks per minute", aside: TrafficChart.legend(whole.traffic), TrafficChart.html(whole.traffic)) })
        \(Card.html("The way to token URLs", Funnel.html(steps(snapshot.overview))))
        \(Card.html("Integrations by state", states(snapshot.overview)))
        \(Card.html("Delivery", delivery(snapshot)))
        \(snapshot.whole.html { whole in Card.html("Parts", parts(whole.parts)) })
        </div>
        """
    }

    private static func figures(_ snapshot: FleetSnapshot) -> HTML {
        let overview = snapshot.overview
        let held = overview.events[.quarantined] ?? 0
        let parked = overview.events[.parked] ?? 0
        var figures = [
            Figure.html(
                "Integrations", "\(Count.text(overview.integrationCount))", note: "\(overview.disabled) disabled"),
            Figure.html(
                "Still on the old URL", "\(Count.text(overview.liveOnOldRoute))", note: "in the last day",
                tone: overview.liveOnOldRoute == 0 ? .good : .notice),
            Figure.html(
                "Held back", "\(Count.text(held))", note: "<a href=\"/quarantine\">quarantine</a>",
                tone: held == 0 ? .plain : .notice),
            Figure.html(
                "Parked", "\(Count.text(parked))", note: "<a href=\"/events?state=parked\">dead letters</a>",
                tone: parked == 0 ? .plain : .bad),
            Figure.html("Waiting", "\(Count.text(overview.events[.pending] ?? 0))", note: "\(lag(snapshot))"),
        ]
        if let whole = snapshot.whole {
            figures.append(
                Figure.html(
                    "In the spool", "\(Count.text(whole.spoolRecords))", note: "\(Count.bytes(whole.spoolBytes))",
                    tone: whole.spoolOldest > 60 ? .notice : .plain))
        }
        return Figure.row(figures)
    }

    private static func lag(_ snapshot: FleetSnapshot) -> String {
        guard let oldest = snapshot.overview.oldestPending else { return "nothing waits" }
        return "oldest \(Moment.length(max(0, snapshot.takenAt.timeIntervalSince(oldest))))"
    }

    private static func alarms(_ parts: [Readiness.Part]) -> HTML {
        parts.filter { $0.state != .ok }.html { part in
            Notice.html(
                "<strong>\(part.name)</strong> \(part.state == .failed ? "failed" : "degraded"): \(part.detail ?? "")",
                part.state == .failed ? .bad : .notice)
        }
    }

    private static func parts(_ parts: [Readiness.Part]) -> HTML {
        """
        <ul class="parts">\(parts.html { part in
            "<li>\(part.name) \(Badge.html(part.state.rawValue, part.state == .ok ? .good : part.state == .failed ? .bad : .notice))</li>"
        })</ul>
        """
    }

    /// From what there is to what is done, each step a part of the one before.
    private static func steps(_ overview: FleetOverview) -> [Funnel.Step] {
        let switched = overview.switchedOver
        let legacy = overview.legacyOnly
        return [
            Funnel.Step(
                legacy == 0 ? "Instances" : "Instances, \(Count.text(legacy)) not migrated yet",
                overview.integrationCount + legacy),
            Funnel.Step("Integrations", overview.integrationCount),
            Funnel.Step("With a token", overview.withToken),
            Funnel.Step("Switched over", (switched[.configured] ?? 0) + (switched[.confirmed] ?? 0)),
            Funnel.Step("Confirmed by an event", switched[.confirmed] ?? 0),
            Funnel.Step("Seen on the token URL", overview.seenOnTokenRoute),
        ]
    }

    private static func states(_ overview: FleetOverview) -> HTML {
        DataTable.html(
            "Integrations by state", [.init("State"), .init("Integrations", isNumber: true)],
            rows: overview.integrations.sorted { ($0.value, $1.key) > ($1.value, $0.key) }.map { word, count in
                [Badge.html(word, tone(of: word)), "\(Count.text(count))"]
            },
            empty: EmptyState.html("There is no integration yet."))
    }

    private static func tone(of word: String) -> Tone {
        switch IntegrationStatus(rawValue: word) {
        case .active: .good
        case .pending: .plain
        case .disconnected: .notice
        case .error: .bad
        case nil: .plain
        }
    }

    private static func delivery(_ snapshot: FleetSnapshot) -> HTML {
        let overview = snapshot.overview
        let share = overview.attempts == 0 ? 0 : overview.failedAttempts * 100 / overview.attempts
        return Facts.html([
            ("Attempts in the last hour", "\(Count.text(overview.attempts))"),
            ("Of these, failed", "\(Count.text(overview.failedAttempts)) (\(share) %)"),
            ("Waiting", "\(Count.text(overview.events[.pending] ?? 0)), \(lag(snapshot))"),
            ("Given up, for a person", "\(Count.text(overview.events[.parked] ?? 0))"),
        ])
    }
}
