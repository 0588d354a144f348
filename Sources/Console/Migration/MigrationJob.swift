import HookgateCore

/// A run of the migration, a verification or an undoing, as another replica can go on with it.
struct MigrationJob: LeasedJob {
    static let kind = "migration"

    enum Deed: Sendable, Codable {
        /// Exactly the plan of this digest; what was cut off goes on as the same run.
        case migrate(digest: String, run: RunID)
        case verify
        case undo(RunID)
    }

    let deed: Deed

    func report(_ summary: MigrationReport?) -> MigrationReport {
        switch self.deed {
        case .migrate: summary ?? MigrationReport(.migrate)
        case .verify: summary ?? MigrationReport(.verify)
        case .undo(let run): summary ?? MigrationReport(.undo(run))
        }
    }

    static func summary(of report: MigrationReport) -> MigrationReport { report }

    func carryOut(
        _ parts: ConsoleParts, by actor: String, isResumed: Bool, update: @escaping LongWork<MigrationReport>.Update
    ) async throws {
        switch self.deed {
        case .migrate(let digest, let run):
            let options = MigrationOptions(expectedDigest: digest, run: run)
            let summary = try await parts.migration.migrate(options) { event in
                // Between two batches nothing is under way: the next run goes on from here.
                if case .batchCommitted = event { try Task.checkCancellation() }
                update { $0.take(event) }
            }
            update { $0.run = summary.run }
        case .verify:
            _ = try await parts.migration.verify { result in
                try Task.checkCancellation()
                update { $0.take(result) }
            }
        case .undo(let run):
            if isResumed { try await Self.count(parts, run, update) }
            _ = try await parts.migration.undo(run, UndoOptions()) { undone in
                update { $0.take(undone) }
                try Task.checkCancellation()
            }
        }
    }

    /// What was put back before is not looked at again.
    private static func count(
        _ parts: ConsoleParts, _ run: RunID, _ update: LongWork<MigrationReport>.Update
    ) async throws {
        _ = try await parts.migration.show(run) { page in
            let restored = page.count { $0.isUndone }
            update { $0.undone.restored += restored }
        }
    }
}
