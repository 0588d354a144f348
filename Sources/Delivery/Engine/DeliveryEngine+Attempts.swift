import FoundationEssentials
import HookgateCore
import Logging
import Synchronization

extension DeliveryEngine {
    /// Bodies read in one statement.
    private static let readBytes = 8 << 20
    private static let readCount = 64

    func takeTurns() -> [Turn] {
        let now = time.now
        let (turns, mayLoad) = state.withLock { ($0.floor.takeTurns(at: now), $0.floor.lanes.count) }
        if mayLoad < settings.maximumLanes { looks.ring() }
        return turns
    }

    func begin(_ turns: [Turn], in group: inout DiscardingTaskGroup) {
        var without: [Turn] = []
        var bytes = 0
        for turn in turns {
            if let body = turn.queued.body {
                group.addTask { await self.attempt(turn, .bytes(body)) }
                continue
            }
            if !without.isEmpty, bytes + turn.queued.bodyBytes > Self.readBytes || without.count >= Self.readCount {
                let chunk = without
                group.addTask { await self.read(chunk) }
                (without, bytes) = ([], 0)
            }
            without.append(turn)
            bytes += turn.queued.bodyBytes
        }
        if !without.isEmpty {
            let chunk = without
            group.addTask { await self.read(chunk) }
        }
    }

    private func read(_ turns: [Turn]) async {
        do {
            let bodies = try await queue.bodies(of: turns.map(\.queued.event))
            await withDiscardingTaskGroup { group in
                for turn in turns { group.addTask { await self.attempt(turn, bodies[turn.queued.event.id]) } }
            }
        } catch {
            failed("events that wait are not read for now", error)
            let now = time.now
            change { floor in
                for turn in turns {
                    floor.attempted(turn, nil, at: now)
                    floor.abandoned(turn.lane)
                }
            }
        }
    }

    /// - Parameter body: nil when the event is not pending any more.
    private func attempt(_ turn: Turn, _ body: PendingBody?) async {
        guard let body else { return finish(turn, nil, verdict: .dropped) }
        let started = time.now
        let result: AttemptResult
        switch body {
        case .gone: result = .unsendable(.bodyGone)
        case .sealed: return withhold(turn)
        case .bytes(let bytes):
            if let reason = filter(turn, bytes) { return finish(turn, nil, verdict: .filtered(reason)) }
            result = await sender.send(
                DeliveryTask(
                    event: turn.queued.event, body: bytes, destination: turn.destination,
                    attempt: turn.queued.attempts + 1, isOrphan: turn.isOrphan))
        }
        // Whoever was cancelled is as good as dead: the next holder of the lease tries again.
        guard !Task.isCancelled else { return }
        let now = time.now
        let attempt = AttemptRecord(
            number: turn.queued.attempts + 1, startedAt: started,
            duration: .seconds(max(0, now.timeIntervalSince(started))), result: result,
            destination: turn.destination.id, isOrphan: turn.isOrphan)
        finish(turn, attempt, verdict: verdict(after: result, turn, started, now))
    }

    private func withhold(_ turn: Turn) {
        let now = time.now
        let isNews = !state.withLock { $0.floor.blocked.values.contains(.masterKeyMissing) }
        change { floor in
            floor.attempted(turn, nil, at: now)
            floor.foundSealed(turn.lane, at: now)
        }
        guard isNews else { return }
        logger.error(
            """
            ❌ events are sealed and no master key of this process opens them; they wait: set body-encryption-key as \
            the other gateways have it, or name it in body-encryption-old-keys
            """)
    }

    /// What a person asked for again goes, whatever is filtered.
    private func filter(_ turn: Turn, _ body: [UInt8]) -> FilterReason? {
        guard !turn.queued.event.isReplay else { return nil }
        return turn.destination.selection.reason(against: turn.queued.event) { OwnMessage.isOwn(body) }
    }

    private func verdict(
        after result: AttemptResult, _ turn: Turn, _ started: Date, _ now: Date
    ) -> DeliveryOutcome.Verdict {
        let history = RetrySchedule.History(
            attempts: turn.queued.attempts + 1, rejections: turn.queued.rejections + (result.isRejection ? 1 : 0),
            firstAttemptAt: turn.queued.firstAttemptAt ?? started)
        switch settings.schedule.step(after: result, history, at: now, dice: .random(in: 0...1)) {
        case .settled: return .delivered
        case .park(let reason): return .parked(reason)
        case .retry(let at): return .retry(at: at)
        }
    }

    private func finish(_ turn: Turn, _ attempt: AttemptRecord?, verdict: DeliveryOutcome.Verdict) {
        let now = time.now
        let outcome = DeliveryOutcome(
            lane: turn.lane, fencing: turn.fencing, event: turn.queued.event, attempt: attempt,
            attempts: turn.queued.attempts + (attempt == nil ? 0 : 1),
            rejections: turn.queued.rejections + (attempt?.result.isRejection == true ? 1 : 0), verdict: verdict)
        state.withLock { state in
            state.floor.attempted(turn, attempt?.result, at: now)
            state.outcomes.append(outcome)
        }
        writes.ring()
    }
}
