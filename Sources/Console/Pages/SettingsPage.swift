import HookgateCore

/// The effective configuration, masked, and who has access.
enum SettingsPage {
    /// Of users and of keys; the rest is on pages of their own.
    private static let mostShown = 20

    static let routes = [
        Route(.get, "/settings", .needs(.operator), page: "Settings") { visit in
            let access = visit.visitor.role == .admin ? try await cards(visit) : HTML.nothing
            return .html(
                Layout(section: "settings", visit: visit).page(
                    """
                    \(PageTitle.html(
                        "Settings", "What applies in this process, and where each value came from.",
                        actions: "<a class=\"button\" href=\"/account\">Your access</a>"))
                    \(access)
                    \(Card.html("Configuration", table(visit.parts.settings)))
                    """))
        }
    ]

    private static func cards(_ visit: Visit) async throws -> HTML {
        let users = try await visit.parts.users.users(after: nil, limit: mostShown, at: visit.now)
        let keys = try await visit.parts.keys.keys(of: nil, after: nil, limit: mostShown)
        return """
            \(Card.html(
                "Users", aside: "<a class=\"button\" href=\"/settings/users\">All users, and a new one</a>",
                UserPages.table(users, visit)))
            \(Card.html(
                "Keys", aside: "<a class=\"button\" href=\"/settings/keys\">All keys, and a new one</a>",
                KeyPages.table(keys, visit)))
            """
    }

    private static func table(_ settings: [ConsoleSetting]) -> HTML {
        DataTable.html(
            "Settings", [.init("Setting"), .init("Value"), .init("From")],
            rows: settings.map { setting in
                [
                    "<code>\(setting.name)</code>",
                    setting.value.map { "<code class=\"wrap\">\($0)</code>" } ?? "<span class=\"note\">not set</span>",
                    "\(setting.origin ?? "")",
                ]
            }, empty: EmptyState.html("There are no settings."))
    }
}
