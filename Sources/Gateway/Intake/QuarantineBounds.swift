package import HookgateCore
package import Logging
import Synchronization

/// Bounds what of each integration may be held back, from memory: no webhook waits for a count.
///
/// A holder's amount is what the inbox had at the last count and what was accepted here since. An event is dropped from
/// the second part only when it must be in the first, so for some seconds one may count twice: near the bound that errs
/// on the side of a 503, which is tried again.
package final class QuarantineBounds: Sendable {
    /// The pace of counting, and the room for it.
    package struct Settings: Sendable {
        /// Longer than a webhook may wait for the spool: what was admitted one interval ago is durable, or was refused.
        package var interval = Duration.seconds(10)
        /// Holders in memory, in each of three tables of about 100 bytes each. Names that are not known are refused
        /// before they get here, so more than a fleet has do not come.
        package var maximumHolders = 50_000

        package init() {}
    }

    /// How full the bounds are.
    package struct Status: Sendable, Equatable {
        /// Holders at or over the alarm's share, full ones among them.
        package var alarmed = 0
        package var full = 0
        /// Events that were answered with a 503, since this process began.
        package var refused: UInt64 = 0
        /// The share of the fullest holder.
        package var fullest = 0.0
        package var events = 0
        package var bytes = 0
        package var lastFailure: String?
    }

    /// How far the spool is: events ever made durable, and of these the ones that the inbox has or that are lost.
    package typealias Progress = @Sendable () -> (accepted: UInt64, passed: UInt64)

    private struct Amount {
        var events = 0
        var bytes = 0
    }

    private struct State {
        var counted: [QuarantineHolder: Amount] = [:]
        /// Accepted since the last turn, and in the turns before it, until the inbox must have them.
        var recent: [QuarantineHolder: Amount] = [:]
        var older: [QuarantineHolder: Amount] = [:]
        /// What the inbox must have passed for `older` to be counted there; nil until all of it is durable.
        var olderEnds: UInt64?
        var alarmed: Set<QuarantineHolder> = []
        var full: Set<QuarantineHolder> = []
        var status = Status()

        func amount(of holder: QuarantineHolder) -> Amount {
            [counted, recent, older].reduce(into: Amount()) { sum, part in
                guard let amount = part[holder] else { return }
                sum.events += amount.events
                sum.bytes += amount.bytes
            }
        }
    }

    private let limits: QuarantineLimits
    private let settings: Settings
    private let time: MonotonicTime
    private let logger: Logger
    private let state = Mutex(State())

    package init(
        limits: QuarantineLimits = QuarantineLimits(), settings: Settings = Settings(), time: MonotonicTime = .system,
        logger: Logger
    ) {
        self.limits = limits
        self.settings = settings
        self.time = time
        self.logger = logger
    }

    package var status: Status {
        self.state.withLock { state in
            var status = state.status
            status.alarmed = state.alarmed.count
            status.full = state.full.count
            return status
        }
    }

    /// Counts an event that is to be stored; false when its holder's bound is reached. Only held events are bounded.
    func admit(_ event: AcceptedEvent) -> Bool {
        guard case .quarantined = event.disposition else { return true }
        let holder = QuarantineHolder(integrationID: event.integrationID, instanceName: event.instanceName)
        let bytes = event.bodyByteCount
        let (isAdmitted, isNews) = self.state.withLock { state -> (Bool, Bool) in
            let holder = self.known(holder, in: state)
            let before = state.amount(of: holder)
            let share = self.limits.share(events: before.events + 1, bytes: before.bytes + bytes)
            guard share <= 1 else {
                state.status.refused += 1
                state.alarmed.insert(holder)
                return (false, state.full.insert(holder).inserted)
            }
            state.recent[holder, default: Amount()].events += 1
            state.recent[holder, default: Amount()].bytes += bytes
            state.status.events += 1
            state.status.bytes += bytes
            state.status.fullest = max(state.status.fullest, share)
            guard share >= QuarantineLimits.alarmShare else { return (true, false) }
            return (true, state.alarmed.insert(holder).inserted)
        }
        if isNews { self.say(holder, isFull: !isAdmitted) }
        return isAdmitted
    }

    /// Takes back an event that was admitted and then not stored.
    func withdraw(_ event: AcceptedEvent) {
        guard case .quarantined = event.disposition else { return }
        let holder = QuarantineHolder(integrationID: event.integrationID, instanceName: event.instanceName)
        self.state.withLock { state in
            let holder = self.known(holder, in: state)
            // Its generation may have changed meanwhile: then it is counted a little longer than it should be.
            guard let amount = state.recent[holder], amount.events > 0, amount.bytes >= event.bodyByteCount else {
                return
            }
            state.recent[holder] = Amount(events: amount.events - 1, bytes: amount.bytes - event.bodyByteCount)
            state.status.events -= 1
            state.status.bytes -= event.bodyByteCount
        }
    }

    /// Counts anew at every interval, until its task is cancelled.
    package func run(_ source: any QuarantineCounting, progress: @escaping Progress) async {
        repeat {
            await self.count(source, progress: progress)
        } while (try? await self.time.sleep(for: self.settings.interval)) != nil
    }

    /// One count. A failure leaves what is known as it is.
    func count(_ source: any QuarantineCounting, progress: Progress) async {
        // Asked before the inbox is: what it has passed by now is in the count that follows.
        let isCounted = self.endOlder(progress())
        do {
            let counts = try await source.heldCounts(limit: self.settings.maximumHolders)
            self.apply(counts, isOlderCounted: isCounted)
        } catch {
            guard !Task.isCancelled else { return }
            let isNews = self.state.withLock { state in
                defer { state.status.lastFailure = "\(error)" }
                return state.status.lastFailure == nil
            }
            if isNews {
                self.logger.warning(
                    "held events cannot be counted; their bounds go on from the last count",
                    metadata: ["reason": "\(error)"])
            }
        }
    }

    // MARK: Counting

    /// Whether all that `older` stands for is in the inbox.
    private func endOlder(_ progress: (accepted: UInt64, passed: UInt64)) -> Bool {
        self.state.withLock { state in
            let end = state.olderEnds ?? progress.accepted
            state.olderEnds = end
            return progress.passed >= end
        }
    }

    private func apply(_ counts: [HeldCount], isOlderCounted: Bool) {
        self.state.withLock { state in
            state.counted = Dictionary(
                counts.map { ($0.holder, Amount(events: $0.events, bytes: $0.bytes)) },
                uniquingKeysWith: { first, _ in first })
            if isOlderCounted {
                state.older = state.recent
                state.olderEnds = nil
                state.recent = [:]
            }
            self.summarize(&state)
        }
    }

    private func summarize(_ state: inout State) {
        var status = Status(refused: state.status.refused)
        var alarmed: Set<QuarantineHolder> = []
        var full: Set<QuarantineHolder> = []
        for holder in Set(state.counted.keys).union(state.recent.keys).union(state.older.keys) {
            let amount = state.amount(of: holder)
            let share = self.limits.share(events: amount.events, bytes: amount.bytes)
            status.events += amount.events
            status.bytes += amount.bytes
            status.fullest = max(status.fullest, share)
            if share >= QuarantineLimits.alarmShare { alarmed.insert(holder) }
            if share >= 1 { full.insert(holder) }
        }
        state.alarmed = alarmed
        state.full = full
        state.status = status
    }

    /// Beyond the room for holders they are counted together.
    private func known(_ holder: QuarantineHolder, in state: borrowing State) -> QuarantineHolder {
        let isKnown = state.recent[holder] != nil || state.counted[holder] != nil
        return isKnown || state.recent.count < self.settings.maximumHolders ? holder : .nobody
    }

    /// Said once for each holder until its amount falls again; the name of an instance stays out of the log.
    private func say(_ holder: QuarantineHolder, isFull: Bool) {
        var metadata: Logger.Metadata = ["see": "hookgate quarantine list"]
        if case .integration(let id) = holder { metadata["integration"] = "\(id)" }
        if isFull {
            self.logger.error("❌ an integration's quarantine is full; its held events get 503", metadata: metadata)
        } else {
            self.logger.warning("an integration's quarantine is nearly full", metadata: metadata)
        }
    }

    /// What is held back, for `/metrics`. No name is a label: the list has them.
    package func samples() -> [MetricSample] {
        let status = self.status
        return [
            MetricSample(
                "hookgate_quarantine_events", .gauge, help: "Events held back, as far as this gateway has counted.",
                value: Double(status.events)),
            MetricSample(
                "hookgate_quarantine_bytes", .gauge, help: "Their bytes.", value: Double(status.bytes)),
            MetricSample(
                "hookgate_quarantine_fullest_ratio", .gauge,
                help: "What the integration with most held events has of its bound, from 0 to 1.",
                value: status.fullest),
            MetricSample(
                "hookgate_quarantine_alarmed", .gauge, help: "Integrations at 80 % of their bound or more.",
                value: Double(status.alarmed)),
            MetricSample(
                "hookgate_quarantine_full", .gauge, help: "Integrations whose held events get 503.",
                value: Double(status.full)),
            MetricSample(
                "hookgate_quarantine_refused_total", .counter, help: "Held events over the bound, answered with 503.",
                value: Double(status.refused)),
        ]
    }
}
