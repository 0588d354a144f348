import FoundationEssentials
import HookgateCore

/// The keys, those of users and those that are nobody's. For admins of all organizations.
enum KeyPages {
    private static let pageSize = 100

    static let routes: [Route] = [
        Route(.get, "/settings/keys", .needs(.admin), page: "Keys") { visit in try await .html(list(visit)) },
        Route(.post, "/settings/keys", .needs(.admin), page: "New key") { visit in
            let fields = try visit.form()
            let user = fields["user"]
            let wish = KeyDeeds.Wish(
                name: fields["name"] ?? "", role: user == nil ? try UserPages.role(fields) ?? .viewer : nil,
                organization: user == nil ? try UserPages.organization(fields) : nil, user: user,
                expiresAt: try end(fields, visit))
            let back = user.flatMap { UserName($0) }.map { UserPages.path($0) } ?? "/settings/keys"
            return .html(made(visit, try await KeyDeeds.make(visit, wish), section: "settings", back: back))
        },
        Route(.post, "/settings/keys/{key}/revoke", .needs(.admin), page: "Revoke a key") { visit in
            let isConfirmed = try visit.form()["confirmed"] == "yes"
            let (key, ended) = try await KeyDeeds.revoke(visit, visit.parameter("key"), isDryRun: !isConfirmed)
            let back = key.user.map { UserPages.path($0) } ?? "/settings/keys"
            guard isConfirmed else {
                return .html(
                    question(visit, key, ended, section: "settings", to: "/settings/keys/\(key.id.text)/revoke", back))
            }
            return .seeOther(back)
        },
    ]

    /// When it is to end, by how many days it lasts.
    static func end(_ fields: FormFields, _ visit: Visit) throws(ConsoleError) -> Date? {
        try EventQuery.read("days", fields, "a number of days from 1 to 3650") { text in
            Int(text).flatMap { (1...3_650).contains($0) ? $0 : nil }
        }.map { visit.now.addingTimeInterval(TimeInterval($0) * 86_400) }
    }

    private static func list(_ visit: Visit) async throws -> HTML {
        let page = try await KeyDeeds.page(visit, usual: pageSize)
        return Layout(section: "settings", visit: visit).page(
            """
            \(PageTitle.html("Keys", "Bearer tokens of the API, and ways into the console; of each only a digest is kept."))
            \(Card.html("All keys", table(page.keys, visit)))
            \(Pager.html(visit.request, next: page.next?.text))
            \(Card.html("New key that is nobody's", create(visit, for: nil)))
            """)
    }

    /// - Parameter user: whose key it is to be; nil for one that is nobody's, which has a role of its own.
    static func create(_ visit: Visit, for user: String?) -> HTML {
        let own: HTML = """
            \(Form.select("role", "Role", AccessRole.allCases.map(\.rawValue), AccessRole.viewer.rawValue))
            \(Form.text("organization", "Organization", hint: "empty: everything"))
            """
        return Form.post(
            visit, to: "/settings/keys",
            """
            \(Form.hidden("user", user))
            \(Form.text("name", "Name of the key", hint: "for a script, or a machine", isRequired: true))
            \(user == nil ? own : HTML.nothing)
            \(Form.text("days", "Days until it ends", hint: "empty: never"))
            <p class="buttons">\(Form.button("Make a key", .good))</p>
            """)
    }

    static func table(_ keys: [AccessKeyRecord], _ visit: Visit, path: String? = "/settings/keys") -> HTML {
        DataTable.html(
            "Keys",
            [
                .init("Name"), .init("Whose"), .init("Role"), .init("Sees"), .init("Made"), .init("Last used"),
                .init("State"), .init("End"),
            ],
            rows: keys.map { key in
                [
                    "\(key.name)", "\(key.user?.text ?? "nobody's")", Badge.html(key.role.rawValue),
                    "\(AccessScope(key.organization).words)", Moment.html(key.createdAt, now: visit.now),
                    key.lastUsedAt.map { Moment.html($0, now: visit.now) } ?? "never",
                    Badge.html(key, now: visit.now),
                    key.revokedAt == nil
                        ? path.html { path in
                            Form.post(visit, to: "\(path)/\(key.id.text)/revoke", Form.button("Revoke…"))
                        } : HTML.nothing,
                ]
            },
            empty: EmptyState.html("There is no key.", "Make one: <code>hookgate keys create NAME --role viewer</code>")
        )
    }

    static func question(
        _ visit: Visit, _ key: AccessKeyRecord, _ ended: EndedAccess, section: String, to path: String, _ back: String
    ) -> HTML {
        ConfirmPage.html(
            visit, title: "Revoke \(key.name)?", section: section,
            consequence: "<p>Whoever uses it is refused from now on. What ends: \(ended.words ?? "nothing").</p>",
            act: "Revoke",
            to: path, fields: .nothing, back: back, isDangerous: true)
    }

    static func made(_ visit: Visit, _ made: KeyDeeds.Made, section: String, back: String) -> HTML {
        let title = "New key \(made.record.name)"
        return Layout(title, section: section, visit: visit).page(
            """
            \(PageTitle.html(title, "Of role \(made.record.role.rawValue), sees \(AccessScope(made.record.organization).words)."))
            \(Notice.html("This is shown once. Nobody can read it again, neither here nor in the database.", .bad))
            \(Card.html(
                "The key",
                """
                <pre>\(HTML.lines(made.secret.secretText))</pre>
                <p class="buttons"><button type="button" data-copy="\(made.secret.secretText)">Copy</button> \
                <a class="button quiet" href="\(back)">Back</a></p>
                """))
            """)
    }
}

extension Badge {
    fileprivate static func html(_ key: AccessKeyRecord, now: Date) -> HTML {
        if key.revokedAt != nil { return html("revoked", .bad) }
        if let end = key.expiresAt, end <= now { return html("expired", .notice) }
        return html("good", .good)
    }
}
