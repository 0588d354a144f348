import FoundationEssentials
import HookgateCore
import Store

extension RetentionStatus {
    /// The keeper's share of `/metrics`.
    func samples() -> [MetricSample] {
        [
            removed("body", removed.bodies), removed("event", removed.events), removed("body_day", removed.bodyDays),
            removed("event_day", removed.eventDays), removed("record", removed.records),
            MetricSample(
                "hookgate_retention_failures_total", .counter, help: "Looks at what is kept too long that failed.",
                value: Double(failures)),
            MetricSample(
                "hookgate_retention_kept_days", .gauge,
                help: "Days whose bodies are over but for what still waits, as of this gateway's last look.",
                value: Double(keptDays)),
            MetricSample(
                "hookgate_retention_active", .gauge, help: "1 for the gateway that does it for all.",
                value: isOurs ? 1 : 0),
        ]
    }

    private func removed(_ what: String, _ count: Int) -> MetricSample {
        MetricSample(
            "hookgate_retention_removed_total", .counter,
            help: "What was removed because its time was over: bodies, events and other records by row, days whole.",
            labels: [.init("what", what)], value: Double(count))
    }
}
