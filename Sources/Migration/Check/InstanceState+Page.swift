import HookgateCore

extension InstanceState {
    /// Puts together what is known of one instance and says what comes next.
    init(
        _ instance: LegacyInstance, in page: InventoryPage, planner: MigrationPlanner, sightings: InstanceSightings,
        webhook: WebhookAtEvolution?
    ) {
        let integrations = page.integrations[instance.name] ?? []
        let planned = instance.rows.isEmpty ? nil : planner.plan(instance, in: page)
        let ownClinic = integrations.first?.clinicID.map { id in
            ClinicCandidate(clinic: id, name: page.directory.clinic(id)?.name, evidence: [.integration])
        }
        let evolution = EvolutionWebhook(webhook, of: instance.name, token: integrations.first?.token)
        self.init(
            name: instance.name, legacyRows: instance.rows, integrations: integrations,
            clinic: planned?.clinic ?? ownClinic, evolutionWebhook: evolution, sightings: sightings,
            notes: planned?.notes ?? [], becomes: planned?.action.becomes,
            nextStep: Self.nextStep(
                plan: planned?.action, integrations: integrations, sightings: sightings, evolution: evolution))
    }

    private static func nextStep(
        plan: PlanAction?, integrations: [IntegrationRow], sightings: InstanceSightings, evolution: EvolutionWebhook
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
        switch evolution {
        case .posts(_, .token): return sightings.lastSeen[.token] == nil ? .waitForEvent : .done
        case .posts: return .switchOver
        // What Evolution has is not known, or nothing: what came last says the most.
        case .notAsked, .silent, .missing, .onSeveralServers, .unknown:
            return isSwitchedOver(sightings) ? .done : .switchOver
        }
    }

    /// Whether webhooks come on the token route and none came on the legacy route after that, apart from retries.
    private static func isSwitchedOver(_ sightings: InstanceSightings) -> Bool {
        guard let token = sightings.lastSeen[.token] else { return false }
        guard let instance = sightings.lastLive[.instance] else { return true }
        return instance.text < token.text
    }
}

extension InstanceState.EvolutionWebhook {
    /// Puts what a server says into words that hold no secret.
    init(_ webhook: WebhookAtEvolution?, of name: InstanceName, token: TokenPresence?) {
        switch webhook {
        case nil: self = .notAsked
        case .nowhere: self = .missing
        case .several(let servers): self = .onSeveralServers(servers)
        case .unknown(let failure): self = .unknown(failure)
        case .settings(let settings) where !settings.isEnabled: self = .silent
        case .settings(let settings):
            let kind = WebhookURLKind(settings.url, instance: name)
            let text = kind.masked(settings.url)
            switch kind {
            case .legacy: self = .posts(to: text, .old)
            case .other: self = .posts(to: text, .elsewhere)
            case .token(let there):
                let isCurrent = token == .present(TokenDigest(of: there))
                self = .posts(to: text, isCurrent ? .token : .otherToken)
            }
        }
    }
}
