import FoundationEssentials
import HookgateCore

/// Prints destinations: their secrets masked, and of their addresses no password, unless somebody asked for them.
struct DestinationPrinter {
    enum Outcome: String {
        case done
        case unchanged
        case removed
        case declined
        case dryRun = "dry_run"
    }

    private struct Row: Encodable {
        struct Secret: Encodable {
            let kind: String
            let secret: String
            /// What the receiver checks with; of a shared secret that is the secret itself.
            let verifier: String?
        }

        let destination: String
        let source: String
        let to: String?
        let shards: Int?
        let length: Int?
        let format: String
        let media: String
        let kinds: [String]?
        let withoutKinds: [String]
        let groups: Bool
        let statusBroadcasts: Bool
        let newsletters: Bool
        let ownMessages: Bool
        let timeoutMs: Int
        let width: Int
        let isPaused: Bool
        let secrets: [Secret]
    }

    private struct ListDocument: Encodable {
        let destinations: [Row]
    }

    private struct ChangeDocument: Encodable {
        let outcome: String
        let destination: Row
    }

    private struct TestDocument: Encodable {
        let destination: String
        let to: String
        let result: String
        let status: Int?
        let tookMs: Int?
    }

    let isJSON: Bool
    var isRevealed = false

    private var output: StandardStream { .output }

    func list(_ records: [DestinationRecord], configured: ConfiguredDestination?) throws {
        var rows = records.filter { $0.scope != .default || configured == nil }.map { row(of: $0) }
        if let configured { rows.insert(row(of: configured, with: records.first { $0.scope == .default }), at: 0) }
        if isJSON { return try JSONOutput.print(ListDocument(destinations: rows)) }
        if rows.isEmpty {
            output.line("No destination is set: events wait. Set HOOKGATE_DELIVER_URL, or: hookgate destinations set")
        }
        for row in rows {
            output.line("\(row.destination)  \(row.to ?? "-")  \(row.format)\(row.isPaused ? "  ⏸ paused" : "")")
        }
    }

    func show(_ record: DestinationRecord) throws { try show(row(of: record)) }

    func show(_ configured: ConfiguredDestination, with record: DestinationRecord?) throws {
        try show(row(of: configured, with: record))
    }

    func changed(_ record: DestinationRecord, outcome: Outcome, newSecret: SigningSecret? = nil) throws {
        let row = row(of: record)
        if isJSON { return try JSONOutput.print(ChangeDocument(outcome: outcome.rawValue, destination: row)) }
        lines(row).forEach(output.line)
        switch outcome {
        case .done:
            output.line("✅ Done. Running gateways follow within two seconds.")
            if let newSecret {
                output.line("  It has a new secret, \(newSecret.masked). For the receiver, in clear:")
                output.line("  hookgate destinations show \(row.destination) --reveal")
            }
        case .unchanged: output.line("Nothing to change.")
        case .removed: output.line("✅ Removed.")
        case .declined: output.line("Declined: nothing was changed. Without being asked: --yes")
        case .dryRun: output.line("Dry run: nothing was changed.")
        }
    }

    /// - Parameter result: nil for a dry run.
    func tested(_ destination: Destination, result: AttemptResult?, took: Duration?) throws {
        let to = Self.shown(destination.kind, isRevealed: false)
        let milliseconds = took.map { Int($0 / .milliseconds(1)) }
        if isJSON {
            return try JSONOutput.print(
                TestDocument(
                    destination: destination.id.text, to: to, result: result?.word ?? Outcome.dryRun.rawValue,
                    status: result?.status, tookMs: milliseconds))
        }
        guard let result, let milliseconds else {
            return output.line("Dry run: a test event would be sent to \(to).")
        }
        let status = result.status.map { " (status \($0))" } ?? ""
        output.line(
            result.isDelivered
                ? "✅ \(to) took the test event\(status) in \(milliseconds) ms."
                : "❌ \(to) did not take the test event: \(result.word)\(status), after \(milliseconds) ms.")
    }

    /// An address for eyes and logs: a web server without path and password, a stream without its server.
    static func shown(_ kind: Destination.Kind, isRevealed: Bool) -> String {
        if isRevealed, case .webhook(let url) = kind { return url }
        return kind.masked
    }

    private func show(_ row: Row) throws {
        if isJSON { return try JSONOutput.print(row) }
        lines(row).forEach(output.line)
    }

    private func lines(_ row: Row) -> [String] {
        let selection = [
            (row.groups, "groups"), (row.statusBroadcasts, "status broadcasts"), (row.newsletters, "newsletters"),
            (row.ownMessages, "own messages"),
        ]
        var lines = [
            "\(row.destination)\(row.isPaused ? "  ⏸ paused: events wait" : "")",
            "  to:       \(row.to ?? "nowhere: it has no address of its own")",
            "  format:   \(row.format), media \(row.media)",
            "  kinds:    \(row.kinds?.joined(separator: ", ") ?? "all")"
                + (row.withoutKinds.isEmpty ? "" : ", but not \(row.withoutKinds.joined(separator: ", "))"),
            "  with:     \(selection.filter(\.0).map(\.1).joined(separator: ", "))",
            "  without:  \(selection.filter { !$0.0 }.map(\.1).joined(separator: ", "))",
            "  bounds:   \(row.timeoutMs) ms for an attempt, \(row.width) at the same time",
        ]
        for secret in row.secrets {
            lines.append("  signs:    \(secret.secret)")
            if secret.kind == SigningSecret.Kind.ed25519.rawValue, let verifier = secret.verifier {
                lines.append("            the receiver checks with \(verifier)")
            }
        }
        return lines
    }

    private func row(of record: DestinationRecord) -> Row {
        row(of: record, source: "database", kind: record.kind, secrets: record.secrets)
    }

    /// The configuration says where to and in which form; the row, whether, what and how much at once.
    private func row(of configured: ConfiguredDestination, with record: DestinationRecord?) -> Row {
        var merged = record ?? DestinationRecord(scope: .default)
        merged.format = configured.destination.format
        merged.media = configured.destination.media
        return row(
            of: merged, source: "configuration", kind: configured.destination.kind, secrets: configured.secrets)
    }

    private func row(
        of record: DestinationRecord, source: String, kind: Destination.Kind?, secrets: SigningSecrets?
    ) -> Row {
        let stream: RedisStreamTarget? = if case .redisStream(let target) = kind { target } else { nil }
        let selection = record.selection
        return Row(
            destination: record.scope.text, source: source,
            to: kind.map { Self.shown($0, isRevealed: isRevealed) }, shards: stream?.shards,
            length: stream?.maximumLength, format: record.format.rawValue, media: record.media.rawValue,
            kinds: selection.kinds?.sorted(), withoutKinds: selection.excludedKinds.sorted(), groups: selection.groups,
            statusBroadcasts: selection.statusBroadcasts, newsletters: selection.newsletters,
            ownMessages: selection.ownMessages, timeoutMs: Int(record.timeout / .milliseconds(1)), width: record.width,
            isPaused: record.isPaused, secrets: (secrets?.secrets ?? []).map { secret($0) })
    }

    private func secret(_ secret: SigningSecret) -> Row.Secret {
        let isPublic = secret.kind == .ed25519
        return Row.Secret(
            kind: secret.kind.rawValue, secret: isRevealed ? secret.secretText : secret.masked,
            verifier: isPublic ? secret.verifierText : nil)
    }
}
