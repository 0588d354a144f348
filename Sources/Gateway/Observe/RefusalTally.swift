package import HookgateCore
package import Logging
import Synchronization

/// Counts the requests of which nothing is stored, in memory, and hands the counts to the ledger every few seconds.
///
/// What is stored is counted where it is stored, exactly. These counts are not worth a wait on the path: a process that
/// is killed loses those of its last seconds.
package final class RefusalTally: Sendable {
    /// The pace of writing, and the room for what waits.
    package struct Settings: Sendable {
        package var interval = Duration.seconds(10)
        /// Known instances with refused requests, about 200 bytes each; beyond, they are counted as strangers.
        package var maximumKeys = 10_000

        package init() {}
    }

    private struct State {
        var counts: [RefusalKey: RefusalCount] = [:]
        var hasFailed = false
    }

    private let settings: Settings
    private let clock: TimeSource
    private let time: MonotonicTime
    private let state = Mutex(State())

    package init(
        settings: Settings = Settings(), clock: TimeSource = .system, time: MonotonicTime = .system
    ) {
        self.settings = settings
        self.clock = clock
        self.time = time
    }

    /// Counts one. `instance` is nil for a sender whom nobody knows.
    func note(_ reason: RefusalReason, route: Route, instance: InstanceName?) {
        let now = self.clock.now
        let key = RefusalKey(instance: instance, route: route, reason: reason, at: now)
        self.state.withLock { self.add(RefusalCount(at: now), to: key, in: &$0) }
    }

    /// Writes every few seconds, until its task is cancelled.
    package func run(_ ledger: any RefusalLedger, logger: Logger) async {
        while (try? await self.time.sleep(for: self.settings.interval)) != nil {
            await self.flush(to: ledger, logger: logger)
        }
    }

    /// Hands over what there is; what the ledger does not take is kept for the next time.
    package func flush(to ledger: any RefusalLedger, logger: Logger) async {
        let counts = self.state.withLock { state in
            defer { state.counts = [:] }
            return state.counts
        }
        guard !counts.isEmpty else { return }
        do {
            try await ledger.add(counts)
            self.state.withLock { $0.hasFailed = false }
        } catch {
            let isNews = self.state.withLock { state in
                for (key, count) in counts { self.add(count, to: key, in: &state) }
                defer { state.hasFailed = true }
                return !state.hasFailed
            }
            guard isNews, !Task.isCancelled else { return }
            logger.warning("refused requests are counted in memory for now", metadata: ["reason": "\(error)"])
        }
    }

    /// Reads and writes a count instead of changing it where it stands, which would cost three allocations.
    private func add(_ count: RefusalCount, to key: RefusalKey, in state: inout State) {
        if let known = state.counts[key] {
            state.counts[key] = known + count
        } else if state.counts.count < self.settings.maximumKeys {
            state.counts[key] = count
        } else {
            let key = key.ofStranger
            state.counts[key] = state.counts[key].map { $0 + count } ?? count
        }
    }
}
