import FoundationEssentials
import HookgateCore
import Synchronization

/// Why a holder leaves work off before its end.
private enum Leaving: Sendable {
    /// Somebody has asked for it, on another replica.
    case stopped
    /// Somebody else has the lease, or may have it.
    case lost
}

/// What came of carrying work out.
private enum Coming: Sendable {
    case ended(WorkEnding)
    /// By what passes, as a database that restarts: another try goes on.
    case interrupted
    case left(Leaving?)
}

extension LeasedWork {
    /// Does it while the lease is held, and writes down how it ended.
    func carryOut(_ lease: LongWorkLease, _ job: Job, _ actor: String) async {
        var ending = WorkEnding.stopped
        var isInterrupted = false
        var isLost = false
        await withTaskGroup(of: Coming.self) { tasks in
            tasks.addTask { await self.attempt(lease, job, actor) }
            tasks.addTask { .left(await self.keep(lease)) }
            for await coming in tasks {
                tasks.cancelAll()
                switch coming {
                case .ended(let how): ending = how
                case .interrupted: isInterrupted = true
                case .left(.lost?): isLost = true
                case .left: break
                }
            }
        }
        // The task may be cancelled, and what is written now is the end of it.
        await Task { [ending, isInterrupted, isLost] in
            await self.conclude(lease, ending, isInterrupted: isInterrupted, isLost: isLost)
        }.value
    }

    private func attempt(_ lease: LongWorkLease, _ job: Job, _ actor: String) async -> Coming {
        // Whoever has had it before may have done part of it, or all.
        let isResumed = lease.fencing > 1
        var waits = 0
        while true {
            do {
                try await job.carryOut(self.parts, by: actor, isResumed: isResumed) { self.update(lease, $0) }
                return .ended(.done)
            } catch {
                let isBusy = isResumed && WorkEnding.isHeldByAnother(error) && waits < self.pace.mostWaits
                guard !Task.isCancelled, isBusy else {
                    if !Task.isCancelled, self.parts.isPassing(error) {
                        self.parts.complain("long work is interrupted: \(error)")
                        return .interrupted
                    }
                    return .ended(WorkEnding.of(error, self.parts.complain))
                }
            }
            waits += 1
            guard (try? await self.pace.pause(self.pace.renewal)) != nil else { return .ended(.stopped) }
        }
    }

    /// Holds the lease for as long as the work takes.
    /// - Returns: why it is to be left off; nil when it has ended.
    private func keep(_ lease: LongWorkLease) async -> Leaving? {
        var end = self.end
        while (try? await self.pace.pause(self.pace.renewal)) != nil {
            let next = self.end
            do {
                let state = try await self.ledger.keep(
                    lease, report: try self.summary(lease), until: next, at: self.now)
                guard let state, state.isOpen else { return .lost }
                if state == .stopping { return .stopped }
                end = next
            } catch {
                if Task.isCancelled { return nil }
                self.parts.complain("long work cannot be kept: \(error)")
                // Nobody has been told for so long that it goes on here: another may be at it now.
                if self.now >= end { return .lost }
            }
        }
        return nil
    }

    private func conclude(
        _ lease: LongWorkLease, _ ending: WorkEnding, isInterrupted: Bool, isLost: Bool
    ) async {
        let isGivenBack = self.state.withLock { $0.held?.lease == lease && $0.held?.isGivenBack == true }
        do {
            if isLost {
                self.forget(lease)
            } else if isInterrupted || isGivenBack && ending == .stopped {
                let summary = try self.summary(lease)
                try await self.ledger.giveBack(lease, isInGoodOrder: !isInterrupted, report: summary, at: self.now)
                self.forget(lease)
            } else if try await self.write(lease, ending) {
                let now = self.now
                self.state.withLock { state in
                    guard state.held?.lease == lease else { return }
                    state.held?.standing.ending = ending
                    state.held?.standing.endedAt = now
                    state.held?.task = nil
                }
            } else {
                self.forget(lease)
            }
        } catch {
            // Its lease runs out, and who goes on with it finds it done.
            self.parts.complain("the end of long work cannot be written: \(error)")
            self.forget(lease)
        }
        await self.board.forget()
    }

    /// - Returns: false when the lease is another's.
    private func write(_ lease: LongWorkLease, _ ending: WorkEnding) async throws -> Bool {
        let summary = try self.summary(lease)
        let (state, error): (LongWorkRecord.State, String?) =
            switch ending {
            case .done: (.done, nil)
            case .stopped: (.stopped, nil)
            case .failed(let why): (.failed, why)
            }
        return try await self.ledger.end(lease, as: state, error: error, report: summary, at: self.now)
    }

    private func update(_ lease: LongWorkLease, _ change: (inout Job.Report) -> Void) {
        self.state.withLock { state in
            if state.held?.lease == lease { state.held?.standing.change(by: change) }
        }
    }

    private func summary(_ lease: LongWorkLease) throws -> String {
        let report = self.state.withLock { $0.held?.lease == lease ? $0.held?.standing.report : nil }
        return try report.map { try WorkText.write(Job.summary(of: $0)) } ?? "{}"
    }

    /// From now on the row alone says how it stands.
    private func forget(_ lease: LongWorkLease) {
        self.state.withLock { state in
            if state.held?.lease == lease { state.held = nil }
        }
    }
}
