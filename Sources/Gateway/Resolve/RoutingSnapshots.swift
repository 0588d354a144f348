package import FoundationEssentials
package import HookgateCore
package import Logging
import Synchronization

/// Keeps the snapshot on disk near the table in memory, and brings it back when a process begins.
package final class RoutingSnapshots: Sendable {
    /// Its pace.
    package struct Settings: Sendable {
        package var interval = Duration.seconds(10)
        /// Written again also when nothing changed: its age says until when it may be believed.
        package var refresh: TimeInterval = 600
        package var maximumIntegrations = 1_000_000
        /// A large snapshot rests so many times as long as writing it took.
        package var restFactor = 20

        package init() {}
    }

    private struct Written {
        let changeCount: UInt64
        let at: Date
    }

    private let store: any RoutingSnapshotStore
    private let table: RoutingTable
    private let lastKnown: LastKnownRouting
    private let settings: Settings
    private let clock: TimeSource
    private let time: MonotonicTime
    private let logger: Logger
    private let written = Mutex<Written?>(nil)
    private let failure = Mutex<String?>(nil)

    package init(
        store: any RoutingSnapshotStore, table: RoutingTable, lastKnown: LastKnownRouting,
        settings: Settings = Settings(), clock: TimeSource = .system, time: MonotonicTime = .system, logger: Logger
    ) {
        self.store = store
        self.table = table
        self.lastKnown = lastKnown
        self.settings = settings
        self.clock = clock
        self.time = time
        self.logger = logger
    }

    /// Brings back what the last process knew. A snapshot that is damaged or too old is none.
    package func load() async {
        let index = Mutex(RoutingIndex(bound: self.settings.maximumIntegrations))
        do throws(RoutingSnapshotError) {
            let instant = try await self.store.read { page in
                index.withLock { index in for change in page { index.apply(change) } }
            }
            guard let instant else { return }
            let age = self.clock.now.timeIntervalSince(instant)
            guard age <= LastKnownRouting.longestAge else {
                return self.logger.warning(
                    "the snapshot of routing is too old to be used", metadata: ["hours": "\(Int(age / 3_600))"])
            }
            let whole = index.withLock { index in
                index.markLoaded()
                return index
            }
            self.lastKnown.become(whole, takenAt: instant)
        } catch {
            self.logger.warning(
                "the snapshot of routing cannot be used; it is written anew once routing is loaded",
                metadata: ["reason": "\(error)"])
        }
    }

    /// Writes at every interval in which something changed, until its task is cancelled.
    package func run() async {
        var rest = self.settings.interval
        while (try? await self.time.sleep(for: rest)) != nil {
            let begun = self.time.now
            await self.writeIfNeeded()
            rest = max(self.settings.interval, (self.time.now - begun) * self.settings.restFactor)
        }
    }

    /// What is known of routing is written when it is all there is, and true at this moment.
    package func writeIfNeeded() async {
        guard self.table.isAuthoritative else { return }
        self.lastKnown.forget()
        let now = self.clock.now
        let changeCount = self.table.changeCount
        let isNeeded = self.written.withLock { written in
            guard let written else { return true }
            return written.changeCount != changeCount || now.timeIntervalSince(written.at) >= self.settings.refresh
        }
        guard isNeeded else { return }
        let contents = self.table.contents
        do throws(RoutingSnapshotError) {
            try await self.store.write(takenAt: now) { (show) throws(RoutingSnapshotError) in
                try contents.forEachPage(show)
            }
            self.written.withLock { $0 = Written(changeCount: changeCount, at: now) }
            self.failure.withLock { $0 = nil }
        } catch {
            self.failed(error)
        }
    }

    /// Said once until it works again.
    private func failed(_ error: RoutingSnapshotError) {
        let isNews = self.failure.withLock { failure in
            defer { failure = "\(error)" }
            return failure == nil
        }
        guard isNews else { return }
        self.logger.warning("the snapshot of routing cannot be written", metadata: ["reason": "\(error)"])
    }

    /// What the snapshot has to say on `/metrics`.
    package func samples() -> [MetricSample] {
        let now = self.clock.now
        let instant = self.written.withLock { $0?.at } ?? self.lastKnown.takenAt
        let age = instant.map { max(0, now.timeIntervalSince($0)) }
        return [
            MetricSample(
                "hookgate_routing_snapshot_age_seconds", .gauge,
                help: "Age of what a start without any store would know; -1 when there is nothing.", value: age ?? -1),
            MetricSample(
                "hookgate_routing_snapshot_used", .gauge,
                help: "1 while the snapshot of an earlier process answers what nobody else can.",
                value: self.lastKnown.takenAt == nil ? 0 : 1),
        ]
    }
}
