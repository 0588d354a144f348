package import FoundationEssentials
package import HookgateCore
package import Logging
package import PostgresClient
import Synchronization

/// Carries events from the spool into the inbox, in order, for as long as the gateway runs.
///
/// A batch is committed in the inbox first and only then passed in the spool, so a crash in between ships it again;
/// the inbox knows an event by its id and takes it once.
package final class Shipper: Sendable {
    package struct Options: Sendable {
        package var maximumRecords = 500
        /// Bodies in one statement; several times this is in memory while it is sent.
        package var maximumBytes = 8 << 20
        package var firstPause = Duration.milliseconds(200)
        package var longestPause = Duration.seconds(10)
        /// For what is left when the gateway ends.
        package var remainderTime = Duration.seconds(10)
        /// How often a look-up may fail before its events are held for a person, so that they hold up nobody else's.
        package var lookUpAttempts = 3

        package init() {}
    }

    private static let removalInterval: TimeInterval = 60

    /// From an event's arrival until the inbox has it.
    package let lags = DurationHistogram(DurationHistogram.slow)

    private let spool: Spool
    private let pool: PostgresPool
    private let writer: InboxWriter
    private let routing: any RoutingSource
    private let secondFactor: SecondFactorPolicy
    private let options: Options
    private let time: TimeSource
    private let sleep: @Sendable (Duration) async throws -> Void
    private let logger: Logger
    private let state = Mutex(ShipperStatus())

    package init(
        spool: Spool, pool: PostgresPool, routing: any RoutingSource, bodies: BodyVault = .clear,
        secondFactor: SecondFactorPolicy = SecondFactorPolicy(), options: Options = Options(),
        time: TimeSource = .system, logger: Logger,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.spool = spool
        self.pool = pool
        self.writer = InboxWriter(pool: pool, gatewayID: spool.gatewayID, time: time, bodies: bodies)
        self.routing = routing
        self.secondFactor = secondFactor
        self.options = options
        self.time = time
        self.sleep = sleep
        self.logger = logger
    }

    package var status: ShipperStatus { state.withLock { $0 } }

    /// Ships whatever becomes durable, until its task is cancelled.
    package func run() async {
        for await _ in spool.newRecords {
            var pause = options.firstPause
            while !Task.isCancelled {
                do {
                    guard try await shipBatch() else { break }
                    pause = options.firstPause
                } catch {
                    failed(error, nextTry: pause)
                    // Jitter, so that the gateways of a fleet do not all come back at once.
                    guard (try? await sleep(pause * Double.random(in: 0.5...1))) != nil else { return }
                    pause = min(pause * 2, options.longestPause)
                }
            }
        }
    }

    /// Ships what is left when nothing is accepted any more, within ``Options/remainderTime``. What does not get out
    /// stays on disk for the next start.
    package func shipRemainder() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    while try await self.shipBatch() {}
                } catch {
                    self.failed(error, nextTry: nil)
                }
            }
            group.addTask { try? await self.sleep(self.options.remainderTime) }
            await group.next()
            group.cancelAll()
        }
    }

    /// Ships everything there is, however long it takes: for a spool in which nothing is accepted any more. Throws at the
    /// first failure of the inbox; what went before it is passed, and the rest waits for another try.
    package func shipAll(afterBatch: (ShipperStatus) -> Void) async throws {
        while true {
            do {
                guard try await shipBatch() else { return }
                afterBatch(status)
            } catch is RoutingSourceError {
                // Bounded: after ``Options/lookUpAttempts`` of these the events are held for a person.
                continue
            }
        }
    }

    /// Ships the next batch; false when there is nothing left.
    private func shipBatch() async throws -> Bool {
        let batch = try await spool.reader.next(
            maximumRecords: options.maximumRecords, maximumBytes: options.maximumBytes)
        guard batch.advances else { return false }
        let records = try await decided(batch.entries)
        let account = SpoolAccount(batch, accepted: spool.statistics().acceptedRecords)
        let counts = try await writer.write(records[...], account: account)
        try await spool.reader.advance(past: batch)
        if batch.lostRecords > 0 {
            logger.critical(
                "❌ events of the spool are damaged and cannot be read; their segments are kept aside",
                metadata: ["events": "\(batch.lostRecords)"])
        }
        let now = time.now
        for record in records { lags.record(.seconds(max(0, now.timeIntervalSince(record.event.receivedAt)))) }
        let hadFailed = state.withLock { state in
            defer { state.lastFailure = nil }
            state.lastShippedAt = now
            state.count(counts, of: records.count)
            return state.lastFailure != nil
        }
        if hadFailed { logger.notice("events are shipped again") }
        try await forgetExpired(at: now)
        return true
    }

    /// Once a minute is enough: each batch adds fewer keys than one removal takes, and a full one is repeated with the
    /// next batch.
    private func forgetExpired(at now: Date) async throws {
        guard state.withLock({ $0.nextRemoval <= now }) else { return }
        let mayBeMore = try await DedupeLedger.forgetExpired(in: pool, at: now)
        state.withLock { $0.nextRemoval = mayBeMore ? now : now.addingTimeInterval(Self.removalInterval) }
    }

    /// Asks the source of truth again for events that were stored undecided; one look-up for each sender.
    private func decided(_ entries: [SpoolBatch.Entry]) async throws -> [InboxRecord] {
        var facts: [RoutingKey: RoutingFact?] = [:]
        var records: [InboxRecord] = []
        for entry in entries {
            guard case .undecided(let key) = entry.event.disposition else {
                records.append(InboxRecord(entry.event, of: entry))
                continue
            }
            if !facts.keys.contains(key) { facts.updateValue(try await fact(for: key), forKey: key) }
            // As of its own arrival: a grace period may have ended between two events of one sender.
            let resolution = facts[key]?.map { Resolution($0, at: entry.event.receivedAt) } ?? .undecided
            let settled = entry.event.settled(by: resolution, secondFactor: secondFactor)
            records.append(InboxRecord(settled ?? entry.event, of: entry))
        }
        return records
    }

    /// Nil when the source of truth has failed to say often enough. Throwing waits a while and tries the batch anew.
    private func fact(for key: RoutingKey) async throws -> RoutingFact? {
        do {
            let fact = try await routing.fact(for: key)
            state.withLock { $0.failedLookUps = 0 }
            return fact
        } catch {
            // While the database is away nobody can be looked up, which says nothing of this sender: it throws here then,
            // and whoever waits is decided when it is back.
            _ = try await pool.query("SELECT 1 AS answers")
            let attempts = state.withLock { state in
                state.failedLookUps += 1
                return state.failedLookUps
            }
            guard attempts >= options.lookUpAttempts else { throw error }
            logger.error(
                "❌ a sender cannot be looked up; its events are held for a person", metadata: ["reason": "\(error)"])
            return nil
        }
    }

    private func failed(_ error: any Error, nextTry pause: Duration?) {
        guard !(error is CancellationError), !Task.isCancelled else { return }
        state.withLock {
            $0.lastFailure = "\(error)"
            $0.failures += 1
        }
        var metadata: Logger.Metadata = ["reason": "\(error)"]
        if let pause { metadata["next_try"] = "\(pause)" }
        logger.error("events are not shipped for now; they wait in the spool", metadata: metadata)
    }
}

/// What the shipper says of itself, for readiness and metrics.
package struct ShipperStatus: Sendable, Equatable {
    /// Nil once a batch went through again.
    package var lastFailure: String?
    package var lastShippedAt: Date?
    package var failures: UInt64 = 0
    /// Look-ups that failed one after another.
    var failedLookUps = 0
    /// Events that were new to the inbox, since this process began.
    package var stored: UInt64 = 0
    /// Events that were shipped before: the process ended between the inbox and the note of it.
    package var repeated: UInt64 = 0
    /// Events that are byte for byte what the inbox has: their sender asked again.
    package var retries: UInt64 = 0
    /// Events that say in another body what the inbox has.
    package var copies: UInt64 = 0
    /// Events of which the inbox holds nothing new: itself, or what they repeat.
    package var alreadyThere: UInt64 { repeated + retries + copies }
    /// When expired keys are looked for again.
    fileprivate var nextRemoval = Date.distantPast

    fileprivate mutating func count(_ counts: InboxCounts, of shipped: Int) {
        stored += UInt64(clamping: counts.stored)
        retries += UInt64(clamping: counts.retries)
        copies += UInt64(clamping: counts.copies)
        repeated += UInt64(clamping: Int64(shipped) - counts.stored - counts.retries - counts.copies)
    }
}
