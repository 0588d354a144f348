import HookgateCore

/// What a browser shows where something cannot be shown or done.
enum ErrorPage {
    /// - Parameter deed: what was to be shown or done; nil where nobody knows.
    static func reply(_ error: ConsoleError, of deed: String? = nil) -> Reply {
        let title = deed.map { "\($0): \(error.title)" } ?? error.title
        let page = Layout(title, visit: nil).page(
            """
            <div class="alone card"><h1>\(error.title)</h1><p>\(Self.words(error))</p>
            <p><a class="button" href="/">To the fleet</a></p></div>
            """)
        var reply = Reply.html(page, status: error.status)
        reply.headers = error.headers.filter { $0.name != "www-authenticate" }
        return reply
    }

    private static func words(_ error: ConsoleError) -> String {
        error == .unauthenticated ? "Sign in with a key." : error.detail
    }
}
