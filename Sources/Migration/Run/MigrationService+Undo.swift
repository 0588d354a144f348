package import HookgateCore

extension MigrationService {
    package func undo(
        _ run: RunID, _ options: UndoOptions, observe: @escaping @Sendable (UndoneInstance) async throws -> Void
    ) async throws -> UndoSummary {
        if options.isDryRun {
            _ = try await record(of: run)
            return try await undoBatches(of: run, options, observe: observe)
        }
        return try await exclusively(wait: options.lockWait) {
            var outcome = try await record(of: run).outcome
            let summary = try await undoBatches(of: run, options, observe: observe)
            // A run of which something stays is not undone: it can be tried again.
            guard summary.refused == 0 else { return summary }
            outcome.state = .undone
            try await ledger.finishRun(run, outcome: outcome, at: time.now)
            return summary
        }
    }

    /// Runs a body while no other run is at work, once the records of runs that died are closed.
    func exclusively<Success: Sendable>(
        wait: Duration, onWait: @escaping @Sendable () async throws -> Void = {},
        body: @escaping @Sendable () async throws -> Success
    ) async throws -> Success {
        try await ledger.withRunLock(wait: wait, onWait: onWait) {
            try await ledger.closeInterruptedRuns(at: time.now)
            return try await body()
        }
    }

    private func undoBatches(
        of run: RunID, _ options: UndoOptions, observe: (UndoneInstance) async throws -> Void
    ) async throws -> UndoSummary {
        var summary = UndoSummary()
        var last: InstanceName?
        while true {
            let batch = try await ledger.undoBatch(of: run, after: last, options: options, at: time.now)
            guard let final = batch.last else { return summary }
            for instance in batch {
                summary.count(instance.outcome)
                try await observe(instance)
            }
            last = final.name
        }
    }
}
