import FoundationEssentials
import HookgateCore
import ServiceLifecycle

/// `hookgate migrate --follow`: a run whenever the legacy tables have changed, until the process is told to end.
struct MigrationFollower: Service {
    /// A run although nothing seems to have changed: for rows that a run had to leave for the moment.
    private static let unaskedPause: Duration = .seconds(3_600)

    let migration: any MigrationUseCases
    let options: MigrationOptions
    let pause: Duration
    /// Called after a run that wrote something.
    let afterWriting: @Sendable () async throws -> Void

    func run() async throws {
        var known: InventoryMark?
        var lastPass = ContinuousClock.now
        var lastLine = ""
        while !Task.isShuttingDownGracefully {
            if lastPass.duration(to: .now) >= Self.unaskedPause { known = nil }
            do {
                let mark = try await migration.mark()
                if mark != known {
                    let summary = try await pass()
                    let line = Self.line(summary.counts)
                    if summary.run != nil || line != lastLine { Self.say(line) }
                    (known, lastPass, lastLine) = (mark, .now, line)
                }
            } catch is CancellationError {
                return
            } catch {
                // Whatever it was, it may have passed by the next time; the same words are not said twice in a row.
                let line = "\(error)"
                if line != lastLine { StandardStream.error.line("hookgate: \(line); trying again every \(pause)") }
                (known, lastLine) = (nil, line)
            }
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: pause) }
        }
    }

    private func pass() async throws -> MigrationSummary {
        let summary = try await migration.migrate(options) { event in
            // Between two batches nothing is under way: the next process goes on from here.
            if case .batchCommitted = event, Task.isShuttingDownGracefully { throw CancellationError() }
        }
        if summary.run != nil { try await afterWriting() }
        return summary
    }

    private static func say(_ line: String) {
        StandardStream.output.line("\(Date().formatted(.iso8601))  \(line)")
    }

    private static func line(_ counts: PlanCounts) -> String {
        "\(counts.inserted) new, \(counts.updated) changed, \(counts.unchanged) as they should be, "
            + "\(counts.needsDecision) waiting for a decision, \(counts.excluded) excluded"
    }
}
