import FoundationEssentials
import HookgateCore

/// What page and API do alike with the migration. Each deed is noted as it is begun: what cannot be noted is not done.
enum MigrationDeeds {
    static func plan(_ visit: Visit, _ desk: WorkDesk) throws(ConsoleError) {
        let migration = visit.parts.migration
        try desk.plan.begin(PlanReport(), visit) { update in
            let summary = try await migration.migrate(MigrationOptions(isDryRun: true)) { event in
                try Task.checkCancellation()
                update { $0.take(event) }
            }
            update { $0.finish(summary) }
        }
    }

    /// - Parameter digest: of the plan that was looked at.
    static func migrate(_ visit: Visit, _ desk: WorkDesk, digest: String) async throws {
        struct Detail: Encodable {
            let digest: String
            let run: String
        }
        let run = RunID(UUID())
        let entry = try visit.entry("migration.run", nil, Detail(digest: digest, run: run.text))
        try await desk.migration.begin(MigrationJob(deed: .migrate(digest: digest, run: run)), visit, noting: entry)
    }

    static func verify(_ visit: Visit, _ desk: WorkDesk) async throws {
        try await desk.migration.begin(MigrationJob(deed: .verify), visit, noting: nil)
    }

    /// What an undoing would come to.
    static func rehearseUndo(_ visit: Visit, of run: RunID) async throws -> UndoSummary {
        do {
            return try await visit.parts.migration.undo(run, UndoOptions(isDryRun: true)) { _ in }
        } catch let error as MigrationError {
            throw Self.refusal(error)
        }
    }

    static func undo(_ visit: Visit, _ desk: WorkDesk, of run: RunID) async throws {
        struct Detail: Encodable { let run: String }
        _ = try await Self.record(visit, of: run)
        let entry = try visit.entry("migration.undo", run.text, Detail(run: run.text))
        try await desk.migration.begin(MigrationJob(deed: .undo(run)), visit, noting: entry)
    }

    static func record(_ visit: Visit, of run: RunID) async throws -> RunRecord {
        do {
            return try await visit.parts.migration.record(of: run)
        } catch let error as MigrationError {
            throw Self.refusal(error)
        }
    }

    static func refusal(_ error: MigrationError) -> ConsoleError {
        switch error {
        case .unknownRun: .notFound("\(error)")
        case .anotherRunIsActive, .planChanged, .lockedOut, .runIsOver: .conflict("\(error)")
        case .schemaMissing, .sealBroken, .unreadable, .decisions: .unprocessable("\(error)")
        }
    }
}

extension Visit {
    /// Takes a deed down in the audit log.
    func note(_ action: String, _ subject: String?, _ detail: some Encodable) async throws {
        try await self.parts.deeds.note(try self.entry(action, subject, detail), at: self.now)
    }

    /// A deed for the audit log.
    func entry(_ action: String, _ subject: String?, _ detail: some Encodable) throws -> AuditEntry {
        try AuditEntry(actor: self.actor, action: action, subject: subject, detail: detail)
    }
}
