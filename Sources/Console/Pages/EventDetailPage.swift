import FoundationEssentials
import HookgateCore

/// One event: where it came from, what became of it, and its body with the words masked.
enum EventDetailPage {
    static let routes = [
        Route(.get, "/events/{id}", .needs(.viewer, .organization), page: "Event") { visit in
            let event = try await event(visit)
            return try await show(event, visit, isRevealed: false)
        },
        Route(.post, "/events/{id}/reveal", .needs(.operator, .organization), page: "Event in clear") { visit in
            guard let reason = visit.request.form()?["reason"] else {
                throw ConsoleError.badRequest("Say why the words must be seen.")
            }
            let event = try await event(visit)
            // Before anybody sees it: what cannot be noted is not shown.
            try await visit.parts.events.noteReveal(
                of: event.summary.id, reason: reason, actor: visit.actor, at: visit.now)
            return try await show(event, visit, isRevealed: true)
        },
    ]

    /// One that this visitor may see. Another organization's is not there, in the same words.
    static func event(_ visit: Visit) async throws -> StoredEvent {
        let id: EventID = try visit.identifier("id", of: "event")
        guard let event = try await visit.parts.events.event(id), visit.sees(event.organizationID) else {
            throw ConsoleError.notFound("There is no event of that id.")
        }
        return event
    }

    private static func show(_ event: StoredEvent, _ visit: Visit, isRevealed: Bool) async throws -> Reply {
        let attempts = try await visit.parts.events.attempts(of: event.summary.id)
        let summary = event.summary
        return .html(
            Layout("Event \(summary.id.text)", section: "events", visit: visit).page(
                """
                \(PageTitle.html(
                    summary.kind ?? "Unknown event", "<code>\(summary.id.text)</code>", actions: Badge.html(summary.state)))
                \(DoneNotice.html(visit.request))
                <div class="columns">
                \(Card.html("Facts", facts(event, visit)))
                \(Card.html("Timeline", timeline(event, attempts)))
                </div>
                \(Card.html(isRevealed ? "Body, in clear" : "Body, words masked", body(event, visit, isRevealed: isRevealed)))
                \(visit.visitor.role < .operator ? HTML.nothing : acts(summary, visit))
                """))
    }

    private static func facts(_ event: StoredEvent, _ visit: Visit) -> HTML {
        let summary = event.summary
        return Facts.html([
            ("Route", Badge.html(summary.route)),
            ("Held because", summary.quarantineReason.map { "\($0)" }),
            ("Instance", summary.instanceName.map { "\($0.text)" }),
            ("Clinic", summary.clinicID.map { "<code>\($0.text)</code>" }),
            ("Organization", event.organizationID.map { "<code>\($0.text)</code>" }),
            ("Integration", summary.integrationID.map { "<code>\($0.text)</code>" }),
            ("Message id", summary.messageID.map { "<code>\($0)</code>" }),
            ("Chat", summary.chat.map { "\(MaskedChat.text($0))" }),
            ("Size", "\(Count.bytes(summary.bodyBytes)), without its secrets"),
        ])
    }

    private static func timeline(_ event: StoredEvent, _ attempts: [RecordedAttempt]) -> HTML {
        """
        <ol class="timeline">
        <li class="good">\(Moment.exact(event.summary.receivedAt)) accepted</li>
        <li class="good">\(Moment.exact(event.storedAt)) in the inbox</li>
        \(attempts.html { attempt in
            """
            <li class="\(attempt.result == "delivered" ? "good" : "bad")">\(Moment.exact(attempt.startedAt)) \
            attempt \(attempt.attempt) to \(attempt.destination): \(attempt.result)\
            \(attempt.status.html { " (\($0))" }), \(milliseconds(attempt.duration)) ms\
            \(attempt.isOrphan ? ", without its message" : "")</li>
            """ })
        <li>now \(Badge.html(event.summary.state))</li>
        </ol>
        """
    }

    static func milliseconds(_ duration: Duration) -> Int {
        Int(duration.components.seconds * 1_000 + duration.components.attoseconds / 1_000_000_000_000_000)
    }

    private static func body(_ event: StoredEvent, _ visit: Visit, isRevealed: Bool) -> HTML {
        switch event.body {
        case .failure(let absence): return EmptyState.html(absence.explanation)
        case .success(let bytes) where isRevealed:
            return """
                \(Notice.html("You see a patient's words. That is noted in the audit log.", .bad))
                <pre>\(HTML.lines(String(decoding: bytes, as: UTF8.self)))</pre>
                """
        case .success(let bytes):
            let masked = (try? BodyMask.mask(bytes)) ?? "(\(bytes.count) bytes that cannot be masked)"
            return
                "<pre>\(HTML.lines(masked))</pre>\(visit.visitor.role < .operator ? HTML.nothing : reveal(event, visit))"
        }
    }

    private static func reveal(_ event: StoredEvent, _ visit: Visit) -> HTML {
        Form.post(
            visit, to: "/events/\(event.summary.id.text)/reveal",
            """
            \(Form.text("reason", "Why the words must be seen", hint: "for the audit log", isRequired: true))
            <p class="buttons">\(Form.button("Show in clear", .bad))</p>
            """)
    }

    private static func acts(_ summary: EventSummary, _ visit: Visit) -> HTML {
        let possible = EventDecision.allCases.filter { $0.states.contains(summary.state) }
        guard !possible.isEmpty else { return .nothing }
        return Card.html(
            "Decide",
            Form.post(
                visit, to: "/events/decide",
                """
                \(Form.hidden("id", summary.id.text))<p class="buttons">\(possible.html { decision in
                    "<button name=\"decision\" value=\"\(decision.rawValue)\">\(decision.title)…</button> " })</p>
                """))
    }
}

/// Whom a chat is with, as far as it is shown: its kind and the last four digits.
enum MaskedChat {
    static func text(_ chat: String) -> String {
        let parts = chat.split(separator: "@", maxSplits: 1)
        guard parts.count == 2 else { return "…" }
        return "…\(parts[0].suffix(4))@\(parts[1])"
    }
}
