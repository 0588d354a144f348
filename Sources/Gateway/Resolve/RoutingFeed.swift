package import HookgateCore
package import Logging

/// Keeps the ``RoutingTable`` true: loads everything once, then applies what changes.
///
/// A notice from the source makes it look at once; a poll at least every 1.5 s finds what a lost notice would have
/// told. The source failing leaves the table as it is, stale and said so, and is tried again for ever.
package struct RoutingFeed: Sendable {
    /// The pauses of the feed.
    package struct Settings: Sendable {
        package var pollInterval = Duration.milliseconds(1_500)
        package var firstBackoff = Duration.milliseconds(100)
        package var longestBackoff = Duration.seconds(5)

        package init() {}
    }

    private let source: any RoutingSource
    private let table: RoutingTable
    private let resolver: Resolver
    private let settings: Settings
    private let metrics: GatewayMetrics
    private let time: MonotonicTime
    private let logger: Logger

    package init(
        source: any RoutingSource, table: RoutingTable, resolver: Resolver, settings: Settings = Settings(),
        metrics: GatewayMetrics, logger: Logger, time: MonotonicTime = .system
    ) {
        self.source = source
        self.table = table
        self.resolver = resolver
        self.settings = settings
        self.metrics = metrics
        self.time = time
        self.logger = logger
    }

    /// Runs until its task is cancelled.
    package func run() async {
        // One pending wake-up stands for all that came meanwhile.
        let (wakeUps, waker) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.tick(waker) }
            group.addTask { await self.listen(waker) }
            if let cursor = await self.load() { await self.follow(from: cursor, wakeUps) }
            group.cancelAll()
        }
    }

    /// Loads everything, trying again until it succeeds; nil when cancelled.
    private func load() async -> RoutingCursor? {
        var backoff = Backoff(self.settings)
        while !Task.isCancelled {
            let begun = self.time.now
            do throws(RoutingSourceError) {
                let cursor = try await self.source.loadAll { self.table.apply($0) }
                self.table.markLoaded()
                self.table.markPolled(at: begun)
                let status = self.table.status
                self.logger.info(
                    "routing is loaded",
                    metadata: [
                        "integrations": "\(status.integrations)", "tokens": "\(status.tokens)",
                        "complete": "\(status.isComplete)",
                    ])
                return cursor
            } catch {
                self.failed("routing cannot be loaded; webhooks are stored and decided later", error)
            }
            guard (try? await self.time.sleep(for: backoff.next())) != nil else { return nil }
        }
        return nil
    }

    private func follow(from start: RoutingCursor, _ wakeUps: AsyncStream<Void>) async {
        var cursor = start
        var backoff = Backoff(self.settings)
        for await _ in wakeUps {
            let begun = self.time.now
            do throws(RoutingSourceError) {
                let (changes, next) = try await self.source.changes(since: cursor)
                self.table.apply(changes)
                self.table.markPolled(at: begun)
                self.metrics.feedPolls.add()
                if backoff.reset() { self.logger.info("routing changes arrive again") }
                cursor = next
            } catch {
                self.failed("routing changes cannot be read; what is in memory goes stale", error)
                guard (try? await self.time.sleep(for: backoff.next())) != nil else { return }
            }
        }
    }

    private func tick(_ waker: AsyncStream<Void>.Continuation) async {
        while (try? await self.time.sleep(for: self.settings.pollInterval)) != nil {
            self.resolver.sweep()
            waker.yield()
        }
        waker.finish()
    }

    /// Notices only make changes arrive sooner, so a channel that is lost is opened again and nothing else happens.
    private func listen(_ waker: AsyncStream<Void>.Continuation) async {
        var backoff = Backoff(self.settings)
        while !Task.isCancelled {
            do throws(RoutingSourceError) {
                let notices = try await self.source.changeNotices()
                // Something may have changed while nobody listened.
                waker.yield()
                for await _ in notices {
                    waker.yield()
                    _ = backoff.reset()
                }
            } catch {
                self.failed("routing notices cannot be heard; changes are found by polling", error)
            }
            guard (try? await self.time.sleep(for: backoff.next())) != nil else { return }
        }
    }

    private func failed(_ message: Logger.Message, _ error: RoutingSourceError) {
        guard !Task.isCancelled else { return }
        self.metrics.feedFailures.add()
        self.logger.warning(message, metadata: ["reason": "\(error)"])
    }
}

/// Pauses that double up to a bound.
private struct Backoff {
    private let first: Duration
    private let longest: Duration
    private var current: Duration?

    init(_ settings: RoutingFeed.Settings) {
        self.first = settings.firstBackoff
        self.longest = settings.longestBackoff
    }

    mutating func next() -> Duration {
        let pause = min(self.current.map { $0 * 2 } ?? self.first, self.longest)
        self.current = pause
        return pause
    }

    /// True when there had been a failure.
    mutating func reset() -> Bool {
        defer { self.current = nil }
        return self.current != nil
    }
}
