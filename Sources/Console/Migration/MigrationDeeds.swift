import HookgateCore

/// What page and API do alike with the migration. Each deed is noted before it is begun: what cannot be noted is not done.
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
        struct Detail: Encodable { let digest: String }
        try desk.migration.checkIdle()
        try await visit.note("migration.run", nil, Detail(digest: digest))
        let migration = visit.parts.migration
        try desk.migration.begin(MigrationReport(.migrate), visit) { update in
            let options = MigrationOptions(expectedDigest: digest)
            let summary = try await migration.migrate(options) { event in
                // Between two batches nothing is under way: the next run goes on from here.
                if case .batchCommitted = event { try Task.checkCancellation() }
                update { $0.take(event) }
            }
            update { $0.run = summary.run }
        }
    }

    static func verify(_ visit: Visit, _ desk: WorkDesk) throws(ConsoleError) {
        let migration = visit.parts.migration
        try desk.migration.begin(MigrationReport(.verify), visit) { update in
            _ = try await migration.verify { result in
                try Task.checkCancellation()
                update { $0.take(result) }
            }
        }
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
        try desk.migration.checkIdle()
        _ = try await Self.record(visit, of: run)
        try await visit.note("migration.undo", run.text, Detail(run: run.text))
        let migration = visit.parts.migration
        try desk.migration.begin(MigrationReport(.undo(run)), visit) { update in
            _ = try await migration.undo(run, UndoOptions()) { undone in
                update { $0.take(undone) }
                try Task.checkCancellation()
            }
        }
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
        case .anotherRunIsActive, .planChanged, .lockedOut: .conflict("\(error)")
        case .schemaMissing, .sealBroken, .unreadable, .decisions: .unprocessable("\(error)")
        }
    }
}

extension Visit {
    /// Takes a deed down in the audit log.
    func note(_ action: String, _ subject: String?, _ detail: some Encodable) async throws {
        let entry = try AuditEntry(actor: self.actor, action: action, subject: subject, detail: detail)
        try await self.parts.deeds.note(entry, at: self.now)
    }
}
