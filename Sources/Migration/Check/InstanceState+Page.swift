import HookgateCore

extension InstanceState {
    /// Puts together what is known of one instance and says what comes next.
    init(_ instance: LegacyInstance, in page: InventoryPage, planner: MigrationPlanner, sightings: InstanceSightings) {
        let integrations = page.integrations[instance.name] ?? []
        let planned = instance.rows.isEmpty ? nil : planner.plan(instance, in: page)
        let ownClinic = integrations.first?.clinicID.map { id in
            ClinicCandidate(clinic: id, name: page.directory.clinic(id)?.name, evidence: [.integration])
        }
        self.init(
            name: instance.name, legacyRows: instance.rows, integrations: integrations,
            clinic: planned?.clinic ?? ownClinic, evolutionWebhook: .notAsked, sightings: sightings,
            notes: planned?.notes ?? [], becomes: planned?.action.becomes,
            nextStep: Self.nextStep(plan: planned?.action, integrations: integrations, sightings: sightings))
    }

    private static func nextStep(
        plan: PlanAction?, integrations: [IntegrationRow], sightings: InstanceSightings
    ) -> NextStep {
        if let plan, plan.needsDecision { return .decide(plan.obstacle ?? plan.word) }
        switch plan {
        case .insert: return .migrate
        case .update(_, let changes, _) where changes.contains(where: { $0.kind == .gap }): return .migrate
        case .update, .unchanged, .ambiguous, .conflict, .noClinic, .excluded, nil: break
        }
        guard integrations.count == 1, let row = integrations.first else {
            return .decide(PlanConflict.duplicateIntegrations(integrations.map(\.id)).description)
        }
        switch row.token {
        case .noColumn, .missing, .malformed: return .makeToken
        case .present: break
        }
        if row.clinicID == nil { return .assignClinic }
        return isSwitchedOver(sightings) ? .done : .switchOver
    }

    /// Whether webhooks come on the token route and none came on the legacy route after that, apart from retries.
    private static func isSwitchedOver(_ sightings: InstanceSightings) -> Bool {
        guard let token = sightings.lastSeen[.token] else { return false }
        guard let instance = sightings.lastLive[.instance] else { return true }
        return instance.text < token.text
    }
}
