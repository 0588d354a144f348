import FoundationEssentials
import HookgateCore

/// Server-sent events: a part of a page, sent again whenever it looks different.
final class LiveStream: Sendable {
    /// Who may watch at the same time, whatever page.
    static let mostWatchers = 64
    static let pause = Duration.seconds(1)
    /// A word now and then keeps proxies from closing what seems dead.
    private static let longestSilence = 15
    /// Rounds. A browser asks again after them; by then its key may not be good any more, which is found out anew.
    private static let longestStream = 60

    private let watchers = ShareGate(LiveStream.mostWatchers)

    /// - Parameters:
    ///   - name: of the event, and of the element that it replaces the contents of.
    ///   - render: the contents now.
    func reply(
        _ name: String, _ visit: Visit, render: @escaping @Sendable () async throws -> HTML
    ) throws(ConsoleError) -> Reply {
        let scope = visit.scope
        guard self.watchers.hasPlace(scope) else {
            throw .unavailable("Too many pages are watching already; this one is up to date when it is loaded again.")
        }
        return Reply(
            status: 200, contentType: "text/event-stream; charset=utf-8",
            headers: [("x-accel-buffering", "no")],
            body: .stream { stream in
                // Counted here alone: of an answer to HEAD, or to who is gone already, the body is never asked for.
                guard self.watchers.enter(scope) else { return }
                defer { self.watchers.leave(scope) }
                // Ends with its reader: whatever is thrown says that nobody reads any more.
                try? await Self.run(name, stream, render)
            })
    }

    private static func run(
        _ name: String, _ stream: ConsoleStream, _ render: @Sendable () async throws -> HTML
    ) async throws {
        var last = HTML.nothing
        var silence = 0
        try await stream.write(Array("retry: 3000\n\n".utf8))
        for _ in 0..<Self.longestStream {
            // A database that is away leaves the page as it is; the alarm comes from elsewhere.
            if let now = try? await render(), now != last {
                last = now
                silence = 0
                try await stream.write(self.event(name, now))
            } else if silence >= Self.longestSilence {
                silence = 0
                try await stream.write(Array(": still here\n\n".utf8))
            }
            silence += 1
            // A page shows what is so, not what has changed: it is read anew at this pace, whoever changed it.
            try await Task.sleep(for: self.pause)
        }
    }

    static func event(_ name: String, _ contents: HTML) -> [UInt8] {
        let lines = contents.text.split(whereSeparator: \.isNewline).map { "data: \($0)\n" }
        return Array("event: \(name)\n\(lines.joined())\n".utf8)
    }
}
