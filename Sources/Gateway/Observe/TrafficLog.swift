import HookgateCore
package import Logging
import NIOPosix
import Synchronization

/// What the path says of each request, for people who follow the log.
///
/// The path only counts and, at most fifty times a second and tag, hands a line to a writer of its own; the line
/// says how many it stands for. The fifty are spread over the second, but for a few at once, so that they show all of it
/// and not its beginning. Tokens appear as fingerprints; bodies, chats and names never do.
package final class TrafficLog: Sendable {
    /// The tags that operators already search for.
    package enum Tag: Int, CaseIterable, Sendable {
        case tokenAsync, cacheHit, cacheMiss, legacyWebhook, held, failure

        var message: Logger.Message {
            switch self {
            case .tokenAsync: "[Token Async] webhook stored"
            case .cacheHit: "Token cache HIT"
            case .cacheMiss: "Token cache MISS"
            case .legacyWebhook: "[Legacy Webhook] webhook stored"
            case .held: "❌ webhook stored but held"
            case .failure: "❌ webhook not stored"
            }
        }

        var level: Logger.Level {
            switch self {
            case .tokenAsync, .cacheHit, .cacheMiss, .legacyWebhook: .info
            case .held, .failure: .warning
            }
        }
    }

    package static let linesPerSecond = 50
    /// So many of a tag are said one by one however close they follow each other, if it was silent before.
    package static let linesAtOnce = 10
    private static let queuedLines = 1_000

    private struct Line: Sendable {
        let tag: Tag
        let metadata: Logger.Metadata
        let standsFor: Int
    }

    /// What one tag has said lately: a bucket of ``linesAtOnce`` places, of which one is free again every fiftieth of a
    /// second.
    private final class Bucket: Sendable {
        struct State {
            /// When all places are free again.
            var emptyAt = Duration.zero
            var unsaid = 0
        }

        private static let refill = Duration.seconds(1) / linesPerSecond

        let state = Mutex(State())

        /// How many the next line stands for, or nil when there is no place.
        func admit(at now: Duration) -> Int? {
            self.state.withLock { state in
                let emptyAt = max(state.emptyAt, now) + Self.refill
                guard emptyAt - now <= Self.refill * linesAtOnce else {
                    state.unsaid += 1
                    return nil
                }
                state.emptyAt = emptyAt
                defer { state.unsaid = 0 }
                return state.unsaid + 1
            }
        }

        /// What no line has told of, once the tag is silent.
        func takeUnsaid(at now: Duration) -> Int {
            self.state.withLock { state in
                guard state.emptyAt <= now else { return 0 }
                defer { state.unsaid = 0 }
                return state.unsaid
            }
        }
    }

    private let logger: Logger
    private let metrics: GatewayMetrics
    private let time: MonotonicTime
    private let buckets = Tag.allCases.map { _ in Bucket() }
    private let lines: AsyncStream<Line>
    private let queue: AsyncStream<Line>.Continuation

    package init(logger: Logger, metrics: GatewayMetrics, time: MonotonicTime = .system) {
        self.logger = logger
        self.metrics = metrics
        self.time = time
        (self.lines, self.queue) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.queuedLines))
    }

    /// Notes that something happened. `metadata` is made only when a line is.
    func note(_ tag: Tag, _ metadata: @autoclosure () -> Logger.Metadata) {
        guard tag.level >= self.logger.logLevel else { return }
        guard let standsFor = self.buckets[tag.rawValue].admit(at: self.time.now) else { return }
        self.enqueue(Line(tag: tag, metadata: metadata(), standsFor: standsFor))
    }

    /// Writes lines until cancelled, then those that are queued.
    ///
    /// On a thread of its own: whoever reads our output may stop reading, and a blocked write would hold one of the
    /// few threads that everything else runs on.
    package func run() async {
        let thread = NIOThreadPool(numberOfThreads: 1)
        thread.start()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.sayWhatWasLeft() }
            for await line in self.lines {
                let logger = self.logger
                try? await thread.runIfActive {
                    var metadata = line.metadata
                    metadata["count"] = "\(line.standsFor)"
                    logger.log(level: line.tag.level, line.tag.message, metadata: metadata)
                }
            }
            group.cancelAll()
        }
        try? await thread.shutdownGracefully()
    }

    /// Lets ``run()`` end once everything queued is written.
    package func finish() {
        self.queue.finish()
    }

    /// A burst's last count would otherwise wait for the tag's next line.
    private func sayWhatWasLeft() async {
        while (try? await self.time.sleep(for: .seconds(1))) != nil {
            let now = self.time.now
            for tag in Tag.allCases {
                let unsaid = self.buckets[tag.rawValue].takeUnsaid(at: now)
                if unsaid > 0 { self.enqueue(Line(tag: tag, metadata: [:], standsFor: unsaid)) }
            }
        }
    }

    private func enqueue(_ line: Line) {
        if case .dropped = self.queue.yield(line) { self.metrics.logLinesDropped.add() }
    }
}
