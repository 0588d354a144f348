import FoundationEssentials
package import HookgateCore

extension MigrationService {
    package func migrate(
        _ options: MigrationOptions, observe: @escaping @Sendable (MigrationEvent) async throws -> Void
    ) async throws -> MigrationSummary {
        if options.isDryRun { return try await dryRun(options, observe: observe) }
        return try await exclusively(wait: options.lockWait) {
            try await observe(.waiting)
        } body: {
            let survey = try await readableSurvey()
            let planner = try await planner(for: options.decisions)
            try await observe(.surveyed(survey))
            var run = MigrationRun(
                options.run ?? RunID(UUID()), inventory: inventory, ledger: ledger, planner: planner, time: time)
            if let id = options.run, let record = try await ledger.run(id) {
                try await run.goOn(from: try await written(by: record), record.outcome.counts)
                try await observe(.resumed(written: run.counts.written))
            } else if let expected = options.expectedDigest {
                try await refuse(unless: expected, planner: planner)
            }
            try await run.execute(batchSize: options.batchSize, pageSize: pageSize, observe: observe)
            let verification =
                options.verifies ? try await verify(options.decisions) { try await observe(.verified($0)) } : nil
            return MigrationSummary(
                run: run.id, survey: survey, counts: run.counts, digest: run.digest, verification: verification)
        }
    }

    /// What there is, unless a table hides some of it: a plan that leaves out what it cannot see would call it done.
    func readableSurvey() async throws -> LegacySurvey {
        let survey = try await inventory.survey()
        guard survey.unreadable.isEmpty else { throw MigrationError.unreadable(survey.unreadable.map(\.source)) }
        return survey
    }

    /// What a run that was cut off has written; its process may have died when all was written and nothing verified.
    private func written(by record: RunRecord) async throws -> Set<InstanceName> {
        switch record.outcome.state {
        case .interrupted, .failed, .finished: break
        case .running, .undone: throw MigrationError.runIsOver(record.id, record.outcome.state)
        }
        var names: Set<InstanceName> = []
        try await ledger.entries(of: record.id, pageSize: pageSize) { page in
            names.formUnion(page.map(\.name))
        }
        return names
    }

    private func refuse(unless expected: String, planner: MigrationPlanner) async throws {
        var digest = planner.emptyDigest
        try await inventory.pages(of: .legacy, size: pageSize, prepare: { planner.plan($0) }) { page in
            for planned in page { digest.add(planned) }
        }
        let actual = digest.text()
        guard actual == expected else { throw MigrationError.planChanged(expected: expected, actual: actual) }
    }
}
