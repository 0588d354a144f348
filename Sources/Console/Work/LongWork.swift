import FoundationEssentials
import HookgateCore
import Synchronization

/// Work that takes longer than a page does. It is done in a task of nobody's request, so it goes on when the browser
/// leaves and shows again when it returns; one at a time, so that two people do not do the same thing twice.
///
/// What it has come to is a value, kept until the next begins. A process that ends takes it along: what is done stands
/// in the journals, from which the same work goes on.
final class LongWork<Report: Sendable>: Sendable {
    /// Changes the report; cheap, and never after the end.
    typealias Update = @Sendable ((inout Report) -> Void) -> Void

    struct Standing: Sendable {
        var actor: String
        let startedAt: Date
        var endedAt: Date?
        /// Nil while it works.
        var ending: WorkEnding?
        var report: Report

        var isRunning: Bool { self.ending == nil }

        fileprivate mutating func change(by change: (inout Report) -> Void) { change(&self.report) }
    }

    private struct State {
        var standing: Standing?
        var task: Task<Void, Never>?
    }

    private let state = Mutex(State())

    var standing: Standing? { self.state.withLock { $0.standing } }

    /// Begins, unless something of this kind is under way.
    func begin(
        _ report: Report, _ visit: Visit, work: @escaping @Sendable (_ update: @escaping Update) async throws -> Void
    ) throws(ConsoleError) {
        let (time, complain) = (visit.parts.time, visit.parts.complain)
        let isBegun = self.state.withLock { state in
            guard state.standing?.isRunning != true else { return false }
            state.standing = Standing(actor: visit.actor, startedAt: visit.now, report: report)
            state.task = Task {
                let ending = await WorkEnding.of(complain) { try await work { self.update($0) } }
                self.state.withLock { state in
                    state.standing?.ending = ending
                    state.standing?.endedAt = time.now
                    state.task = nil
                }
            }
            return true
        }
        guard isBegun else { throw self.conflict }
    }

    /// Refuses what could not begin now, before it is written down that it was begun.
    func checkIdle() throws(ConsoleError) {
        if self.standing?.isRunning == true { throw self.conflict }
    }

    private var conflict: ConsoleError { .underWay(self.standing?.actor ?? "somebody") }

    /// Asks it to leave off where nothing is lost.
    /// - Parameter isMeant: whether it is what somebody looked at; by now it may be something else.
    func stop(_ isMeant: (Report) -> Bool = { _ in true }) {
        self.state.withLock { state in
            state.standing.map { isMeant($0.report) } == true ? state.task : nil
        }?.cancel()
    }

    /// Waits for the end of what is under way.
    func wait() async {
        let task = self.state.withLock { $0.task }
        await task?.value
    }

    /// Stops it and waits: the process ends.
    func end() async {
        let task = self.state.withLock { $0.task }
        task?.cancel()
        await task?.value
    }

    private func update(_ change: (inout Report) -> Void) {
        self.state.withLock { state in
            // In place: a copy of all that is listed for every step of the work would be most of the work.
            if state.standing?.isRunning == true { state.standing?.change(by: change) }
        }
    }
}

/// How a piece of work ended.
enum WorkEnding: Sendable, Equatable {
    case done
    /// Somebody stopped it.
    case stopped
    /// In words for whoever looks.
    case failed(String)

    /// Carries work out and says how it ended. What is no error of ours is told to nobody but the log.
    static func of(
        _ complain: @Sendable (String) -> Void, _ work: () async throws -> Void
    ) async -> WorkEnding {
        do {
            try await work()
            return .done
        } catch {
            // Whatever a library throws when its task is cancelled: it was stopped.
            if Task.isCancelled || error is CancellationError { return .stopped }
            switch error {
            case let error as MigrationError: return .failed("\(error)")
            case let error as SwitchOverError: return .failed("\(error)")
            case let error as EvolutionFailure: return .failed("\(error)")
            case let error as CleanupError: return .failed("\(error)")
            case let error as ConsoleError: return .failed(error.detail)
            default:
                complain("\(error)")
                return .failed("It could not be carried out. The log of `hookgate serve` says why.")
            }
        }
    }

    /// One word for machines.
    var word: String {
        switch self {
        case .done: "done"
        case .stopped: "stopped"
        case .failed: "failed"
        }
    }
}

/// Everything that may be under way behind the pages.
struct WorkDesk: Sendable {
    let plan = LongWork<PlanReport>()
    let migration = LongWork<MigrationReport>()
    let look = LongWork<WebhookLook>()
    let switchOver = LongWork<SwitchOverReport>()
    let rotation = LongWork<RotationReport>()
    let probes = ProbeGate()
    let gates = LongWork<GateReport>()
    let archive = LongWork<ArchiveReport>()
    let examination = LongWork<DoctorReader.Report>()

    func end() async {
        await self.plan.end()
        await self.migration.end()
        await self.look.end()
        await self.switchOver.end()
        await self.rotation.end()
        await self.gates.end()
        await self.archive.end()
        await self.examination.end()
    }
}

/// Where a piece of work is, above what it has found.
enum WorkNotice {
    /// - Parameters:
    ///   - what: names the work, as "The plan".
    ///   - progress: how far it is, while it works.
    static func html<Report: Sendable>(
        _ what: String, _ standing: LongWork<Report>.Standing, _ progress: HTML, now: Date
    ) -> HTML {
        let began: HTML = "begun \(Moment.html(standing.startedAt, now: now)) by \(standing.actor)"
        switch standing.ending {
        case nil: return Notice.html("\(what) is under way: \(progress) \(began)", .notice)
        case .done: return Notice.html("\(what) is done: \(progress) \(began)", .good)
        case .stopped: return Notice.html("\(what) was stopped: \(progress) What is done stays. \(began)", .notice)
        case .failed(let why): return Notice.html("\(what) failed: \(why) \(began)", .bad)
        }
    }
}
