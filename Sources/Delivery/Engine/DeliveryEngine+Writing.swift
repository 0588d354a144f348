import FoundationEssentials
import HookgateCore
import Logging
import Synchronization

extension DeliveryEngine {
    /// Writes what came of events, in batches: whatever comes while one is written shares the next.
    func write() async {
        for await _ in writes.rings {
            while let batch = takeBatch(), !Task.isCancelled {
                await write(batch)
                await gather(after: batch)
            }
            // The end may be waited for.
            turns.ring()
        }
    }

    /// A statement costs much the same for twenty outcomes and for sixty. Nothing waits for longer than it must: an attempt
    /// that is over frees its place at once, and where nothing is under way nothing more will come.
    private func gather(after batch: [DeliveryOutcome]) async {
        guard batch.count >= settings.busyBatch else { return }
        let mayGrow = state.withLock { $0.floor.underWay > 0 && $0.outcomes.count < settings.recordBatch / 2 }
        if mayGrow { try? await sleep(settings.gatheringPause) }
    }

    private func takeBatch() -> [DeliveryOutcome]? {
        state.withLock { state in
            let batch = Array(state.outcomes.prefix(settings.recordBatch))
            state.outcomes.removeFirst(batch.count)
            state.writing = batch.count
            return batch.isEmpty ? nil : batch
        }
    }

    private func write(_ batch: [DeliveryOutcome]) async {
        var pause = settings.firstPause
        while !Task.isCancelled {
            do {
                let held = try await queue.record(batch, by: worker, at: time.now)
                settle(batch, held)
                return recovered()
            } catch {
                failed("what came of deliveries is not written for now", error)
                // Then it is the next holder's, who tries these events again.
                guard state.withLock({ $0.floor.leasedUntil }) > time.now else { return settle(batch, []) }
                guard (try? await sleep(pause * Double.random(in: 0.5...1))) != nil else { return }
                pause = min(pause * 2, settings.longestPause)
            }
        }
    }

    private func settle(_ batch: [DeliveryOutcome], _ held: PartitionSet) {
        let now = time.now
        change { floor in
            for outcome in batch where !held.contains(PartitionSet(outcome.partition)) {
                // Somebody else's by now, or with another number: nothing of it was written.
                if floor.leases[outcome.partition] == outcome.fencing { floor.lose(outcome.partition) }
            }
            for outcome in batch { floor.settled(outcome, at: now, directory: directory.destination) }
        }
        state.withLock { state in
            state.writing = 0
            for outcome in batch where held.contains(PartitionSet(outcome.partition)) {
                state.counts.count(outcome, at: now)
            }
        }
        looks.ring()
        if state.withLock({ $0.floor.isLeaving }) { leases.ring() }
    }
}
