package import HookgateCore

/// Decides what becomes of one instance. Pure: the same page always gives the same plan.
///
/// Nothing is guessed and nothing is overwritten: where the legacy rows contradict each other on whose instance it
/// is, or the evidence does not decide for one clinic, that is the result, and a person's work.
package struct MigrationPlanner: Sendable {
    private let decisions: MigrationDecisions
    private let decidedClinics: [ClinicID: ClinicFact]

    /// - Parameter decidedClinics: what is known of the clinics that a person named: a page knows the clinics that
    ///   evidence points to and a few more, so these may be none of them.
    package init(_ decisions: MigrationDecisions = .none, decidedClinics: [ClinicFact] = []) {
        self.decisions = decisions
        self.decidedClinics = Dictionary(decidedClinics.map { ($0.id, $0) }) { first, _ in first }
    }

    /// The digest of a plan that nothing has been added to yet.
    package var emptyDigest: PlanDigest { PlanDigest(scope: decisions.scope) }

    /// Plans every instance of a page that a legacy table names and that is in scope.
    package func plan(_ page: InventoryPage) -> [PlannedInstance] {
        page.instances.filter { !$0.rows.isEmpty && decisions.scope.covers($0) }.map { plan($0, in: page) }
    }

    package func plan(_ instance: LegacyInstance, in page: InventoryPage) -> PlannedInstance {
        let integrations = page.integrations[instance.name] ?? []
        let merged = MergedLegacy(instance)
        if let reason = decisions.excluded[instance.name] {
            return PlannedInstance(
                name: instance.name, action: .excluded(reason: reason), clinic: nil, notes: merged.notes)
        }
        let organizationID: OrganizationID
        switch organization(of: merged, directory: page.directory) {
        case .failure(let obstacle):
            return PlannedInstance(name: instance.name, action: obstacle.action, clinic: nil, notes: merged.notes)
        case .success(let id):
            organizationID = id
        }
        guard integrations.count <= 1 else {
            let duplicates = PlanAction.conflict(.duplicateIntegrations(integrations.map(\.id).sorted()))
            return PlannedInstance(name: instance.name, action: duplicates, clinic: nil, notes: merged.notes)
        }
        let accepted = decisions.accepted[instance.name] ?? [:]
        if let owner = integrations.first?.organizationID, owner != organizationID, accepted[.organization] == nil {
            let conflict = PlanAction.conflict(.integrationOrganization(integration: owner, legacy: organizationID))
            return PlannedInstance(name: instance.name, action: conflict, clinic: nil, notes: merged.notes)
        }
        let resolver = ClinicResolver(
            organizationID: organizationID, directory: page.directory, decided: decisions.clinics[instance.name],
            decidedFact: decisions.clinics[instance.name].flatMap { decidedClinics[$0] })
        let decision = resolver.decide(for: merged, existing: integrations.first)
        let notes = merged.notes + decision.notes
        switch decision.verdict {
        case .undecided(let action):
            return PlannedInstance(name: instance.name, action: action, clinic: nil, notes: notes)
        case .decided(let candidate):
            let draft = merged.draft(
                organizationID: organizationID, clinic: candidate,
                hasSiblings: (page.directory.organization(organizationID)?.instanceCount ?? 1) > 1)
            let action = action(
                for: draft, existing: integrations.first, seen: page.seen[instance.name],
                isClinicAccepted: accepted[.clinic] != nil)
            return PlannedInstance(name: instance.name, action: action, clinic: candidate, notes: notes)
        }
    }

    private struct Obstacle: Error {
        let action: PlanAction
    }

    private func organization(
        of merged: MergedLegacy, directory: ClinicDirectory
    ) -> Result<OrganizationID, Obstacle> {
        let named = merged.organizations
        guard named.count <= 1 else { return .failure(Obstacle(action: .conflict(.organizations(named)))) }
        guard let text = named.first else { return .failure(Obstacle(action: .noClinic(.noOrganization))) }
        guard let id = OrganizationID(text) else {
            return .failure(Obstacle(action: .noClinic(.malformedOrganization(text))))
        }
        return .success(id)
    }

    private func action(
        for draft: IntegrationDraft, existing: IntegrationRow?, seen: SeenValues?, isClinicAccepted: Bool
    ) -> PlanAction {
        guard let existing else { return .insert(draft) }
        if let clinic = existing.clinicID, clinic != draft.clinicID, !isClinicAccepted {
            return .conflict(.integrationClinic(integration: clinic, decided: draft.clinicID))
        }
        let changes = draft.fields.compactMap { change(of: $0, draft: draft, existing: existing, seen: seen) }
        return changes.isEmpty ? .unchanged(existing, draft) : .update(existing, changes, draft)
    }

    /// A field changes when the integration has nothing there, or when it still has what an earlier run carried
    /// over and the legacy row has moved on. Anything else is somebody's value.
    private func change(
        of field: MappedField, draft: IntegrationDraft, existing: IntegrationRow, seen: SeenValues?
    ) -> FieldChange? {
        guard let wanted = draft.value(of: field) else { return nil }
        guard let present = existing.value(of: field) else {
            // A value that a run carried over and that is gone was taken away on purpose.
            guard field.decidesOwner || seen?.has(field) != true else { return nil }
            return FieldChange(field: field, before: nil, after: wanted, kind: .gap)
        }
        guard !field.decidesOwner, !present.isSameText(as: wanted), seen?.has(present, in: field) == true else {
            return nil
        }
        return FieldChange(field: field, before: present, after: wanted, kind: .followed)
    }
}
