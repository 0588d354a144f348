import HookgateCore

/// One thing that the console answers: which requests, for whom, and how.
///
/// Whoever adds a route says who may use it; there is no route without that. A page and an endpoint are added alike:
///
///     Route(.get, "/events/{id}", .needs(.viewer), page: "One event") { visit in … }
///     Route(.get, "/api/v1/events/{id}", .needs(.viewer), api: APIOperation("Show one event")) { visit in … }
struct Route: Sendable {
    enum Method: String, Sendable, CaseIterable {
        case get = "GET"
        case post = "POST"
        case delete = "DELETE"
    }

    /// Who may use a route. What is not said is denied.
    enum Access: Sendable, Equatable {
        /// Anybody: the way in, and what a page looks like.
        case open
        /// A role, and how far it reaches.
        case needs(AccessRole, Reach = .fleet)
    }

    enum Reach: Sendable, Equatable {
        /// Shows or changes what is not one organization's: a key that may see one alone is refused before the handler.
        case fleet
        /// The handler narrows everything to ``Visit/scope``.
        case organization
    }

    /// Whom the answer is for, which decides how errors look and how somebody proves who they are.
    enum Surface: Sendable {
        /// A person with a browser, by a session's cookie. The title is its page's, and of what goes wrong with it.
        case page(title: String)
        /// A program, by a bearer key.
        case api(APIOperation)
        /// Styles and scripts.
        case resource
    }

    typealias Handler = @Sendable (Visit) async throws -> Reply

    let method: Method
    let pattern: PathPattern
    let access: Access
    let surface: Surface
    let handler: Handler

    init(
        _ method: Method, _ pattern: PathPattern, _ access: Access, page title: String, handler: @escaping Handler
    ) {
        self.init(method, pattern, access, .page(title: title), handler)
    }

    init(
        _ method: Method, _ pattern: PathPattern, _ access: Access, api operation: APIOperation,
        handler: @escaping Handler
    ) {
        self.init(method, pattern, access, .api(operation), handler)
    }

    init(
        _ method: Method, _ pattern: PathPattern, _ access: Access, _ surface: Surface, _ handler: @escaping Handler
    ) {
        self.method = method
        self.pattern = pattern
        self.access = access
        self.surface = surface
        self.handler = handler
    }

    /// What a page is called; nothing for what is no page.
    var title: String {
        if case .page(let title) = self.surface { title } else { "" }
    }

    var isAPI: Bool {
        if case .api = self.surface { true } else { false }
    }
}

/// A path with named parts: `/events/{id}/replay`.
struct PathPattern: Sendable, Equatable, ExpressibleByStringLiteral {
    enum Part: Sendable, Equatable {
        case word(String)
        case parameter(String)
    }

    let text: String
    let parts: [Part]

    init(stringLiteral text: String) {
        self.text = text
        self.parts = text.split(separator: "/").map { part in
            part.hasPrefix("{") ? .parameter(String(part.dropFirst().dropLast())) : .word(String(part))
        }
    }

    var parameters: [String] {
        self.parts.compactMap { if case .parameter(let name) = $0 { name } else { nil } }
    }

    /// The values of the named parts; nil when the path is another.
    func match(_ path: [String]) -> [String: String]? {
        guard path.count == self.parts.count else { return nil }
        var values: [String: String] = [:]
        for (part, segment) in zip(self.parts, path) {
            switch part {
            case .word(let word): guard word == segment else { return nil }
            case .parameter(let name): values[name] = segment
            }
        }
        return values
    }
}
