package import HookgateCore

/// The console and its API: finds the route, finds out who asks, says no where no one said yes, and gives every answer
/// its headers.
package final class ConsoleSite: ConsoleResponder {
    let parts: ConsoleParts
    let access: AccessControl
    let table: RouteTable
    let desk: WorkDesk

    /// - Parameter configuredToken: the digest of `HOOKGATE_ADMIN_TOKEN`; nil where there is none.
    package init(_ parts: ConsoleParts, configuredToken: TokenDigest? = nil) {
        var parts = parts
        parts.hasConfiguredToken = configuredToken != nil
        let access = AccessControl(parts, configuredToken: configuredToken)
        self.parts = parts
        self.access = access
        self.desk = WorkDesk(parts)
        self.table = RouteTable(ConsoleRoutes.all(parts, access, self.desk))
    }

    /// Goes on with long work whose replica is gone, until its task is cancelled; then gives back what is under way here.
    package func keepWork() async {
        await self.desk.keeper.run()
    }

    /// Stops what is under way behind the pages, where nothing is lost: the process ends.
    package func endWork() async {
        await self.desk.end()
    }

    package func respond(to request: ConsoleRequest) async -> ConsoleResponse {
        guard let request = PageRequest(request) else {
            return Self.finished(.problem(.badRequest("The address is not well-formed.")))
        }
        switch self.table.find(request.method, request.path) {
        case .found(let route, let parameters):
            return Self.finished(await self.reply(route, request, parameters))
        case .otherMethods(let methods, let isAPI):
            let error = ConsoleError.methodNotAllowed(methods)
            return Self.finished(isAPI ? .problem(error) : ErrorPage.reply(error))
        case .nothing:
            // Whoever is not signed in learns nothing of which addresses there are beyond the API's own description.
            let isAPI = request.path.first == "api"
            return Self.finished(isAPI ? .problem(.nothingHere) : ErrorPage.reply(.nothingHere))
        }
    }

    private func reply(_ route: Route, _ request: PageRequest, _ parameters: [String: String]) async -> Reply {
        do {
            let (visit, refusal) = try await self.admit(route, request, parameters)
            if let refusal { return refusal }
            return try await route.handler(visit)
        } catch let error as ConsoleError {
            return Self.reply(error, on: route)
        } catch {
            // Its words may hold what is not for everybody.
            self.parts.complain("\(route.method.rawValue) \(route.pattern.text): \(error)")
            return Self.reply(
                .unavailable("This cannot be answered now. The log of `hookgate serve` says why."), on: route)
        }
    }

    /// Lets a request through to its handler, or says what it gets instead.
    private func admit(
        _ route: Route, _ request: PageRequest, _ parameters: [String: String]
    ) async throws -> (Visit, Reply?) {
        func visit(_ visitor: Visitor, _ formToken: String = "") -> Visit {
            Visit(
                title: route.title, request: request, parameters: parameters, visitor: visitor, formToken: formToken,
                parts: self.parts)
        }
        guard case .needs(let role, let reach) = route.access else { return (visit(.nobody), nil) }
        if route.isAPI {
            let visitor = try await self.access.bearer(request)
            try Self.check(visitor, role, reach)
            return (visit(visitor), nil)
        }
        guard let session = try await self.access.session(request) else {
            let back =
                request.method == "GET" && request.target != "/" ? "?to=\(PercentText.encoded(request.target))" : ""
            return (visit(.nobody), .seeOther("/login\(back)"))
        }
        try Self.check(session.visitor, role, reach)
        let signer = try await self.access.signer()
        if route.method != .get {
            let token = request.form()?["form_token"] ?? ""
            guard !request.isFromElsewhere, signer.isSignature(token, of: session.secret, .form) else {
                throw ConsoleError.forbidden("This form is from another session. Go back, load the page and try again.")
            }
        }
        return (visit(session.visitor, signer.signature(session.secret, .form)), nil)
    }

    private static func check(_ visitor: Visitor, _ role: AccessRole, _ reach: Route.Reach) throws(ConsoleError) {
        guard visitor.role >= role else {
            throw .forbidden(
                "This needs the role \(role.rawValue); \(visitor.title) is \(visitor.role.rawValue).")
        }
        guard reach == .organization || visitor.organization == nil else {
            throw .forbidden("This is about all organizations, and \(visitor.title) sees one alone.")
        }
    }

    private static func reply(_ error: ConsoleError, on route: Route) -> Reply {
        if case .page(let title) = route.surface { return ErrorPage.reply(error, of: title) }
        return .problem(error)
    }

    /// No other host is asked for anything, nothing runs that is not ours, and nobody frames us.
    private static let policy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'",
        "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'",
    ].joined(separator: "; ")

    private static func finished(_ reply: Reply) -> ConsoleResponse {
        let headers = [
            ("content-security-policy", Self.policy),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("permissions-policy", "camera=(), microphone=(), geolocation=()"),
            ("cache-control", reply.isImmutable ? "private, max-age=31536000, immutable" : "no-store"),
        ]
        return ConsoleResponse(
            status: reply.status, contentType: reply.contentType, headers: headers + reply.headers, body: reply.body)
    }
}

extension Visitor {
    /// Nobody is signed in: only open routes see it.
    static let nobody = Visitor(name: "nobody", role: .viewer, organization: nil)
}
