import FoundationEssentials
import HookgateCore

/// Who has access: people, what they may, and the links that let them in. For admins of all organizations.
enum UserPages {
    private static let pageSize = 100

    static let routes: [Route] = [
        Route(.get, "/settings/users", .needs(.admin), page: "Users") { visit in try await .html(list(visit)) },
        Route(.post, "/settings/users", .needs(.admin), page: "New user") { visit in
            let fields = try visit.form()
            let user = try await UserDeeds.create(
                visit, name: fields["name"] ?? "", displayName: fields["display_name"],
                role: try role(fields) ?? .viewer, scope: AccessScope(try organization(fields)))
            return .seeOther(path(user.name))
        },
        Route(.get, "/settings/users/{name}", .needs(.admin), page: "User") { visit in try await .html(show(visit)) },
        Route(.post, "/settings/users/{name}/invite", .needs(.admin), page: "Invite a user") { visit in
            .html(invited(visit, try await UserDeeds.invite(visit)))
        },
        Route(.post, "/settings/users/{name}/set", .needs(.admin), page: "Change a user") { visit in
            let fields = try visit.form()
            var change = UserChange(role: try role(fields))
            // A field that is left empty says something only where the whole form came.
            if fields["whole"] != nil {
                change.scope = AccessScope(try organization(fields))
                change.displayName = fields["display_name"] ?? ""
            }
            return try await carryOut(visit, "set", change, fields)
        },
        Route(.post, "/settings/users/{name}/disable", .needs(.admin), page: "Disable a user") { visit in
            try await carryOut(visit, "disable", UserChange(isDisabled: true), try visit.form())
        },
        Route(.post, "/settings/users/{name}/enable", .needs(.admin), page: "Enable a user") { visit in
            try await carryOut(visit, "enable", UserChange(isDisabled: false), try visit.form())
        },
    ]

    static func path(_ name: UserName) -> String { "/settings/users/\(PercentText.encoded(name.text))" }

    static func role(_ fields: FormFields) throws(ConsoleError) -> AccessRole? {
        try EventQuery.read("role", fields, "a role", AccessRole.init(rawValue:))
    }

    static func organization(_ fields: FormFields) throws(ConsoleError) -> OrganizationID? {
        try EventQuery.read("organization", fields, "a UUID", OrganizationID.init)
    }

    private static func carryOut(
        _ visit: Visit, _ verb: String, _ change: UserChange, _ fields: FormFields
    ) async throws -> Reply {
        let isConfirmed = fields["confirmed"] == "yes"
        let found = try await UserDeeds.change(visit, change, isDryRun: !isConfirmed)
        guard isConfirmed || found.isUnchanged else { return .html(question(visit, verb, found, fields)) }
        return .seeOther(path(found.user.name))
    }

    private static func question(
        _ visit: Visit, _ verb: String, _ change: UserDeeds.Change, _ fields: FormFields
    ) -> HTML {
        let (user, back) = (change.user, path(change.user.name))
        let kept = fields.pairs.filter { !["form_token", "confirmed"].contains($0.name) }
        let consequence: HTML =
            switch verb {
            case "disable":
                """
                <p>\(change.ended.words.map { "\($0) end at once" } ?? "There is no key, link or session to end"), and \
                for good: whoever is enabled again gets a new link.</p>
                """
            case "enable": "<p>They can be invited again. Their old keys and links stay ended.</p>"
            default: "\(facts(user, visit))<p>Sessions and keys go on, and may this from then on.</p>"
            }
        return ConfirmPage.html(
            visit, title: "\(verb == "set" ? "Change" : verb.capitalizedFirst) \(user.name.text)?", section: "settings",
            consequence: consequence, act: verb == "set" ? "Change" : verb.capitalizedFirst, to: "\(back)/\(verb)",
            fields: kept.html { Form.hidden($0.name, $0.value) }, back: back, isDangerous: verb == "disable")
    }

    private static func list(_ visit: Visit) async throws -> HTML {
        let page = try await UserDeeds.page(visit, usual: pageSize)
        return Layout(section: "settings", visit: visit).page(
            """
            \(PageTitle.html("Users", "People who have access, by a personal key or a link that signs them in once."))
            \(Card.html("All users", table(page.users, visit)))
            \(Pager.html(visit.request, next: page.next?.text))
            \(Card.html("New user", create(visit)))
            """)
    }

    static func table(_ users: [UserRecord], _ visit: Visit) -> HTML {
        DataTable.html(
            "Users",
            [
                .init("Name"), .init("Called"), .init("Role"), .init("Sees"), .init("Keys", isNumber: true),
                .init("Last seen"), .init("State"),
            ],
            rows: users.map { user in
                [
                    "<a href=\"\(path(user.name))\">\(user.name.text)</a>", "\(user.displayName ?? "")",
                    Badge.html(user.role.rawValue), "\(user.scope.words)", "\(user.keys)",
                    user.lastSeenAt.map { Moment.html($0, now: visit.now) } ?? "never", badge(user),
                ]
            }, empty: EmptyState.html("There is no user.", "Whoever has access has it by a key that is nobody's."))
    }

    private static func badge(_ user: UserRecord) -> HTML {
        user.isDisabled ? Badge.html("disabled", .bad) : Badge.html("good", .good)
    }

    private static func create(_ visit: Visit) -> HTML {
        Form.post(
            visit, to: "/settings/users",
            """
            \(Form.text("name", "Name", hint: "ana, or ana@clinic.example", isRequired: true))
            \(Form.text("display_name", "What people call them"))
            \(Form.select("role", "Role", AccessRole.allCases.map(\.rawValue), AccessRole.viewer.rawValue))
            \(Form.text("organization", "Organization", hint: "empty: everything"))
            <p class="buttons">\(Form.button("Create", .good))</p>
            """)
    }

    private static func show(_ visit: Visit) async throws -> HTML {
        let user = try await UserDeeds.user(visit)
        let page = try await KeyDeeds.page(visit, of: user.name, usual: pageSize)
        return Layout("User \(user.name.text)", section: "settings", visit: visit).page(
            """
            \(PageTitle.html("User \(user.name.text)", "\(user.displayName ?? "")", actions: badge(user)))
            <div class="columns">
            \(Card.html("What they may", facts(user, visit)))
            \(Card.html("The way in", wayIn(user, visit)))
            \(user.isDisabled ? HTML.nothing : Card.html("Change", change(user, visit)))
            </div>
            \(Card.html("Keys", KeyPages.table(page.keys, visit)))
            \(Pager.html(visit.request, next: page.next?.text))
            <p><a class="button" href="/settings/users">All users</a></p>
            """)
    }

    static func facts(_ user: UserRecord, _ visit: Visit) -> HTML {
        Facts.html([
            ("Role", Badge.html(user.role.rawValue)), ("Sees", "\(user.scope.words)"),
            ("Called", user.displayName.map { "\($0)" }),
            ("Created", "\(Moment.html(user.createdAt, now: visit.now)) by \(user.createdBy)"),
            ("Last seen", user.lastSeenAt.map { Moment.html($0, now: visit.now) } ?? "never"),
            (
                "Disabled",
                user.disabledAt.map { "\(Moment.html($0, now: visit.now)) by \(user.disabledBy ?? "")" }
            ),
        ])
    }

    private static func wayIn(_ user: UserRecord, _ visit: Visit) -> HTML {
        let path = path(user.name)
        guard !user.isDisabled else {
            return "<p>They are not let in.</p>\(Form.post(visit, to: "\(path)/enable", Form.button("Enable…", .good)))"
        }
        return """
            <p>A link signs in once and is good for a day. A new one ends the one before.</p>
            \(Form.post(visit, to: "\(path)/invite", Form.button("Invite", .good)))
            \(KeyPages.create(visit, for: user.name.text))
            \(Form.post(visit, to: "\(path)/disable", Form.button("Disable…", .bad)))
            """
    }

    private static func change(_ user: UserRecord, _ visit: Visit) -> HTML {
        Form.post(
            visit, to: "\(path(user.name))/set",
            """
            <input type="hidden" name="whole" value="yes">
            \(Form.select("role", "Role", AccessRole.allCases.map(\.rawValue), user.role.rawValue))
            \(Form.text(
                "organization", "Organization", value: user.scope.organization?.text, hint: "empty: everything"))
            \(Form.text("display_name", "What people call them", value: user.displayName))
            <p class="buttons">\(Form.button("Change…", .good))</p>
            """)
    }

    private static func invited(_ visit: Visit, _ invited: UserDeeds.Invited) -> HTML {
        let title = "Invite \(invited.user.name.text)"
        return Layout(title, section: "settings", visit: visit).page(
            """
            \(PageTitle.html(title, "For \(invited.user.title) alone: whoever opens it is them."))
            \(Notice.html("This is shown once. Nobody can read it again, neither here nor in the database.", .bad))
            \(Card.html(
                "The link",
                """
                <pre>\(HTML.lines(invited.address))</pre>
                <p>It signs in once, until \(Moment.exact(invited.end)).</p>
                <p class="buttons"><button type="button" data-copy="\(invited.address)">Copy</button> \
                <a class="button quiet" href="\(path(invited.user.name))">Back to the user</a></p>
                """))
            """)
    }
}

extension String {
    /// A verb as a button has it.
    fileprivate var capitalizedFirst: String { self.prefix(1).uppercased() + self.dropFirst() }
}
