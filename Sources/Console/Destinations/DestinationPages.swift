import FoundationEssentials
import HookgateCore

/// Where events are delivered to: everybody's, or one organization's, clinic's or integration's.
enum DestinationPages {
    private static let pageSize = 100

    static let routes: [Route] = [
        Route(.get, "/destinations", .needs(.viewer, .organization), page: "Destinations") { visit in
            if let name = visit.request.query["name"] {
                guard let scope = DestinationScope(name.lowercased()) else {
                    throw ConsoleError.badRequest(
                        "Write default, or organization:, clinic: or integration: and a UUID.")
                }
                return .seeOther(path(scope))
            }
            return try await .html(list(visit))
        },
        Route(.get, "/destinations/{destination}", .needs(.viewer, .organization), page: "Destination") { visit in
            try await .html(show(visit, try await DestinationDeeds.scope(visit)))
        },
        Route(.post, "/destinations/{destination}/set", .needs(.admin, .organization), page: "Set a destination") {
            visit in
            let fields = try visit.form()
            let scope = try await DestinationDeeds.scope(visit)
            let isConfirmed = fields["confirmed"] == "yes"
            let change = try await DestinationDeeds.set(
                visit, scope, try DestinationFields.wish(fields), expected: fields["expected"], isDryRun: !isConfirmed)
            guard isConfirmed || change.outcome == .unchanged else {
                return .html(question(visit, change, fields))
            }
            return .seeOther("\(path(scope))?done=\(change.newSecret == nil ? "set" : "secret")")
        },
        deed(.pause, .operator, "Pause a destination"), deed(.resume, .operator, "Resume a destination"),
        deed(.remove, .admin, "Remove a destination"),
    ]

    private static func deed(_ verb: DestinationDeeds.Verb, _ role: AccessRole, _ title: String) -> Route {
        let pattern = PathPattern(stringLiteral: "/destinations/{destination}/\(verb.rawValue)")
        return Route(.post, pattern, .needs(role, .organization), page: title) { visit in
            let fields = try visit.form()
            let scope = try await DestinationDeeds.scope(visit)
            let isConfirmed = fields["confirmed"] == "yes"
            let change = try await DestinationDeeds.carryOut(visit, verb, scope, isDryRun: !isConfirmed)
            guard isConfirmed else { return .html(question(visit, verb, change)) }
            return .seeOther(verb == .remove ? "/destinations" : path(scope))
        }
    }

    private static func path(_ scope: DestinationScope) -> String { "/destinations/\(scope.text)" }

    private static func list(_ visit: Visit) async throws -> HTML {
        let parts = try DestinationDeeds.parts(visit)
        let cursor = try EventQuery.read(
            "cursor", visit.request.query, "a cursor that a list gave", DestinationScope.init)
        let standings = try await parts.standings.standings(
            of: visit.scope, after: cursor, limit: pageSize + 1, at: visit.now)
        let shown = standings.prefix(pageSize).filter {
            $0.record != nil || parts.configured != nil || $0.waiting > 0
        }
        return Layout(section: "destinations", visit: visit).page(
            """
            \(PageTitle.html("Destinations", "Of those that fit an event, the narrowest gets it."))
            \(DataTable.html(
                "Destinations",
                [
                    .init("Whose events"), .init("To"), .init("Format"), .init("State"), .init("Waiting", isNumber: true),
                    .init("Oldest"), .init("Attempts, last hour", isNumber: true), .init("Failed", isNumber: true),
                ],
                rows: shown.map { row($0, DestinationView($0.scope, $0.record, parts), visit) },
                empty: EmptyState.html("No destination is set.", "Events wait until there is one.")))
            \(Pager.html(
                visit.request,
                next: standings.count > pageSize ? standings.prefix(pageSize).last?.scope.text : nil))
            \(visit.visitor.role < .admin ? HTML.nothing : another)
            """)
    }

    private static func row(_ standing: DestinationStanding, _ view: DestinationView, _ visit: Visit) -> [HTML] {
        [
            "<a class=\"id\" href=\"\(path(standing.scope))\">\(standing.scope.text)</a>",
            "\(view.to ?? "nowhere")", "\(view.record.format.rawValue)",
            view.kind == nil ? Badge.html("not set", .notice) : view.badge, "\(Count.text(standing.waiting))",
            standing.oldest.html { Moment.html($0, now: visit.now) }, "\(Count.text(standing.attempts))",
            "\(Count.text(standing.failedAttempts))",
        ]
    }

    private static let another: HTML = Card.html(
        "Set another",
        """
        <form class="form" method="get" action="/destinations">
        \(Form.text("name", "Whose events", hint: "clinic:UUID, integration:UUID, organization:UUID or default", isRequired: true))
        <p class="buttons">\(Form.button("Go on"))</p></form>
        """)

    private static func show(_ visit: Visit, _ scope: DestinationScope) async throws -> HTML {
        let parts = try DestinationDeeds.parts(visit)
        let standing = try await DestinationDeeds.standing(visit, scope)
        guard standing != nil || visit.visitor.role >= .admin else { throw DestinationDeeds.missing }
        let view = DestinationView(scope, standing?.record, parts)
        let title = "Destination \(scope.text)"
        return Layout(title, section: "destinations", visit: visit).page(
            """
            \(PageTitle.html(
                title, "Where these events go, unless a narrower destination takes them.",
                actions: standing == nil ? Badge.html("not set", .notice) : view.badge))
            \(done(visit, scope))
            <div class="columns">
            \(standing == nil ? Card.html("What it is", EmptyState.html("Its events go to the next wider one.")) : HTML.nothing)
            \(standing.html { standing in Card.html("What it is", view.facts) + Card.html("How it does", health(standing, visit)) })
            \(visit.visitor.role < .admin ? HTML.nothing : Card.html(
                standing == nil ? "Set it" : "Change it",
                DestinationForm.html(visit, view, revision: standing?.revision, isNew: standing == nil)))
            </div>
            """)
    }

    private static func done(_ visit: Visit, _ scope: DestinationScope) -> HTML {
        switch visit.request.query["done"] {
        case "set": Notice.html("Set. Running gateways follow within two seconds.", .good)
        case "secret":
            Notice.html(
                """
                Set, with a new secret that signs what is sent there. For the receiver, in clear: \
                <code>hookgate destinations show \(scope.text) --reveal</code>
                """, .good)
        default: .nothing
        }
    }

    private static func health(_ standing: DestinationStanding, _ visit: Visit) -> HTML {
        let isPaused = standing.record?.isPaused == true
        let path = path(standing.scope)
        let pause: HTML = Form.post(
            visit, to: "\(path)/\(isPaused ? "resume" : "pause")", Form.button(isPaused ? "Resume…" : "Pause…"))
        let remove: HTML =
            visit.visitor.role >= .admin && standing.record != nil
            ? Form.post(visit, to: "\(path)/remove", Form.button("Remove…", .bad)) : .nothing
        return """
            \(Facts.html([
                ("Waiting", "\(Count.text(standing.waiting))"),
                ("Oldest", standing.oldest.map { Moment.html($0, now: visit.now) }),
                ("Attempts in the last hour", "\(Count.text(standing.attempts))"),
                ("Of these, failed", "\(Count.text(standing.failedAttempts))"),
            ]))
            \(visit.visitor.role < .operator ? HTML.nothing : "<div class=\"buttons\">\(pause)\(remove)</div>")
            """
    }

    private static func question(_ visit: Visit, _ change: DestinationDeeds.Change, _ fields: FormFields) -> HTML {
        let scope = change.after.scope
        let kept = fields.pairs.filter { !["form_token", "confirmed"].contains($0.name) }
        let parts = visit.parts.delivery
        return ConfirmPage.html(
            visit, title: "Set the destination \(scope.text)?", section: "destinations",
            consequence: """
                \(parts.html { DestinationView(scope, change.after, $0).facts })
                <p>\(Count.text(change.waiting)) events wait for it now.</p>
                """, act: "Set", to: "\(path(scope))/set", fields: kept.html { Form.hidden($0.name, $0.value) },
            back: path(scope))
    }

    private static func question(
        _ visit: Visit, _ verb: DestinationDeeds.Verb, _ change: DestinationDeeds.Change
    ) -> HTML {
        let scope = change.after.scope
        let waiting: HTML = "<strong>\(Count.text(change.waiting))</strong> events wait for it now"
        let (act, consequence): (String, HTML) =
            switch verb {
            case .pause: ("Pause", "<p>\(waiting); more will, and none is lost.</p>")
            case .resume: ("Resume", "<p>\(waiting); they are delivered first.</p>")
            case .remove: ("Remove", "<p>\(waiting); they and all after them go to the next wider destination.</p>")
            }
        return ConfirmPage.html(
            visit, title: "\(act) the destination \(scope.text)?", section: "destinations", consequence: consequence,
            act: act, to: "\(path(scope))/\(verb.rawValue)", fields: .nothing, back: path(scope),
            isDangerous: verb == .remove)
    }
}
