package import HookgateCore

extension MigrationService {
    package func verify(
        _ decisions: MigrationDecisions, observe: (InstanceVerification) async throws -> Void
    ) async throws -> VerificationSummary {
        _ = try await readableSurvey()
        let planner = try await planner(for: decisions)
        var summary = VerificationSummary()
        // The next page is read and compared while the routes of this one are asked for.
        try await inventory.pages(
            of: .legacy, size: pageSize,
            prepare: { PageComparison($0.limited(to: decisions.scope), planner: planner) }
        ) { page in
            for result in try await complete(page) {
                let result = result.accepting(decisions.accepted[result.name] ?? [:])
                summary.count(result)
                try await observe(result)
            }
        }
        return summary
    }

    /// Adds what the database says of the page's tokens and of where its routes lead.
    private func complete(_ page: PageComparison) async throws -> [InstanceVerification] {
        let facts = try await routing.facts(for: page.routingKeys)
        return page.results(
            routes: RouteComparison(facts: facts, now: time.now),
            sharedTokens: try await inventory.sharedTokens(of: Array(page.rows.keys)))
    }
}
