import FoundationEssentials
import HookgateCore

/// Prints what is held back: counts first, then events, without a word of what patients wrote.
struct QuarantinePrinter {
    private struct Group: Encodable {
        let reason: String
        let integrationID: String?
        let instanceName: String?
        let events: Int
        let bytes: Int
        let oldestReceivedAt: Date
        let shareOfLimit: Double
    }

    private struct Event: Encodable {
        let id: String
        let receivedAt: Date
        let reason: String?
        let integrationID: String?
        let clinicID: String?
        let instanceName: String?
        let route: String
        let event: String?
        let bodyBytes: Int
    }

    private struct Document: Encodable {
        let held: Int
        let limitEvents: Int
        let limitBytes: Int
        let isAlarmed: Bool
        let groups: [Group]
        let events: [Event]
    }

    let isJSON: Bool
    let limits: QuarantineLimits

    func list(_ groups: [QuarantineGroup], _ events: [EventSummary], at now: Date) throws {
        let shares = shares(groups)
        if isJSON { return try JSONOutput.print(document(groups, events, shares)) }
        let output = StandardStream.output
        guard !groups.isEmpty else { return output.line("Nothing is held back.") }
        output.line("Held back: \(groups.reduce(0) { $0 + $1.events }) events")
        for group in groups {
            let share = Int((shares[group.holder] ?? 0) * 100)
            output.line(
                "  \(Self.padded("\(group.events)", 7)) \(Self.padded(group.reason, 22)) "
                    + "\(Self.padded(Self.name(group), 28)) oldest \(Self.age(from: group.oldest, to: now))"
                    + (share >= 80 ? "  ⚠️ \(share) % of what it may hold back" : ""))
        }
        if !events.isEmpty { output.line() }
        for event in events {
            output.line(
                [
                    event.receivedAt.formatted(.iso8601), event.id.text,
                    Self.padded(event.quarantineReason ?? "", 22), Self.padded(event.kind ?? "unknown", 20).printable,
                    (event.instanceName?.description ?? "-"),
                ].joined(separator: "  "))
        }
        output.line()
        output.line(
            "Next: hookgate explain EVENT, hookgate quarantine release … --dry-run, hookgate quarantine discard …")
    }

    /// Whether an integration comes near its bound, over all its reasons that were counted.
    func isAlarmed(_ groups: [QuarantineGroup]) -> Bool {
        shares(groups).values.contains { $0 >= QuarantineLimits.alarmShare }
    }

    private func shares(_ groups: [QuarantineGroup]) -> [QuarantineHolder: Double] {
        Dictionary(grouping: groups, by: \.holder).mapValues { groups in
            limits.share(
                events: groups.reduce(0) { $0 + $1.events }, bytes: groups.reduce(0) { $0 + $1.bytes })
        }
    }

    private func document(
        _ groups: [QuarantineGroup], _ events: [EventSummary], _ shares: [QuarantineHolder: Double]
    ) -> Document {
        Document(
            held: groups.reduce(0) { $0 + $1.events }, limitEvents: limits.events, limitBytes: limits.bytes,
            isAlarmed: isAlarmed(groups),
            groups: groups.map { group in
                Group(
                    reason: group.reason, integrationID: group.holder.integrationID?.text,
                    instanceName: group.instanceName?.text, events: group.events, bytes: group.bytes,
                    oldestReceivedAt: group.oldest, shareOfLimit: shares[group.holder] ?? 0)
            },
            events: events.map { event in
                Event(
                    id: event.id.text, receivedAt: event.receivedAt, reason: event.quarantineReason,
                    integrationID: event.integrationID?.text, clinicID: event.clinicID?.text,
                    instanceName: event.instanceName?.text, route: event.route.rawValue, event: event.kind,
                    bodyBytes: event.bodyBytes)
            })
    }

    private static func name(_ group: QuarantineGroup) -> String {
        if let name = group.instanceName { return name.description }
        return group.holder.integrationID?.text ?? "(nobody)"
    }

    static func age(from start: Date, to now: Date) -> String {
        let seconds = Int(max(0, now.timeIntervalSince(start)))
        switch seconds {
        case ..<120: return "\(seconds) s ago"
        case ..<7_200: return "\(seconds / 60) min ago"
        case ..<172_800: return "\(seconds / 3_600) h ago"
        default: return "\(seconds / 86_400) days ago"
        }
    }

    static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}

extension QuarantineHolder {
    /// The integration, where it is one.
    var integrationID: IntegrationID? {
        if case .integration(let id) = self { id } else { nil }
    }
}
