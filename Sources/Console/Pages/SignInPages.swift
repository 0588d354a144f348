import HookgateCore

/// The way in and out.
enum SignInPages {
    private static let nonceCookie = "hookgate_sign_in"

    static func routes(_ access: AccessControl) -> [Route] {
        [
            Route(.get, "/login", .open, page: "Sign in") { visit in
                try await form(visit, access, link: nil)
            },
            // A link alone does nothing: what fetches addresses ahead of people must not use it up.
            Route(.get, "/login/{link}", .open, page: "Sign in") { visit in
                guard AccessSecret(visit.parameter("link"))?.kind == .link else { throw ConsoleError.nothingHere }
                return try await form(visit, access, link: visit.parameter("link"))
            },
            Route(.post, "/login", .open, page: "Sign in") { visit in try await signIn(visit, access) },
            Route(.post, "/logout", .needs(.viewer, .organization), page: "Sign out") { visit in
                if let session = try await access.session(visit.request) { try await access.signOut(session) }
                var reply = Reply.seeOther("/login")
                reply.headers.append(SessionCookie.header("", isSecure: isSecure(visit), lasts: 0))
                return reply
            },
        ]
    }

    private static func form(
        _ visit: Visit, _ access: AccessControl, link: String?, complaint: String? = nil, status: Int = 200
    ) async throws -> Reply {
        let nonce = Base64URL.encode(SystemRandom.bytes(16))
        let token = try await access.signer().signature(nonce, .signIn)
        let page = Layout("Sign in", visit: nil).page(
            """
            <div class="alone card"><h1>hookgate</h1>
            \(complaint.html { Notice.html("\($0)", .bad) })
            <form class="form" method="post" action="/login">
            <input type="hidden" name="form_token" value="\(token)">
            \(Form.hidden("to", visit.request.query["to"]))
            \(link.map { fields(link: $0) } ?? fields())
            </form></div>
            """)
        var reply = Reply.html(page, status: status)
        reply.headers.append(
            (
                "set-cookie",
                "\(nonceCookie)=\(nonce); Path=/login; Max-Age=3600; HttpOnly; SameSite=Strict"
                    + (isSecure(visit) ? "; Secure" : "")
            ))
        return reply
    }

    private static func fields() -> HTML {
        """
        <label class="field"><span>Key</span><input type="password" name="key" required autofocus \
        autocomplete="current-password" placeholder="hgk_…"></label>
        <p class="buttons"><button class="good">Sign in</button></p>
        <p class="note">Make one with <code>hookgate keys create</code>.</p>
        """
    }

    private static func fields(link: String) -> HTML {
        """
        \(Form.hidden("key", link))<p>This link signs you in once.</p>
        <p class="buttons"><button class="good" autofocus>Open the console</button></p>
        """
    }

    private static func signIn(_ visit: Visit, _ access: AccessControl) async throws -> Reply {
        let request = visit.request
        guard let fields = request.form(), !request.isFromElsewhere,
            let nonce = request.cookie(nonceCookie), let token = fields["form_token"],
            try await access.signer().isSignature(token, of: nonce, .signIn)
        else {
            return try await form(
                visit, access, link: nil, complaint: "The form was too old. Sign in again.", status: 403)
        }
        guard let key = fields["key"], let cookie = try await access.signIn(with: key, request) else {
            return try await form(visit, access, link: nil, complaint: "This key is not good.", status: 401)
        }
        var reply = Reply.seeOther(Self.destination(fields["to"]))
        reply.headers.append(
            SessionCookie.header(cookie, isSecure: isSecure(visit), lasts: Int(AccessControl.sessionTime)))
        return reply
    }

    /// Only to a page of ours.
    static func destination(_ wanted: String?) -> String {
        guard let wanted, wanted.hasPrefix("/"), !wanted.hasPrefix("//"), !wanted.hasPrefix("/\\"),
            wanted.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { return "/" }
        return wanted
    }

    /// Whether whoever asks speaks to us by TLS, as far as that is known here.
    static func isSecure(_ visit: Visit) -> Bool {
        visit.parts.publicURL.text.lowercased().hasPrefix("https://") && !visit.request.isToLoopback
    }
}
