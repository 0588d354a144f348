import FoundationEssentials
import HookgateCore
import Synchronization

/// Long work that stands as a row in the database. Whoever holds its lease carries it out in a task of nobody's request;
/// when he is gone, another replica goes on; and every replica shows how far it is.
///
/// A lease bounds who works, not whether: should two be at it for a moment, the lock of the work's own journal lets one of
/// them do anything.
final class LeasedWork<Job: LeasedJob>: Sendable {
    typealias Standing = WorkStanding<Job.Report>

    /// What is carried out here, or was here last.
    struct Held {
        let lease: LongWorkLease
        var standing: Standing
        var task: Task<Void, Never>?
        var isGivenBack = false
    }

    struct State {
        var held: Held?
        /// The process ends: nothing begins here any more.
        var isEnding = false
    }

    let parts: ConsoleParts
    private let holder: UUID
    let board: WorkBoard
    let state = Mutex(State())

    /// - Parameter holder: this process.
    init(_ parts: ConsoleParts, holder: UUID, board: WorkBoard) {
        self.parts = parts
        self.holder = holder
        self.board = board
    }

    var ledger: any LongWorkLedger { self.parts.work }
    var pace: WorkPace { self.parts.workPace }
    var now: Date { self.parts.time.now }
    var end: Date { self.now.addingTimeInterval(self.pace.lease) }

    /// Where the newest is: from memory where it is carried out here, else as its holder wrote it last.
    func standing() async throws -> Standing? {
        let held = self.state.withLock { $0.held }
        if let held, held.standing.isRunning { return held.standing }
        guard let record = try await self.board.newest(of: Job.kind) else { return held?.standing }
        // Here it is whole; and what was read a moment ago may be the one before.
        if let held, held.lease.id == record.id || !record.state.isOpen && held.standing.startedAt > record.begunAt {
            return held.standing
        }
        return Self.standing(record)
    }

    /// Nil where another release wrote it.
    private static func standing(_ record: LongWorkRecord) -> Standing? {
        guard let job = WorkText.read(Job.self, record.request) else { return nil }
        let summary = record.report.flatMap { WorkText.read(Job.Summary.self, $0) }
        let ending: WorkEnding? =
            switch record.state {
            case .running, .stopping: nil
            case .done: .done
            case .stopped: .stopped
            case .failed: .failed(record.error ?? "It does not say why.")
            }
        return Standing(
            id: record.id, actor: record.actor, startedAt: record.begunAt, endedAt: record.endedAt, ending: ending,
            report: job.report(summary))
    }

    /// Refuses what could not begin now, before anything is asked for it.
    func checkIdle() async throws {
        if let standing = try await self.standing(), standing.isRunning { throw ConsoleError.underWay(standing.actor) }
    }

    /// Begins, unless something of this kind is under way anywhere.
    /// - Parameter entry: what is noted with it; nil for what changes nothing.
    func begin(_ job: Job, _ visit: Visit, noting entry: AuditEntry?) async throws {
        guard !self.state.withLock({ $0.isEnding }) else {
            throw ConsoleError.unavailable("This replica of hookgate is ending. Ask again in some seconds.")
        }
        let draft = LongWorkDraft(
            id: LongWorkID(UUID()), kind: Job.kind, actor: visit.actor, request: try WorkText.write(job))
        let begunAt = self.now
        // To its end, whoever looks: what is written down as begun is begun.
        let beginning = try await Task {
            let beginning = try await self.ledger.begin(
                draft, noting: entry, by: self.holder, until: self.end, at: begunAt)
            await self.board.forget()
            if case .begun(let lease) = beginning {
                self.start(lease, job, actor: draft.actor, at: begunAt)
            }
            return beginning
        }.value
        if case .underWay(let record) = beginning { throw ConsoleError.underWay(visit.shown(record.actor)) }
    }

    /// Asks it to leave off where nothing is lost, wherever it is carried out.
    /// - Parameter id: only this one; nil for whichever is open, even where this release cannot read it.
    func stop(_ id: LongWorkID? = nil) async throws {
        let held = self.state.withLock { $0.held }
        var open = held?.standing.isRunning == true ? held?.lease.id : nil
        if open == nil { open = try await self.board.newest(of: Job.kind)?.id }
        guard let open, id == nil || id == open else { return }
        defer {
            self.state.withLock { state in
                if state.held?.lease.id == open { state.held?.task?.cancel() }
            }
        }
        // Written down first: were this process to die now, nobody would go on with it.
        try await self.ledger.stop(open, at: self.now)
        await self.board.forget()
    }

    private func start(_ lease: LongWorkLease, _ job: Job, actor: String, at begunAt: Date) {
        self.state.withLock { state in
            let standing = Standing(id: lease.id, actor: actor, startedAt: begunAt, report: job.report(nil))
            var held = Held(lease: lease, standing: standing)
            held.isGivenBack = state.isEnding
            // One whose lease ran out under it, if there is one, has not heard of it yet.
            state.held?.task?.cancel()
            held.task = Task { await self.carryOut(lease, job, actor) }
            if state.isEnding { held.task?.cancel() }
            state.held = held
        }
    }
}

extension LeasedWork: ResumableWork {
    var kind: String { Job.kind }

    /// Goes on with what nobody is at any more.
    func resume(_ record: LongWorkRecord) async throws {
        // What another release asked for, or another configuration, is left to who can do it; to leave it off, nobody
        // has to read it.
        let job = WorkText.read(Job.self, record.request).flatMap { $0.isPossible(with: self.parts) ? $0 : nil }
        guard job != nil || record.state == .stopping else { return }
        let isGivenUp = record.state == .running && record.tries >= self.pace.mostTries
        let goesOn = record.state == .running && !isGivenUp
        let entry = try AuditEntry(
            actor: record.actor, action: "work.resume", subject: record.id.text,
            detail: Resumption(kind: record.kind, tries: record.tries + 1))
        guard
            let lease = try await self.ledger.takeOver(
                record, noting: goesOn ? entry : nil, by: self.holder, until: self.end, at: self.now)
        else { return }
        let report = record.report ?? "{}"
        if let job, goesOn {
            self.start(lease, job, actor: record.actor, at: record.begunAt)
        } else if isGivenUp {
            _ = try await self.ledger.end(
                lease, as: .failed, error: Self.givenUp(record.tries), report: report, at: self.now)
        } else {
            _ = try await self.ledger.end(lease, as: .stopped, error: nil, report: report, at: self.now)
        }
        await self.board.forget()
    }

    /// Leaves off, and lets another replica go on at once: this process ends.
    func handOver() async {
        let task = self.state.withLock { state in
            state.isEnding = true
            if state.held?.standing.isRunning == true { state.held?.isGivenBack = true }
            return state.held?.task
        }
        task?.cancel()
        await task?.value
    }

    private static func givenUp(_ tries: Int) -> String {
        "\(tries) processes have begun it, and each ended before it did, so nobody begins it again by itself. What is done "
            + "stays, and stands in the journals. Find out why they ended (their last log lines), then begin it anew."
    }
}

private struct Resumption: Encodable {
    let kind: String
    let tries: Int
}
