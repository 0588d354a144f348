import FoundationEssentials
import HookgateCore
import Synchronization

/// Work that takes longer than a page does and changes nothing that a second beginning would not mend: looking, asking,
/// planning, and the clean-up's single transactions. It is done in a task of nobody's request, so it goes on when the
/// browser leaves and shows again when it returns; one at a time on each replica.
///
/// What it has come to is a value, kept until the next begins. A process that ends takes it along. What has to be gone on
/// with is ``LeasedWork``.
final class LongWork<Report: Sendable>: Sendable {
    /// Changes the report; cheap, and never after the end.
    typealias Update = @Sendable ((inout Report) -> Void) -> Void
    typealias Standing = WorkStanding<Report>

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
        guard isBegun else { throw .underWay(self.standing?.actor ?? "somebody") }
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
        self.state.withLock { $0.standing?.change(by: change) }
    }
}
