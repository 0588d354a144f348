package import HookgateCore

extension MigrationService {
    package func check(
        evolution: (any EvolutionWebhookSource)?, observe: (CheckEvent) async throws -> Void
    ) async throws -> CheckReport {
        let survey = try await inventory.survey()
        try await observe(.surveyed(survey))
        let planner = MigrationPlanner()
        var report = CheckReport(survey: survey)
        try await inventory.pages(of: .everything, size: pageSize) { page in
            let sightings = try await inventory.sightings(of: page.instances.map(\.name))
            let webhooks = await evolution?.webhooks(of: page.instances.map(\.name)) ?? [:]
            for instance in page.instances {
                let state = InstanceState(
                    instance, in: page, planner: planner, sightings: sightings[instance.name] ?? InstanceSightings(),
                    webhook: webhooks[instance.name])
                report.count(state)
                try await observe(.instance(state))
            }
        }
        return report
    }
}

extension CheckReport {
    fileprivate mutating func count(_ state: InstanceState) {
        if state.legacyRows.isEmpty {
            onlyInNew += 1
        } else {
            legacy += 1
            if !state.integrations.isEmpty { withIntegration += 1 }
        }
        if state.sightings.oldWay?.last == .different { resolvedDifferently += 1 }
        switch state.nextStep {
        case .migrate: needMigration += 1
        case .decide, .assignClinic: needDecision += 1
        case .makeToken: break
        case .switchOver: toSwitchOver += 1
        case .waitForEvent: waitingForEvent += 1
        case .done: done += 1
        }
        switch state.nextStep {
        case .switchOver, .waitForEvent, .done: if !state.legacyRows.isEmpty { migrated += 1 }
        case .migrate, .decide, .assignClinic, .makeToken: break
        }
    }
}
