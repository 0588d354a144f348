/// What a person decided where the evidence does not, or should not, decide.
package struct MigrationDecisions: Sendable, Equatable {
    package static let none = MigrationDecisions()

    /// The clinic of an instance. Counts only within the organization of the instance's legacy row.
    package var clinics: [InstanceName: ClinicID]
    /// Instances to leave out, with the reason.
    package var excluded: [InstanceName: String]
    /// Differences that are meant to be, by instance and field, with the reason.
    package var accepted: [InstanceName: [MappedField: String]]
    /// What is looked at at all.
    package var scope: PlanScope

    package init(
        clinics: [InstanceName: ClinicID] = [:], excluded: [InstanceName: String] = [:],
        accepted: [InstanceName: [MappedField: String]] = [:], scope: PlanScope = .everything
    ) {
        self.clinics = clinics
        self.excluded = excluded
        self.accepted = accepted
        self.scope = scope
    }

    /// Every instance that is named in one way or another, in the order of the names' bytes.
    package var names: [InstanceName] {
        Set(clinics.keys).union(excluded.keys).union(accepted.keys).union(scope.only).sorted()
    }
}

/// The part of the fleet that a command is about: everything, or what is named.
package struct PlanScope: Sendable, Equatable {
    package static let everything = PlanScope()

    /// Only these instances; empty for all.
    package var only: Set<InstanceName>
    /// Only instances of these organizations; empty for all.
    package var organizations: Set<OrganizationID>

    package init(only: Set<InstanceName> = [], organizations: Set<OrganizationID> = []) {
        self.only = only
        self.organizations = organizations
    }

    /// Whether an instance is in it: one that rows of two organizations claim is in the scope of both.
    package func covers(_ instance: LegacyInstance) -> Bool {
        guard only.isEmpty || only.contains(instance.name) else { return false }
        if organizations.isEmpty { return true }
        return instance.rows.contains { row in
            row.organization.flatMap { OrganizationID($0) }.map(organizations.contains) ?? false
        }
    }
}

extension InventoryPage {
    /// The same page without the instances that are out of scope.
    package func limited(to scope: PlanScope) -> InventoryPage {
        guard scope != .everything else { return self }
        let covered = instances.filter(scope.covers)
        let names = Set(covered.map(\.name))
        return InventoryPage(
            instances: covered, directory: directory, integrations: integrations.filter { names.contains($0.key) },
            seen: seen.filter { names.contains($0.key) })
    }
}

/// Why a decision cannot be carried out. Found before anything is planned, so that a slip of the pen is not silence.
package enum DecisionFault: Sendable, Equatable {
    /// No legacy table names the instance; with the name that is most like it.
    case unknownInstance(InstanceName, nearest: InstanceName?)
    case unknownOrganization(OrganizationID)
    case unknownClinic(ClinicID, of: InstanceName)
    /// The clinic belongs to another organization than the instance's legacy row.
    case foreignClinic(ClinicID, of: InstanceName, organization: OrganizationID)

    /// The instance it is about; nil for an organization.
    package var instance: InstanceName? {
        switch self {
        case .unknownInstance(let name, _), .unknownClinic(_, let name), .foreignClinic(_, let name, _): name
        case .unknownOrganization: nil
        }
    }
}

extension DecisionFault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unknownInstance(let name, let nearest):
            "no legacy table names an instance \(name)"
                + (nearest.map { "; did you mean \($0)?" } ?? "; `hookgate check` lists them all")
        case .unknownOrganization(let id):
            "no legacy row belongs to organization \(id); `hookgate migrate --dry-run` shows the rows' organizations"
        case .unknownClinic(let id, let name): "there is no clinic \(id) that \(name) could be given"
        case .foreignClinic(let id, let name, let organization):
            "clinic \(id) is not one of organization \(organization), which \(name) belongs to"
        }
    }
}
