import FoundationEssentials
import HookgateCore

/// One destination as people and programs are shown it: no secret, and of its address the server alone.
struct DestinationView {
    let scope: DestinationScope
    /// `configuration` or `database`.
    let source: String
    let record: DestinationRecord
    let kind: Destination.Kind?
    let breaker: CircuitBreaker.State?

    /// The configuration says where to and in which form; the row, whether, what and how much at once.
    init(_ scope: DestinationScope, _ record: DestinationRecord?, _ parts: DestinationParts) {
        var record = record ?? DestinationRecord(scope: scope)
        let configured = scope == .default ? parts.configured : nil
        if let configured {
            record.format = configured.format
            record.media = configured.media
        }
        self.scope = scope
        self.source = configured == nil ? "database" : "configuration"
        self.record = record
        self.kind = configured?.kind ?? record.kind
        self.breaker = parts.breakers?.breakers()[scope.destinationID]
    }

    var to: String? { self.kind?.masked }

    /// One word for machines: how it does, as the process that answers sees it.
    var state: String {
        if self.record.isPaused { return "paused" }
        switch self.breaker {
        case .open: return "resting"
        case .halfOpen: return "tried"
        case .closed, nil: return "open"
        }
    }

    var badge: HTML {
        switch self.state {
        case "paused": Badge.html("paused", .notice)
        case "resting": Badge.html("does not answer", .bad)
        case "tried": Badge.html("is tried again", .notice)
        default: Badge.html("delivers", .good)
        }
    }

    var facts: HTML {
        let selection = self.record.selection
        let kinds = selection.kinds?.sorted().joined(separator: ", ") ?? "all"
        let without = selection.excludedKinds.sorted().joined(separator: ", ")
        let with = [
            (selection.groups, "groups"), (selection.statusBroadcasts, "status broadcasts"),
            (selection.newsletters, "channels"), (selection.ownMessages, "the clinic's own messages"),
        ].filter(\.0).map(\.1).joined(separator: ", ")
        let secrets = self.record.secrets?.secrets ?? []
        return Facts.html([
            ("To", "\(self.to ?? "nowhere: it has no address of its own")"),
            ("Format", "\(self.record.format.rawValue), media \(self.record.media.rawValue)"),
            ("Kinds", "\(kinds)\(without.isEmpty ? "" : ", but not \(without)")"),
            ("With", "\(with.isEmpty ? "nothing beside" : with)"),
            (
                "Bounds",
                "\(Int(self.record.timeout / .milliseconds(1))) ms for an attempt, \(self.record.width) at the same time"
            ),
            ("Signs with", secrets.isEmpty ? nil : secrets.html { "<code>\($0.masked)</code> " }),
            ("Said by", self.source == "configuration" ? "the configuration: HOOKGATE_DELIVER_URL" : nil),
        ])
    }
}
