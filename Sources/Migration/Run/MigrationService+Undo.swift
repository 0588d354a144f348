package import HookgateCore

extension MigrationService {
    /// Instances put back per transaction.
    private static let undoBatchSize = 500

    package func undo(
        _ run: RunID, observe: @escaping @Sendable (UndoneInstance) async throws -> Void
    ) async throws -> UndoSummary {
        try await ledger.withRunLock(wait: MigrationOptions().lockWait) {
            guard var outcome = try await ledger.run(run)?.outcome else { throw MigrationError.unknownRun(run) }
            var summary = UndoSummary()
            var last: InstanceName?
            while true {
                let batch = try await ledger.undoBatch(of: run, after: last, limit: Self.undoBatchSize, at: time.now)
                guard let final = batch.last else { break }
                for instance in batch {
                    summary.count(instance.outcome)
                    try await observe(instance)
                }
                last = final.name
            }
            // A run of which something stays is not undone: it can be tried again.
            guard summary.editedSince == 0 else { return summary }
            outcome.state = .undone
            try await ledger.finishRun(run, outcome: outcome, at: time.now)
            return summary
        }
    }
}

extension UndoSummary {
    fileprivate mutating func count(_ outcome: UndoneInstance.Outcome) {
        switch outcome {
        case .restored: restored += 1
        case .editedSince: editedSince += 1
        case .gone: gone += 1
        }
    }
}
