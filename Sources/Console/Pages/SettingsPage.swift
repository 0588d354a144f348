import FoundationEssentials
import HookgateCore

/// The effective configuration, masked, and who has access.
enum SettingsPage {
    static let routes = [
        Route(.get, "/settings", .needs(.operator), page: "Settings") { visit in
            let keys = visit.visitor.role == .admin ? try await visit.parts.keys.keys() : []
            return .html(
                Layout(section: "settings", visit: visit).page(
                    """
                    \(PageTitle.html("Settings", "What applies in this process, and where each value came from."))
                    \(visit.visitor.role == .admin ? Card.html("Keys", table(keys, visit)) : HTML.nothing)
                    \(Card.html("Configuration", table(visit.parts.settings)))
                    """))
        }
    ]

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

    private static func table(_ keys: [AccessKeyRecord], _ visit: Visit) -> HTML {
        DataTable.html(
            "Keys",
            [.init("Name"), .init("Role"), .init("Sees"), .init("Made"), .init("Last used"), .init("State")],
            rows: keys.map { key in
                [
                    "\(key.name)", Badge.html(key.role.rawValue), "\(key.organization?.text ?? "everything")",
                    Moment.html(key.createdAt, now: visit.now),
                    key.lastUsedAt.map { Moment.html($0, now: visit.now) } ?? "never",
                    Badge.html(key, now: visit.now),
                ]
            },
            empty: EmptyState.html("There is no key.", "Make one: <code>hookgate keys create NAME --role viewer</code>")
        )
    }
}

extension Badge {
    fileprivate static func html(_ key: AccessKeyRecord, now: Date) -> HTML {
        if key.revokedAt != nil { return html("revoked", .bad) }
        if let end = key.expiresAt, end <= now { return html("expired", .notice) }
        return html("good", .good)
    }
}
