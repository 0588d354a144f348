import FoundationEssentials

/// Where a piece of work is, as the API tells it: what it has come to stands in `report`.
struct WorkAnswer<Report: Encodable>: Encodable {
    let state: String
    let actor: String?
    let startedAt: Date?
    let endedAt: Date?
    let error: String?
    let report: Report?

    init<Kept: Sendable>(_ standing: WorkStanding<Kept>?, _ report: (Kept) -> Report) {
        self.state = standing.map { $0.ending?.word ?? "running" } ?? "none"
        self.actor = standing?.actor
        self.startedAt = standing?.startedAt
        self.endedAt = standing?.endedAt
        if case .failed(let why)? = standing?.ending { self.error = why } else { self.error = nil }
        self.report = standing.map { report($0.report) }
    }
}

extension Schema {
    /// The schema of a ``WorkAnswer``.
    static func work(_ report: Schema) -> Schema {
        .object(
            [
                ("state", .words(["none", "running", "done", "stopped", "failed"])), ("actor", .text),
                ("started_at", .time), ("ended_at", .time), ("error", .text), ("report", report),
            ], required: ["state"])
    }
}
