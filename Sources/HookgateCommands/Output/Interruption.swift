import HookgateCore
import PostgresClient

/// Says in one sentence what became of work that PostgreSQL, or the way to it, cut off in the middle.
enum Interruption {
    /// Runs a body; should its connection break, the failure says what was going on and what to do next.
    static func explained<Success>(
        _ work: String, next: String, _ body: () async throws -> Success
    ) async throws -> Success {
        do {
            return try await body()
        } catch let error as PostgresError where error.isInterruption {
            throw CommandFailure(
                "PostgreSQL went away while \(work): \(error.description) What is committed stays. "
                    + "When the database answers again, \(next).")
        }
    }
}

extension PostgresError {
    fileprivate var isInterruption: Bool {
        switch kind {
        case .connectionLost, .connectionFailed, .closed: true
        // The server ends its sessions: an administrator's command, a crash, a shutdown.
        case .server(let sqlState): sqlState.hasPrefix("57P") || sqlState.hasPrefix("08")
        default: false
        }
    }
}
