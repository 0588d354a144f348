import HookgateCore

extension MigrationService {
    /// Plans everything and tries what would be written, page by page, on temporary copies of the tables.
    func dryRun(
        _ options: MigrationOptions, observe: (MigrationEvent) async throws -> Void
    ) async throws -> MigrationSummary {
        let survey = try await readableSurvey()
        let planner = try await planner(for: options.decisions)
        try await observe(.surveyed(survey))
        var counts = PlanCounts()
        var digest = planner.emptyDigest
        let report = try await rehearsal.withStage(at: time.now) { stage in
            // The next page is read and planned while this one is tried.
            try await inventory.pages(of: .legacy, size: pageSize, prepare: { planner.plan($0) }) { plan in
                let refusals = try await stage.refusals(of: plan.filter(\.action.writes))
                for planned in plan {
                    // The digest is of what was planned: the run plans the same, and is refused the same.
                    digest.add(planned)
                    let result = refusals[planned.name].map { planned.conflicting(.refused($0)) } ?? planned
                    counts.count(result.action)
                    try await observe(.planned(result))
                }
            }
        }
        let actual = digest.text()
        if let expected = options.expectedDigest, expected != actual {
            throw MigrationError.planChanged(expected: expected, actual: actual)
        }
        return MigrationSummary(
            run: nil, survey: survey, counts: counts, digest: actual, verification: nil, rehearsal: report)
    }
}

extension PlannedInstance {
    /// The same instance, which the database or another writer stood in the way of.
    func conflicting(_ conflict: PlanConflict) -> PlannedInstance {
        PlannedInstance(name: name, action: .conflict(conflict), clinic: clinic, notes: notes)
    }
}
