import HookgateCore

/// The inbox: a list with filters, and what can be decided over all that match.
enum EventPages {
    private static let pageSize = 100
    private static let states = EventState.allCases.map { ($0.rawValue, $0.rawValue) }

    static let routes = [
        Route(.get, "/events", .needs(.viewer, .organization), page: "Events") { visit in try await list(visit) },
        Route(.post, "/events/decide", .needs(.operator, .organization), page: "Decide over events") { visit in
            try await decide(visit)
        },
    ]

    private static func list(_ visit: Visit) async throws -> Reply {
        var filter = try EventQuery.filter(visit.request.query, scope: visit.scope)
        filter.limit = pageSize
        let page = try await visit.parts.events.list(filter)
        return .html(
            Layout(section: "events", visit: visit).page(
                """
                \(PageTitle.html("Events", "What came, newest first. Nothing here shows a patient's words."))
                \(filters(visit.request.query))
                \(DoneNotice.html(visit.request))
                \(table(page.events, visit))
                \(Pager.html(visit.request, next: page.next?.text))
                \(page.events.isEmpty || visit.visitor.role < .operator ? HTML.nothing : decisions(visit))
                """))
    }

    private static func filters(_ query: FormFields) -> HTML {
        Form.filter(
            "/events",
            """
            \(Form.choice("state", "State", states, chosen: query["state"]))
            \(Form.text("instance", "Instance", value: query["instance"]))
            \(Form.text("kind", "Kind", value: query["kind"], hint: "messages.upsert"))
            \(Form.text("clinic_id", "Clinic", value: query["clinic_id"], hint: "UUID"))
            \(Form.text("since", "From", value: query["since"], hint: "2026-03-01T08:30:00Z"))
            \(Form.text("until", "Before", value: query["until"], hint: "2026-03-02T00:00:00Z"))
            """)
    }

    static func table(_ events: [EventSummary], _ visit: Visit) -> HTML {
        DataTable.html(
            "Events",
            [
                .init("Received"), .init("State"), .init("Route"), .init("Kind"), .init("Instance"),
                .init("Size", isNumber: true), .init("Id"),
            ],
            rows: events.map { event in
                [
                    Moment.html(event.receivedAt, now: visit.now), Badge.html(event.state), Badge.html(event.route),
                    "\(event.kind ?? "unknown")",
                    event.instanceName.html { name in
                        "<a href=\"/events?instance=\(PercentText.encoded(name.text))\">\(name.text)</a>"
                    },
                    "\(Count.bytes(event.bodyBytes))",
                    "<a class=\"id\" href=\"/events/\(event.id.text)\">\(String(event.id.text.suffix(12)))</a>",
                ]
            },
            empty: EmptyState.html(
                "No event matches.", "Widen the filters, or post a probe: <code>hookgate test</code>."))
    }

    /// Acts on all that match, not on the page alone; asked again with a count before anything is done.
    private static func decisions(_ visit: Visit) -> HTML {
        Card.html(
            "Decide over all that match",
            Form.post(
                visit, to: "/events/decide",
                """
                \(visit.request.query.pairs.filter { $0.name != "cursor" && $0.name != DoneNotice.field }
                    .html { Form.hidden($0.name, $0.value) })
                <p class="buttons">\(EventDecision.allCases.html { decision in
                    """
                    <button name="decision" value="\(decision.rawValue)"\
                    \(decision == .discard ? " class=\"bad\"" : "")>\(decision.title)…</button> 
                    """ })</p>
                <p class="note">Shows how many first.</p>
                """))
    }

    private static func decide(_ visit: Visit) async throws -> Reply {
        guard let fields = visit.request.form(),
            let decision = fields["decision"].flatMap(EventDecision.init(rawValue:))
        else { throw ConsoleError.badRequest("Say what to decide: replay, park or discard.") }
        var filter = try EventQuery.filter(fields, scope: visit.scope)
        filter.ids = try EventQuery.read("id", fields, "an event's id", EventID.init).map { [$0] }
        let back = fields["id"].map { "/events/\($0)" } ?? "/events"
        guard fields["confirmed"] == "yes" else {
            let groups = try await EventDecisions.groups(decision, filter, visit.parts.keeping)
            return .html(question(visit, decision, groups, fields, back: back))
        }
        let note = fields["note"]
        guard decision == .replay || note != nil else { throw ConsoleError.badRequest("Say why.") }
        let act = QuarantineAct(actor: visit.actor, decidedAt: visit.now, note: note)
        let count = try await EventDecisions.carryOut(decision, filter, act: act, visit.parts.keeping)
        return .seeOther(DoneNotice(.init(decision), count).on(back))
    }

    private static func question(
        _ visit: Visit, _ decision: EventDecision, _ groups: [EventGroup], _ fields: FormFields, back: String
    ) -> HTML {
        let total = groups.reduce(0) { $0 + $1.events }
        guard total > 0 else {
            return Layout(decision.title, section: "events", visit: visit).page(
                """
                \(PageTitle.html(decision.title))
                \(EmptyState.html(
                    "Nothing matches that this applies to.", "<a class=\"button\" href=\"\(back)\">Back</a>"))
                """)
        }
        let kept = fields.pairs.filter { !["form_token", "note", "confirmed"].contains($0.name) }
        return ConfirmPage.html(
            visit, title: "\(decision.title) \(Count.text(total)) events?", section: "events",
            consequence: """
                <p>\(decision.consequence)</p>
                \(DataTable.html(
                    "Events by clinic and state",
                    [.init("Clinic"), .init("State"), .init("Events", isNumber: true)],
                    rows: groups.map { group in
                        ["\(group.clinic?.text ?? "none")", Badge.html(group.state), "\(Count.text(group.events))"]
                    }, empty: .nothing))
                """,
            act: decision.title, to: "/events/decide",
            fields: """
                \(kept.html { Form.hidden($0.name, $0.value) })
                \(Form.text("note", "Why", hint: "for the audit log", isRequired: decision != .replay))
                """,
            back: back, isDangerous: decision == .discard)
    }
}

extension EventDecision {
    var title: String {
        switch self {
        case .replay: "Replay"
        case .park: "Park"
        case .discard: "Discard"
        }
    }

    fileprivate var consequence: String {
        switch self {
        case .replay: "They are delivered again, behind what is live. A receiver knows repetitions by their webhook-id."
        case .park: "They are not tried any more until somebody replays them."
        case .discard: "They are never delivered. Their rows stay, with your reason."
        }
    }
}
