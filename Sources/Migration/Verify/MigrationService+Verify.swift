import FoundationEssentials
package import HookgateCore

extension MigrationService {
    package func verify(
        _ decisions: MigrationDecisions, observe: (InstanceVerification) async throws -> Void
    ) async throws -> VerificationSummary {
        _ = try await readableSurvey()
        let planner = try await planner(for: decisions)
        // Before the first page: while the tables have this mark, what was compared is what stands there.
        let mark = decisions.scope == .everything ? try await inventory.mark() : nil
        let begun = time.now
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
        if let mark {
            try await ledger.record(FleetVerification(summary, of: mark, at: begun, excluded: decisions.excluded))
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

extension FleetVerification {
    fileprivate init(
        _ summary: VerificationSummary, of mark: InventoryMark, at instant: Date, excluded: [InstanceName: String]
    ) {
        self.init(
            verifiedAt: instant, mark: mark, verified: summary.verified, mismatched: summary.mismatched,
            missing: summary.missing, undecided: summary.undecided, excluded: excluded)
    }
}
