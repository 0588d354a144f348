package import HookgateCore

extension MigrationService {
    /// Instances put back per transaction.
    private static let undoBatchSize = 500

    package func undo(
        _ run: RunID, observe: @Sendable (UndoneInstance) async throws -> Void
    ) async throws -> UndoSummary {
        try await ledger.withRunLock(wait: MigrationOptions().lockWait) {
            guard var outcome = try await ledger.run(run)?.outcome else { throw MigrationError.unknownRun(run) }
            var summary = UndoSummary()
            while true {
                let batch = try await ledger.undoBatch(of: run, limit: Self.undoBatchSize, at: time.now)
                guard !batch.isEmpty else { break }
                for instance in batch {
                    summary.count(instance.outcome)
                    try await observe(instance)
                }
            }
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
