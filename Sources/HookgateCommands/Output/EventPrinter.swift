import FoundationEssentials
import HookgateCore

/// Prints events for people or for machines. A body is masked unless the person asked for it in clear.
struct EventPrinter {
    private struct Row: Encodable {
        let id: String
        let receivedAt: String
        let integrationID: String?
        let clinicID: String?
        let instanceName: String?
        let route: String
        let event: String?
        let messageID: String?
        let chat: String?
        let state: String
        let quarantineReason: String?
        let bodyBytes: Int
        var storedAt: String?
        var organizationID: String?
        var eventSuffix: String?
        var attempts: [Attempt]?
        var isMasked: Bool?
        var body: String?
        var bodyMissing: String?

        init(_ event: EventSummary) {
            self.id = event.id.text
            self.receivedAt = EventPrinter.time(event.receivedAt)
            self.integrationID = event.integrationID?.text
            self.clinicID = event.clinicID?.text
            self.instanceName = event.instanceName?.text
            self.route = event.route.rawValue
            self.event = event.kind
            self.messageID = event.messageID
            self.chat = event.chat
            self.state = event.state.rawValue
            self.quarantineReason = event.quarantineReason
            self.bodyBytes = event.bodyBytes
        }
    }

    private struct Attempt: Encodable {
        let attempt: Int
        let startedAt: String
        let durationMs: Int64
        let result: String
        let status: Int?
        let destination: String
        let isOrphan: Bool

        init(_ attempt: RecordedAttempt) {
            self.attempt = attempt.attempt
            self.startedAt = EventPrinter.time(attempt.startedAt)
            self.durationMs = EventPrinter.milliseconds(attempt.duration)
            self.result = attempt.result
            self.status = attempt.status
            self.destination = attempt.destination
            self.isOrphan = attempt.isOrphan
        }
    }

    private struct Document: Encodable {
        let events: [Row]
        let nextCursor: String?
    }

    let isJSON: Bool

    func print(_ page: EventPage) throws {
        let cursor = page.next.map(\.text)
        if isJSON { return try JSONOutput.print(Document(events: page.events.map(Row.init), nextCursor: cursor)) }
        let output = StandardStream.output
        if page.events.isEmpty { output.line("No events.") }
        for event in page.events { output.line(Self.line(event)) }
        if let cursor { output.line("More: --cursor \(cursor)") }
    }

    /// One of a stream that has no end.
    func printLine(_ event: EventSummary) throws {
        if isJSON { try JSONOutput.printLine(Row(event)) } else { StandardStream.output.line(Self.line(event)) }
    }

    private static func line(_ event: EventSummary) -> String {
        [
            time(event.receivedAt), event.id.text, padded(event.state.rawValue, 11),
            padded(event.route.rawValue, 8), padded((event.kind ?? "unknown").printable, 20),
            (event.instanceName?.text ?? "-").printable, event.quarantineReason ?? "",
        ].joined(separator: "  ")
    }

    func print(_ event: StoredEvent, attempts: [RecordedAttempt], isRevealed: Bool) throws {
        let body = body(event, isRevealed: isRevealed)
        if isJSON {
            var row = Row(event.summary)
            row.storedAt = Self.time(event.storedAt)
            row.organizationID = event.organizationID?.text
            row.eventSuffix = event.eventSuffix
            row.attempts = attempts.map(Attempt.init)
            row.isMasked = !isRevealed
            row.body = body
            if case .failure(let absence) = event.body { row.bodyMissing = absence.rawValue }
            return try JSONOutput.print(row)
        }
        let summary = event.summary
        let facts: [(String, String?)] = [
            ("Event", summary.id.text), ("Received", Self.time(summary.receivedAt)),
            ("Stored", Self.time(event.storedAt)),
            ("State", summary.state.rawValue), ("Held because", summary.quarantineReason),
            ("Route", summary.route.rawValue), ("Kind", summary.kind), ("Instance", summary.instanceName?.text),
            ("Clinic", summary.clinicID?.text), ("Integration", summary.integrationID?.text),
            ("Organization", event.organizationID?.text), ("Message id", summary.messageID), ("Chat", summary.chat),
            ("Body", "\(summary.bodyBytes) bytes, without its secrets"),
        ]
        for (name, value) in facts {
            if let value { StandardStream.output.line("\(Self.padded(name + ":", 14))\(value.printable)") }
        }
        for attempt in attempts { StandardStream.output.line(Self.line(attempt)) }
        if isRevealed, !StandardStream.output.isTerminal, let body {
            // To a file or a program the body goes as it is.
            StandardStream.output.write(body + "\n")
        } else if let body {
            StandardStream.output.line(body)
        } else if case .failure(let absence) = event.body {
            StandardStream.output.line(absence.explanation)
        }
        if !isRevealed, body != nil {
            StandardStream.output.line("Words are masked; --reveal --reason WHY shows them, and is noted.")
        }
    }

    private func body(_ event: StoredEvent, isRevealed: Bool) -> String? {
        guard case .success(let body) = event.body else { return nil }
        if isRevealed { return String(decoding: body, as: UTF8.self) }
        do {
            return try BodyMask.mask(body)
        } catch {
            return "(\(body.count) bytes that cannot be masked; --reveal shows them)"
        }
    }

    private static func line(_ attempt: RecordedAttempt) -> String {
        let status = attempt.status.map { " (\($0))" } ?? ""
        let orphan = attempt.isOrphan ? ", without its message" : ""
        return padded("Attempt \(attempt.attempt):", 14) + "\(time(attempt.startedAt)) to \(attempt.destination): "
            + "\(attempt.result)\(status) after \(milliseconds(attempt.duration)) ms\(orphan)"
    }

    fileprivate static func milliseconds(_ duration: Duration) -> Int64 {
        duration.components.seconds * 1_000 + duration.components.attoseconds / 1_000_000_000_000_000
    }

    fileprivate static func time(_ date: Date) -> String {
        date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
