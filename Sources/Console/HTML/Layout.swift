import HookgateCore

/// The frame of every page: the way around, who is signed in, and the page itself.
struct Layout {
    let title: String
    /// Which entry of the navigation is the current one: the first part of its path.
    let section: String
    /// Nil on pages for those who are not signed in.
    let visit: Visit?

    init(_ title: String, section: String = "", visit: Visit?) {
        self.title = title
        self.section = section
        self.visit = visit
    }

    /// Under the title of the route.
    init(section: String = "", visit: Visit) {
        self.init(visit.title, section: section, visit: visit)
    }

    /// - Parameter head: what this page alone has in its head.
    func page(_ content: HTML, head: HTML = .nothing) -> HTML {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>\(title) · hookgate</title>
        <link rel="stylesheet" href="\(Assets.stylesheet.path)">
        <link rel="icon" href="\(Assets.icon.path)" type="image/svg+xml">
        <script src="\(Assets.script.path)" defer></script>
        \(head)
        </head>
        <body>
        <a class="skip" href="#content">Skip to the page</a>
        \(visit == nil ? HTML.nothing : header)
        <main id="content" tabindex="-1">
        \(content)
        </main>
        </body>
        </html>
        """
    }

    private var header: HTML {
        """
        <header class="top">
        <a class="brand" href="/">\(Self.mark)<span>hookgate</span></a>
        <nav aria-label="Pages">
        \(entries.html { entry in
            """
            <a href="\(entry.path)"\(entry.section == section ? " aria-current=\"page\"" : "")>\(entry.title)</a>
            """ })
        </nav>
        \(account)
        </header>
        """
    }

    private var account: HTML {
        guard let visit else { return .nothing }
        return """
            <form class="account" method="post" action="/logout">
            \(Form.token(visit))
            <a class="who" href="/account" title="\(visit.visitor.role.rawValue)">\(visit.visitor.name)</a>
            <button class="quiet">Sign out</button>
            </form>
            """
    }

    /// What this visitor may open.
    private var entries: [NavigationEntry] {
        guard let visit else { return [] }
        return NavigationEntry.all(visit.parts).filter { entry in
            visit.visitor.role >= entry.role && (entry.isForOneOrganization || visit.scope == nil)
        }
    }

    /// A gate with a hook through it.
    private static let mark: HTML = """
        <svg class="mark" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">\
        <path d="M4 21V9a8 8 0 0 1 16 0v12" fill="none" stroke="currentColor" stroke-width="2.4" stroke-linecap="round"/>\
        <path d="M12 7v8a3 3 0 0 1-6 0" fill="none" stroke="currentColor" stroke-width="2.4" stroke-linecap="round"/>\
        <circle cx="17" cy="15" r="1.6" fill="currentColor"/></svg>
        """
}

/// One entry of the navigation. A new page adds its own here.
struct NavigationEntry {
    let title: String
    let path: String
    let role: AccessRole
    let isForOneOrganization: Bool

    init(_ title: String, _ path: String, _ role: AccessRole = .viewer, isForOneOrganization: Bool = false) {
        self.title = title
        self.path = path
        self.role = role
        self.isForOneOrganization = isForOneOrganization
    }

    var section: String { String(path.dropFirst()) }

    static func all(_ parts: ConsoleParts) -> [NavigationEntry] {
        [
            NavigationEntry("Fleet", "/", isForOneOrganization: true),
            parts.integrations.map { _ in
                NavigationEntry("Integrations", "/integrations", isForOneOrganization: true)
            },
            NavigationEntry("Events", "/events", isForOneOrganization: true),
            NavigationEntry("Quarantine", "/quarantine", isForOneOrganization: true),
            parts.delivery.map { _ in
                NavigationEntry("Destinations", "/destinations", isForOneOrganization: true)
            },
            parts.board.map { _ in NavigationEntry("Migration", "/migration") },
            NavigationEntry("Webhooks", "/switch-over"),
            parts.cleanup.map { _ in NavigationEntry("Clean-up", "/cleanup") },
            NavigationEntry("Doctor", "/doctor"),
            NavigationEntry("Audit log", "/audit", .operator),
            NavigationEntry("Settings", "/settings", .operator),
        ].compactMap(\.self)
    }
}
