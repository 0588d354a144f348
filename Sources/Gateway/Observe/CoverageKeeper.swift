import FoundationEssentials
package import HookgateCore
package import Logging
import Synchronization

/// Looks every few seconds whether a webhook could come in and be stored, and keeps the record of when that was so.
///
/// Looking never waits for writing: while the ledger hangs or fails, the record grows in memory and on a shelf of this
/// machine, and is written once the ledger answers, by whichever process that is then.
package final class CoverageKeeper: Sendable {
    /// What one look found.
    package struct Finding: Sendable, Equatable {
        /// Whether a connection of our own was accepted and answered.
        package let isAnswered: Bool
        /// Whether the spool takes events.
        package let isStorable: Bool
        /// How many webhooks were turned away for our own reasons, since the process began.
        package let mishaps: Int

        package init(isAnswered: Bool, isStorable: Bool, mishaps: Int) {
            self.isAnswered = isAnswered
            self.isStorable = isStorable
            self.mishaps = mishaps
        }
    }

    package typealias Look = @Sendable () async -> Finding

    private struct State {
        var merge: CoverageMerge
        var found: Finding?
        var unansweredLooks = 0
        var hasFailed = false
        var isShelved = false
    }

    private let ledger: any CoverageLedger
    private let shelf: any CoverageShelf
    private let clock: TimeSource
    private let time: MonotonicTime
    private let logger: Logger
    private let longestPause: TimeInterval
    private let state: Mutex<State>

    /// - Parameter pace: how many times as fast as the world's time `clock` runs.
    package init(
        ledger: any CoverageLedger, shelf: any CoverageShelf, clock: TimeSource = .system, pace: Double = 1,
        time: MonotonicTime = .system, logger: Logger
    ) {
        self.longestPause = CoverageMerge.longestPause * pace
        self.state = Mutex(State(merge: CoverageMerge(longestPause: self.longestPause)))
        self.ledger = ledger
        self.shelf = shelf
        self.clock = clock
        self.time = time
        self.logger = logger
    }

    /// How many looks in a row got no answer. One may fall into a busy moment, or before the listener is there.
    package var unansweredLooks: Int { self.state.withLock { $0.unansweredLooks } }

    /// What the last look found; nil before the first.
    package var found: Finding? { self.state.withLock { $0.found } }

    /// Looks and writes until its task is cancelled.
    package func run(_ look: @escaping Look) async {
        await self.takeUp()
        let (wakeUps, waker) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await _ in wakeUps { await self.write() }
            }
            repeat {
                await self.beat(look)
                waker.yield()
            } while (try? await self.time.sleep(for: .seconds(CoverageMerge.beatInterval))) != nil
            group.cancelAll()
        }
    }

    /// Goes on with what an earlier process could not write.
    package func takeUp() async {
        let left = await self.shelf.load()
        self.state.withLock { state in
            state.merge = CoverageMerge(left: left, longestPause: self.longestPause)
            state.isShelved = !left.isEmpty
        }
    }

    /// One look. What the ledger has not taken since the last one goes onto the shelf.
    package func beat(_ look: Look) async {
        let found = await look()
        let beat = CoverageBeat(
            at: self.clock.now, isReady: found.isAnswered && found.isStorable, mishaps: found.mishaps)
        let (unwritten, mustShelve) = self.state.withLock { state in
            let isBehind = !state.merge.unwritten.isEmpty
            state.merge.beat(beat)
            state.found = found
            state.unansweredLooks = found.isAnswered ? 0 : state.unansweredLooks + 1
            return (state.merge.unwritten, isBehind)
        }
        if mustShelve { await self.shelve(unwritten) }
    }

    /// Hands over what the ledger does not have.
    package func write() async {
        let unwritten = self.state.withLock { $0.merge.unwritten }
        guard !unwritten.isEmpty else { return }
        do {
            try await self.ledger.write(unwritten)
        } catch {
            let isNews = self.state.withLock { state in
                defer { state.hasFailed = true }
                return !state.hasFailed
            }
            guard isNews, !Task.isCancelled else { return }
            self.logger.warning(
                "the record of listening cannot be written; it is kept on this machine",
                metadata: ["reason": "\(error)"])
            return
        }
        let (rest, wasShelved) = self.state.withLock { state in
            state.merge.written(unwritten)
            state.hasFailed = false
            return (state.merge.unwritten, state.isShelved)
        }
        if wasShelved { await self.shelve(rest) }
    }

    private func shelve(_ intervals: [CoverageInterval]) async {
        do {
            try await self.shelf.save(intervals)
            self.state.withLock { $0.isShelved = !intervals.isEmpty }
        } catch {
            self.logger.warning(
                "the record of listening cannot be kept on this machine: what is lost of it counts as a gap",
                metadata: ["reason": "\(error)"])
        }
    }
}
