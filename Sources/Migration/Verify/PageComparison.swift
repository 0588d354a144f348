import HookgateCore

/// The instances of a page, each compared with its integration as far as that needs no further question. Pure.
struct PageComparison {
    /// In the page's order.
    let results: [InstanceVerification]
    /// The integrations whose token and routes are still to be asked for: those that have their name alone.
    let rows: [InstanceName: IntegrationRow]

    init(_ page: InventoryPage, planner: MigrationPlanner) {
        self.results = page.instances.map { Self.compare($0, in: page, planner: planner) }
        self.rows = page.integrations.compactMapValues { $0.count == 1 ? $0.first : nil }
    }

    /// The questions of the whole page.
    var routingKeys: [RoutingKey] {
        rows.flatMap { name, row in RouteComparison.keys(of: row, named: name) }
    }

    /// The results with what the answers add to them.
    func results(routes: RouteComparison, sharedTokens: Set<TokenDigest>) -> [InstanceVerification] {
        results.map { result in
            guard let row = rows[result.name] else { return result }
            var findings: [Finding] = []
            if case .present(let digest) = row.token, sharedTokens.contains(digest) { findings.append(.tokenShared) }
            return result.adding(findings + routes.findings(for: row, named: result.name))
        }
    }

    private static func compare(
        _ instance: LegacyInstance, in page: InventoryPage, planner: MigrationPlanner
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
            return result(.verified).adding(comparison.findings)
        case .conflict(.integrationClinic(let has, let decided)):
            return result(.mismatch, [ownerMismatch(.clinic, has: has.text, legacy: decided.text, seen: seen)])
        case .conflict(.integrationOrganization(let has, let legacy)):
            return result(
                .mismatch, [ownerMismatch(.organization, has: has.text, legacy: legacy.text, seen: seen)])
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
