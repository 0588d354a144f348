import FoundationEssentials
import HookgateCore

/// Where a piece of long work is, for whoever looks.
struct WorkStanding<Report: Sendable>: Sendable {
    var id = LongWorkID(UUID())
    var actor: String
    let startedAt: Date
    var endedAt: Date?
    /// Nil while it works.
    var ending: WorkEnding?
    var report: Report

    var isRunning: Bool { self.ending == nil }

    /// In place: a copy of all that is listed for every step of the work would be most of the work.
    mutating func change(by change: (inout Report) -> Void) {
        if self.isRunning { change(&self.report) }
    }
}

/// How a piece of work ended.
enum WorkEnding: Sendable, Equatable {
    case done
    /// Somebody stopped it.
    case stopped
    /// In words for whoever looks.
    case failed(String)

    /// Carries work out and says how it ended.
    static func of(
        _ complain: @Sendable (String) -> Void, _ work: () async throws -> Void
    ) async -> WorkEnding {
        do {
            try await work()
            return .done
        } catch {
            return Self.of(error, complain)
        }
    }

    /// What an error comes to. What is no error of ours is told to nobody but the log.
    static func of(_ error: any Error, _ complain: @Sendable (String) -> Void) -> WorkEnding {
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

    /// Whether the lock of a journal is another's, which may be a dead process whose session the server has not ended yet.
    static func isHeldByAnother(_ error: any Error) -> Bool {
        switch error {
        case MigrationError.anotherRunIsActive, SwitchOverError.busy: true
        default: false
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
