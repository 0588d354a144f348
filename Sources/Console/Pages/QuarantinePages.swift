import HookgateCore

/// What is held back, by whose and why, and the two ways out of it.
enum QuarantinePages {
    private static let mostGroups = 200

    static let routes = [
        Route(.get, "/quarantine", .needs(.viewer, .organization), page: "Quarantine") { visit in
            let filter = try QuarantineQuery.filter(visit.request.query, scope: visit.scope)
            let groups = try await visit.parts.quarantine.groups(filter, limit: mostGroups)
            return .html(list(groups, visit))
        },
        Route(.post, "/quarantine/release", .needs(.operator, .organization), page: "Release") { visit in
            try await release(visit)
        },
        Route(.post, "/quarantine/discard", .needs(.operator, .organization), page: "Discard") { visit in
            try await discard(visit)
        },
    ]

    private static func list(_ groups: [QuarantineGroup], _ visit: Visit) -> HTML {
        let query = visit.request.query
        return Layout(section: "quarantine", visit: visit).page(
            """
            \(PageTitle.html("Quarantine", "Stored, answered with 200, and held back for a person."))
            \(Form.filter(
                "/quarantine",
                """
                \(Form.choice(
                    "reason", "Reason", QuarantineReason.allCases.map { ($0.rawValue, $0.rawValue) },
                    chosen: query["reason"]))
                \(Form.text("instance", "Instance", value: query["instance"]))
                """))
            \(DoneNotice.html(visit.request))
            \(DataTable.html(
                "Held events by reason and instance",
                [
                    .init("Reason"), .init("Instance"), .init("Events", isNumber: true), .init("Size", isNumber: true),
                    .init("Oldest"), .init(""),
                ],
                rows: groups.map { row($0, visit) },
                empty: EmptyState.html("Nothing is held back.", "What is odd and may be somebody's would be here.")))
            """)
    }

    private static func row(_ group: QuarantineGroup, _ visit: Visit) -> [HTML] {
        let instance = group.instanceName?.text
        return [
            Badge.html(group.reason, .notice), "\(instance ?? "nobody's")", "\(Count.text(group.events))",
            "\(Count.bytes(group.bytes))", Moment.html(group.oldest, now: visit.now),
            visit.visitor.role < .operator
                ? .nothing
                : """
                <div class="buttons">\(button("release", "Release…", group, visit))\
                \(button("discard", "Discard…", group, visit))</div>
                """,
        ]
    }

    private static func button(_ act: String, _ title: String, _ group: QuarantineGroup, _ visit: Visit) -> HTML {
        // A group without an instance is chosen by its reason alone, which others may share: the count says so.
        Form.post(
            visit, to: "/quarantine/\(act)",
            """
            \(Form.hidden("reason", group.reason))\(Form.hidden("instance", group.instanceName?.text))\
            <button class="quiet">\(title)</button>
            """)
    }

    private static func release(_ visit: Visit) async throws -> Reply {
        let fields = try visit.form()
        let filter = try QuarantineQuery.filter(fields, scope: visit.scope)
        let trusts = fields["trust_name"] == "yes"
        let isDryRun = fields["confirmed"] != "yes"
        let report = try await visit.parts.quarantine.release(
            filter, trustsName: trusts, isDryRun: isDryRun,
            act: QuarantineAct(actor: visit.actor, decidedAt: visit.now, note: nil))
        guard isDryRun else {
            let refused = report.refused.values.reduce(0, +)
            return .seeOther(DoneNotice(.released, report.released, refused).on("/quarantine"))
        }
        return .html(
            ConfirmPage.html(
                visit, title: "Release \(Count.text(report.released)) held events?", section: "quarantine",
                consequence: """
                    <p>Each was decided anew, as if it came now: \(Count.text(report.released)) would go to their \
                    integrations.</p>
                    \(DataTable.html(
                        "What stays held", [.init("Reason"), .init("Events", isNumber: true)],
                        rows: report.refused.sorted { $0.key.word < $1.key.word }.map {
                            [Badge.html($0.key.word, .notice), "\(Count.text($0.value))"]
                        }, empty: .nothing))
                    """,
                act: "Release", to: "/quarantine/release", fields: kept(fields), back: "/quarantine"))
    }

    private static func discard(_ visit: Visit) async throws -> Reply {
        let fields = try visit.form()
        let filter = try QuarantineQuery.filter(fields, scope: visit.scope)
        let isDryRun = fields["confirmed"] != "yes"
        let note = fields["note"]
        guard isDryRun || note != nil else { throw ConsoleError.badRequest("Say why.") }
        let count = try await visit.parts.quarantine.discard(
            filter, isDryRun: isDryRun, act: QuarantineAct(actor: visit.actor, decidedAt: visit.now, note: note))
        guard isDryRun else {
            return .seeOther(DoneNotice(.discarded, count).on("/quarantine"))
        }
        return .html(
            ConfirmPage.html(
                visit, title: "Discard \(Count.text(count)) held events?", section: "quarantine",
                consequence: "<p>They are never delivered. Their rows stay, with your reason.</p>", act: "Discard",
                to: "/quarantine/discard",
                fields: "\(kept(fields))\(Form.text("note", "Why", hint: "for the audit log", isRequired: true))",
                back: "/quarantine", isDangerous: true))
    }

    private static func kept(_ fields: FormFields) -> HTML {
        ["reason", "instance", "trust_name"].html { Form.hidden($0, fields[$0]) }
    }
}

/// The filters of what is held, for page and API alike. Narrowed to what the visitor may see.
enum QuarantineQuery {
    static func filter(_ fields: FormFields, scope: OrganizationID?) throws(ConsoleError) -> QuarantineFilter {
        var filter = QuarantineFilter()
        filter.organization = scope
        filter.reason = try EventQuery.read(
            "reason", fields, "a reason of the quarantine", QuarantineReason.init(rawValue:))
        filter.instance = fields["instance"].map { InstanceName($0) }
        filter.clinic = try EventQuery.read("clinic_id", fields, "a UUID", ClinicID.init)
        filter.receivedFrom = try EventQuery.read("since", fields, "a time as in 2026-03-01T08:30:00Z", EventQuery.time)
        return filter
    }
}
