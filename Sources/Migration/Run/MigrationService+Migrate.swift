package import HookgateCore

extension MigrationService {
    package func migrate(
        _ options: MigrationOptions, observe: @escaping @Sendable (MigrationEvent) async throws -> Void
    ) async throws -> MigrationSummary {
        if options.isDryRun { return try await dryRun(options, observe: observe) }
        return try await ledger.withRunLock(wait: options.lockWait) {
            let survey = try await readableSurvey()
            try await observe(.surveyed(survey))
            if let expected = options.expectedDigest {
                try await refuse(unless: expected, decisions: options.decisions)
            }
            let planner = MigrationPlanner(options.decisions)
            var run = MigrationRun(inventory: inventory, ledger: ledger, planner: planner, time: time)
            try await run.execute(batchSize: options.batchSize, pageSize: Self.pageSize, observe: observe)
            let verification = try await verify(options.decisions) { try await observe(.verified($0)) }
            return MigrationSummary(
                run: run.id, survey: survey, counts: run.counts, digest: run.digest, verification: verification)
        }
    }

    private func dryRun(
        _ options: MigrationOptions, observe: (MigrationEvent) async throws -> Void
    ) async throws -> MigrationSummary {
        let survey = try await readableSurvey()
        try await observe(.surveyed(survey))
        let plan = try await plan(options.decisions) { try await observe(.planned($0)) }
        if let expected = options.expectedDigest, expected != plan.digest {
            throw MigrationError.planChanged(expected: expected, actual: plan.digest)
        }
        return MigrationSummary(run: nil, survey: survey, counts: plan.counts, digest: plan.digest, verification: nil)
    }

    /// What there is, unless a table hides some of it: a plan that leaves out what it cannot see would call it done.
    func readableSurvey() async throws -> LegacySurvey {
        let survey = try await inventory.survey()
        guard survey.unreadable.isEmpty else { throw MigrationError.unreadable(survey.unreadable.map(\.source)) }
        return survey
    }

    private func refuse(unless expected: String, decisions: MigrationDecisions) async throws {
        let plan = try await plan(decisions) { _ in }
        guard plan.digest == expected else {
            throw MigrationError.planChanged(expected: expected, actual: plan.digest)
        }
    }

    private func plan(
        _ decisions: MigrationDecisions, observe: (PlannedInstance) async throws -> Void
    ) async throws -> (counts: PlanCounts, digest: String) {
        let planner = MigrationPlanner(decisions)
        var counts = PlanCounts()
        var digest = PlanDigest()
        try await inventory.pages(of: .legacy, size: Self.pageSize) { page in
            for planned in planner.plan(page) {
                counts.count(planned.action)
                digest.add(planned)
                try await observe(planned)
            }
        }
        return (counts, digest.text())
    }
}
