import FoundationEssentials
import HookgateCore

/// What whoever is signed in may, and a user's own keys: so that nobody else ever sees these.
enum AccountPages {
    private static let pageSize = 100

    static let routes: [Route] = [
        Route(.get, "/account", .needs(.viewer, .organization), page: "Your access") { visit in
            try await .html(show(visit))
        },
        Route(.post, "/account/keys", .needs(.viewer, .organization), page: "New key of yours") { visit in
            let fields = try visit.form()
            let wish = KeyDeeds.Wish(name: fields["name"] ?? "", expiresAt: try KeyPages.end(fields, visit))
            let made = try await KeyDeeds.make(visit, wish, of: try await UserDeeds.myself(visit))
            return .html(KeyPages.made(visit, made, section: "account", back: "/account"))
        },
        Route(.post, "/account/keys/{key}/revoke", .needs(.viewer, .organization), page: "Revoke a key of yours") {
            visit in
            let isConfirmed = try visit.form()["confirmed"] == "yes"
            let (key, ended) = try await KeyDeeds.revokeMine(visit, visit.parameter("key"), isDryRun: !isConfirmed)
            guard isConfirmed else {
                return .html(
                    KeyPages.question(
                        visit, key, ended, section: "account", to: "/account/keys/\(key.id.text)/revoke", "/account"))
            }
            return .seeOther("/account")
        },
    ]

    private static func show(_ visit: Visit) async throws -> HTML {
        let visitor = visit.visitor
        let keys = visitor.key == nil ? HTML.nothing : try await ownKeys(visit)
        return Layout(section: "account", visit: visit).page(
            """
            \(PageTitle.html("Your access", "What you may here, and by what you get in."))
            \(Card.html(
                "What you may",
                Facts.html([
                    (visitor.key == nil ? "Key" : "User", "\(visitor.name)"), ("Role", Badge.html(visitor.role.rawValue)),
                    ("Sees", "\(AccessScope(visitor.organization).words)"), ("Signed in by", visitor.key.map { "\($0)" }),
                ])))
            \(keys)
            """)
    }

    private static func ownKeys(_ visit: Visit) async throws -> HTML {
        let page = try await KeyDeeds.page(visit, of: UserName(kept: visit.visitor.name), usual: pageSize)
        return """
            \(Card.html("Your keys", KeyPages.table(page.keys, visit, path: "/account/keys")))
            \(Pager.html(visit.request, next: page.next?.text))
            \(Card.html(
                "New key",
                Form.post(
                    visit, to: "/account/keys",
                    """
                    <p>It signs you in, and is a bearer token of the API. Keep it where you keep passwords.</p>
                    \(Form.text("name", "Name of the key", hint: "ana's laptop", isRequired: true))
                    \(Form.text("days", "Days until it ends", hint: "empty: never"))
                    <p class="buttons">\(Form.button("Make a key", .good))</p>
                    """)))
            """
    }
}
