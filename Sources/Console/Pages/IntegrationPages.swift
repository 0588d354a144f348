import FoundationEssentials
import HookgateCore

/// Integrations: the list, and one with its history and what its Evolution server says now.
enum IntegrationPages {
    private static let pageSize = 100

    static func routes(_ integrations: any IntegrationUseCases, _ desk: WorkDesk) -> [Route] {
        [
            Route(.get, "/integrations", .needs(.viewer, .organization), page: "Integrations") { visit in
                var query = try IntegrationQueryFields.query(visit.request.query, scope: visit.scope)
                query.limit = pageSize
                return .html(list(try await integrations.list(query), visit))
            },
            Route(.get, "/integrations/{id}", .needs(.viewer, .organization), page: "Integration") { visit in
                let detail = try await detail(visit, integrations)
                let life = try await LifeView(detail, visit, hasServers: !integrations.serverNames.isEmpty)
                let tokens = try await TokenSection.html(visit, detail.integration.id, desk)
                return .html(show(detail, life, tokens, visit))
            },
        ]
    }

    /// One that this visitor may see.
    static func detail(_ visit: Visit, _ integrations: any IntegrationUseCases) async throws -> IntegrationDetail {
        let id: IntegrationID = try visit.identifier("id", of: "integration")
        do {
            let detail = try await integrations.show(id.text)
            guard visit.sees(detail.integration.organizationID) else { throw Self.missing }
            return detail
        } catch IntegrationError.unknown {
            throw Self.missing
        } catch let error as IntegrationError {
            throw ConsoleError(error, seesAll: visit.scope == nil)
        }
    }

    private static let missing = ConsoleError.notFound("There is no integration of that id.")

    private static func list(_ page: IntegrationPage, _ visit: Visit) -> HTML {
        let query = visit.request.query
        return Layout(section: "integrations", visit: visit).page(
            """
            \(PageTitle.html(
                "Integrations", "Each is one instance at Evolution, and belongs to one clinic.",
                actions: visit.visitor.role < .operator
                    ? HTML.nothing : "<a class=\"button\" href=\"/integrations/new\">New integration</a>"))
            \(DoneNotice.html(visit.request))
            \(Form.filter(
                "/integrations",
                """
                \(Form.text("text", "Name or last digits", value: query["text"]))
                \(Form.choice(
                    "status", "State", IntegrationStatus.allCases.map { ($0.rawValue, $0.rawValue) },
                    chosen: query["status"]))
                \(Form.choice("enabled", "Receives", [("yes", "enabled"), ("no", "disabled")], chosen: query["enabled"]))
                \(Form.text("clinic_id", "Clinic", value: query["clinic_id"], hint: "UUID"))
                """))
            \(DataTable.html(
                "Integrations",
                [
                    .init("Clinic"), .init("Instance"), .init("State"), .init("Number"), .init("Last webhook"),
                    .init("Server"),
                ],
                rows: page.integrations.map { row($0, visit) },
                empty: EmptyState.html("No integration matches.", "Widen the filters.")))
            \(Pager.html(visit.request, next: page.next?.text))
            """)
    }

    private static func row(_ integration: IntegrationSummary, _ visit: Visit) -> [HTML] {
        [
            "<a href=\"/integrations/\(integration.id.text)\">\(integration.title)</a>",
            "<code>\(integration.instanceName?.text ?? "")</code>", state(integration),
            "\(MaskedNumber.text(integration.phoneNumber))",
            integration.lastSeenAt.map { Moment.html($0, now: visit.now) } ?? "never", "\(integration.server ?? "")",
        ]
    }

    private static func state(_ integration: IntegrationSummary) -> HTML {
        """
        \(Badge.html(integration.statusWord ?? "unknown", tone(integration.status))) \
        \(integration.isEnabled ? HTML.nothing : Badge.html("disabled", .notice)) \
        \(integration.underWay.html { Badge.html($0 == .create ? "being created" : "being deleted", .notice) })
        """
    }

    private static func tone(_ status: IntegrationStatus?) -> Tone {
        switch status {
        case .active: .good
        case .pending, nil: .plain
        case .disconnected: .notice
        case .error: .bad
        }
    }

    private static func show(_ detail: IntegrationDetail, _ life: LifeView, _ tokens: HTML, _ visit: Visit) -> HTML {
        let integration = detail.integration
        return Layout(integration.title, section: "integrations", visit: visit).page(
            """
            \(PageTitle.html(integration.title, "<code>\(integration.id.text)</code>", actions: state(integration)))
            \(life.notices)
            <div class="columns">
            \(Card.html("Facts", facts(detail, visit)))
            \(Card.html("At Evolution", evolution(detail.evolution)))
            \(Card.html("History", history(detail.history, visit)))
            \(life.traffic.isEmpty ? HTML.nothing : life.days)
            </div>
            \(life.latestEvents)
            \(life.acts)
            \(tokens)
            \(integration.instanceName.html { name in
                "<p><a class=\"button\" href=\"/events?instance=\(PercentText.encoded(name.text))\">Its events</a></p>" })
            """)
    }

    private static func facts(_ detail: IntegrationDetail, _ visit: Visit) -> HTML {
        let integration = detail.integration
        return Facts.html([
            ("Instance", integration.instanceName.map { "<code>\($0.text)</code>" }),
            ("Clinic", integration.clinicName.map { "\($0)" }),
            ("Clinic id", integration.clinicID.map { "<code>\($0.text)</code>" }),
            ("Organization", integration.organizationID.map { "<code>\($0.text)</code>" }),
            ("Number", "\(MaskedNumber.text(integration.phoneNumber))"),
            ("Last webhook", integration.lastSeenAt.map { Moment.html($0, now: visit.now) }),
            ("Webhook URL", detail.maskedWebhookURL.map { LifeView.url($0) }),
            ("Token", detail.tokenFingerprint.map { "fingerprint <code>\($0)</code>" }),
        ])
    }

    private static func evolution(_ view: EvolutionView) -> HTML {
        switch view {
        case .notAsked: EmptyState.html("No server was asked.", "Configure one: EVOLUTION_API_URL.")
        case .absent: Notice.html("No configured server has this instance.", .bad)
        case .onSeveralServers(let names): Notice.html("On several servers: \(names.joined(separator: ", ")).", .bad)
        case .unknown(let server, let failure): Notice.html("\(server) does not say: \(failure.description)", .notice)
        case .present(let server, let connection, let finding):
            Facts.html([
                ("Server", "\(server)"), ("Connection", "\(connection.description)"),
                ("Webhook", "\(Badge.html(finding.word, finding.isWell ? .good : .notice)) \(finding.meaning)"),
            ])
        }
    }

    private static func history(_ changes: [StatusChange], _ visit: Visit) -> HTML {
        guard !changes.isEmpty else { return EmptyState.html("Nothing is known of earlier states.") }
        return """
            <ol class="timeline">\(changes.html { change in
                """
                <li>\(Moment.exact(change.at)) \(Badge.html(change.to.rawValue, tone(change.to))) \
                \(change.reason.rawValue) <span class="note">\(source(change.source, visit))</span>\(change.reason.remedy.html { "<br><span class=\"note\">\($0)</span>" })</li>
                """ })</ol>
            """
    }

    /// Who gave a command is nobody's business who sees one organization: it may be another's key.
    private static func source(_ source: StatusSource, _ visit: Visit) -> HTML {
        switch source {
        case .event(let id): "<a href=\"/events/\(id.text)\">an event</a>"
        case .command where visit.scope != nil: "by a command"
        case .command, .poll, .found: "\(source.description)"
        }
    }
}

/// The filters of a list of integrations, for page and API alike. Narrowed to what the visitor may see.
enum IntegrationQueryFields {
    static func query(_ fields: FormFields, scope: OrganizationID?) throws(ConsoleError) -> IntegrationQuery {
        var query = IntegrationQuery()
        query.organization = scope
        query.clinic = try EventQuery.read("clinic_id", fields, "a UUID", ClinicID.init)
        query.status = try EventQuery.read(
            "status", fields, "a state of integrations", IntegrationStatus.init(rawValue:))
        query.isEnabled = try EventQuery.read("enabled", fields, "yes or no") { ["yes": true, "no": false][$0] }
        query.text = fields["text"]
        query.cursor = try EventQuery.read("cursor", fields, "a cursor that a list gave", IntegrationCursor.init)
        return query
    }
}

/// A telephone number as far as it is shown: the last four digits.
enum MaskedNumber {
    static func text(_ number: String?) -> String {
        guard let number, !number.isEmpty else { return "" }
        return "…\(number.suffix(4))"
    }
}
