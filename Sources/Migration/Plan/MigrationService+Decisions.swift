import HookgateCore

extension MigrationService {
    /// A planner that carries out these decisions. Throws ``MigrationError/decisions(_:)`` when they name what is not
    /// there: a decision that is quietly without effect would be taken for done.
    func planner(for decisions: MigrationDecisions) async throws -> MigrationPlanner {
        let clinics = try await inventory.clinics(Set(decisions.clinics.values))
        let faults = try await faults(in: decisions, clinics: clinics)
        guard faults.isEmpty else { throw MigrationError.decisions(faults) }
        return MigrationPlanner(decisions, decidedClinics: clinics)
    }

    private func faults(in decisions: MigrationDecisions, clinics: [ClinicFact]) async throws -> [DecisionFault] {
        let facts = Dictionary(clinics.map { ($0.id, $0) }) { first, _ in first }
        var faults: [DecisionFault] = []
        var names = decisions.names[...]
        while !names.isEmpty {
            let page = try await inventory.page(naming: Array(names.prefix(Self.pageSize)))
            let known = Dictionary(page.instances.map { ($0.name, $0) }) { first, _ in first }
            for name in names.prefix(Self.pageSize) {
                if let instance = known[name] {
                    faults += Self.fault(of: decisions.clinics[name], for: instance, facts: facts).map { [$0] } ?? []
                } else {
                    faults.append(.unknownInstance(name, nearest: try await nearest(to: name)))
                }
            }
            names = names.dropFirst(Self.pageSize)
        }
        let organizations = decisions.scope.organizations
        let strangers = organizations.subtracting(try await inventory.organizations(among: organizations))
        return faults + strangers.sorted().map { .unknownOrganization($0) }
    }

    /// Rows whose organization is unclear have an obstacle of their own, which the plan tells.
    private static func fault(
        of clinic: ClinicID?, for instance: LegacyInstance, facts: [ClinicID: ClinicFact]
    ) -> DecisionFault? {
        guard let clinic else { return nil }
        guard let fact = facts[clinic] else { return .unknownClinic(clinic, of: instance.name) }
        let organizations = MergedLegacy(instance).organizations.compactMap { OrganizationID($0) }
        guard let organization = organizations.first, organizations.count == 1 else { return nil }
        return fact.organizationID == organization
            ? nil : .foreignClinic(clinic, of: instance.name, organization: organization)
    }

    private func nearest(to name: InstanceName) async throws -> InstanceName? {
        let candidates = try await inventory.names(resembling: name).map(\.text)
        return Nearest.match(for: name.text, among: candidates).map { InstanceName($0) }
    }
}
