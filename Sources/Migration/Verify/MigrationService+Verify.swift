package import HookgateCore

extension MigrationService {
    /// Look-ups in flight at once: enough to keep a small pool of connections busy.
    private static let routeWidth = 3

    package func verify(
        _ decisions: MigrationDecisions, observe: (InstanceVerification) async throws -> Void
    ) async throws -> VerificationSummary {
        _ = try await readableSurvey()
        let planner = try await planner(for: decisions)
        var summary = VerificationSummary()
        let shared = try await inventory.sharedTokens()
        try await inventory.pages(of: .legacy, size: Self.pageSize) { wholePage in
            let page = wholePage.limited(to: decisions.scope)
            let compared = page.instances.map { compare($0, in: page, planner: planner, sharedTokens: shared) }
            let routeFindings = try await routeFindings(for: page)
            for result in compared {
                let complete = result.adding(routeFindings[result.name] ?? [])
                    .accepting(decisions.accepted[result.name] ?? [:])
                summary.count(complete)
                try await observe(complete)
            }
        }
        return summary
    }

    private func compare(
        _ instance: LegacyInstance, in page: InventoryPage, planner: MigrationPlanner, sharedTokens: Set<TokenDigest>
    ) -> InstanceVerification {
        let planned = planner.plan(instance, in: page)
        let row = page.integrations[instance.name]?.first
        let seen = page.seen[instance.name]
        func result(_ outcome: InstanceVerification.Outcome, _ findings: [Finding] = []) -> InstanceVerification {
            InstanceVerification(name: instance.name, integrationID: row?.id, outcome: outcome, findings: findings)
        }
        switch planned.action {
        case .insert: return result(.missing)
        case .excluded: return result(.excluded)
        case .update(let row, _, let draft), .unchanged(let row, let draft):
            let comparison = InstanceComparison(row: row, draft: draft, clinic: planned.clinic, seen: seen)
            var findings = comparison.findings
            if case .present(let digest) = row.token, sharedTokens.contains(digest) { findings.append(.tokenShared) }
            return result(.verified, []).adding(findings)
        case .conflict(.integrationClinic(let has, let decided)):
            return result(.mismatch, [Self.ownerMismatch(.clinic, has: has.text, legacy: decided.text, seen: seen)])
        case .conflict(.integrationOrganization(let has, let legacy)):
            return result(
                .mismatch, [Self.ownerMismatch(.organization, has: has.text, legacy: legacy.text, seen: seen)])
        case .conflict(.duplicateIntegrations):
            return result(.mismatch, [.instanceRoute(.isDuplicate)])
        case .conflict(.organizations), .conflict(.refused), .conflict(.keepsChanging), .ambiguous, .noClinic:
            return result(.undecided(planned.action.obstacle ?? planned.action.word))
        }
    }

    private static func ownerMismatch(
        _ field: MappedField, has integration: String, legacy: String, seen: SeenValues?
    ) -> Finding {
        .mismatch(FieldDifference(field: field, seen: seen?[field], legacy: legacy, integration: integration))
    }

    /// Resolves both routes of every instance of the page that has its one integration.
    private func routeFindings(for page: InventoryPage) async throws -> [InstanceName: [Finding]] {
        let comparison = RouteComparison(routing: routing, now: time.now)
        var waiting = page.integrations.filter { $0.value.count == 1 }.makeIterator()
        return try await withThrowingTaskGroup(of: (InstanceName, [Finding]).self) { group in
            func startNext() {
                guard let (name, rows) = waiting.next(), let row = rows.first else { return }
                group.addTask { (name, try await comparison.findings(for: row, named: name)) }
            }
            for _ in 0..<Self.routeWidth { startNext() }
            var findings: [InstanceName: [Finding]] = [:]
            while let (name, found) = try await group.next() {
                if !found.isEmpty { findings[name] = found }
                startNext()
            }
            return findings
        }
    }
}

extension InstanceVerification {
    /// The same result with more findings; a fault among them makes a verified instance a mismatch.
    fileprivate func adding(_ more: [Finding]) -> InstanceVerification {
        let isFaulty = outcome == .verified && more.contains(where: \.isFault)
        return InstanceVerification(
            name: name, integrationID: integrationID, outcome: isFaulty ? .mismatch : outcome,
            findings: findings + more)
    }
}
