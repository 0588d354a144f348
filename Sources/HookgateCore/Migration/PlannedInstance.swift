/// What the migration would do with one instance, and why: the plan is a stream of these.
package struct PlannedInstance: Sendable, Equatable {
    package let name: InstanceName
    package let action: PlanAction
    /// The clinic that was decided on, with what decided it; nil where nothing decided.
    package let clinic: ClinicCandidate?
    /// What a person should know although it stops nothing.
    package let notes: [PlanNote]

    package init(name: InstanceName, action: PlanAction, clinic: ClinicCandidate?, notes: [PlanNote]) {
        self.name = name
        self.action = action
        self.clinic = clinic
        self.notes = notes
    }
}

package enum PlanAction: Sendable, Equatable {
    /// No integration has this instance name yet.
    case insert(IntegrationDraft)
    /// The integration is there; these fields are filled or follow the legacy row, all others stay.
    case update(IntegrationRow, [FieldChange], IntegrationDraft)
    /// The integration is there and nothing is missing in it.
    case unchanged(IntegrationRow, IntegrationDraft)
    /// Evidence of one rank points to several clinics, or nothing but the organization's size is known.
    case ambiguous([ClinicCandidate], clinicCount: Int)
    case conflict(PlanConflict)
    case noClinic(NoClinicReason)
    /// Left out by a person's decision.
    case excluded(reason: String)
}

/// The change of one field of an existing integration.
package struct FieldChange: Sendable, Equatable {
    package enum Kind: String, Sendable {
        /// The integration had no value.
        case gap
        /// The legacy row changed after it was migrated and nobody has touched the integration since.
        case followed
    }

    package let field: MappedField
    package let before: String?
    package let after: String
    package let kind: Kind

    package init(field: MappedField, before: String?, after: String, kind: Kind) {
        self.field = field
        self.before = before
        self.after = after
        self.kind = kind
    }
}

package enum PlanConflict: Sendable, Equatable {
    /// Legacy rows of different organizations have this one instance name.
    case organizations([String])
    /// The integration of this name belongs to another organization than the legacy row.
    case integrationOrganization(integration: OrganizationID, legacy: OrganizationID)
    /// The integration of this name has another clinic than the one the evidence decides for.
    case integrationClinic(integration: ClinicID, decided: ClinicID)
    /// Several integrations already have this instance name.
    case duplicateIntegrations([IntegrationID])
    /// The database refuses the row; the text names the rule.
    case refused(String)
    /// A row changed again each time it was about to be written.
    case keepsChanging
}

package enum NoClinicReason: Sendable, Equatable {
    /// The row names no organization.
    case noOrganization
    /// What the row has in its place is no uuid.
    case malformedOrganization(String)
    /// The organization has no clinic.
    case organizationWithoutClinic(OrganizationID)
    /// The row has a clinic's id where the organization's belongs.
    case organizationIsClinic(ClinicID, name: String?)
}

package enum PlanNote: Sendable, Equatable {
    /// A status word that the old vocabulary does not have, or that tells of trouble.
    case oddStatus(String?, becomes: IntegrationStatus)
    /// Rows of this instance disagree on a field; the first value is used.
    case contradiction(field: String, values: [String])
    case furtherRows(Int)
    /// The legacy row has a clinic column, and what stands in it is no clinic of its organization.
    case foreignClinicColumn(String)
    /// A person named a clinic that is none of the row's organization.
    case foreignDecision(ClinicID)
    /// A uuid in the name is a clinic of another organization.
    case foreignClinicInName(ClinicID)
    /// The uuid in the name is the organization's, so it says nothing of the clinic, even where one has the same id.
    case nameHoldsOrganization
    /// Weaker evidence points to another clinic than the stronger one that decided.
    case weakerEvidence(EvidenceKind, ClinicID)
    case inactiveClinic
    /// Kept as it was written, since it is not certainly an international number.
    case phoneKept(String)
    /// The legacy row says that the instance is switched off.
    case switchedOff
}

extension PlanAction {
    /// Whether the run writes a row for it.
    package var writes: Bool {
        switch self {
        case .insert, .update: true
        case .unchanged, .ambiguous, .conflict, .noClinic, .excluded: false
        }
    }

    /// What is written, field by field: for a new integration every field, for one that is there what changes.
    package var changes: [FieldChange] {
        switch self {
        case .insert(let draft):
            draft.fields.compactMap { field in
                draft.value(of: field).map { FieldChange(field: field, before: nil, after: $0, kind: .gap) }
            }
        case .update(_, let changes, _): changes
        case .unchanged, .ambiguous, .conflict, .noClinic, .excluded: []
        }
    }

    /// Whether a person must decide before this instance can be migrated.
    package var needsDecision: Bool {
        switch self {
        case .ambiguous, .conflict, .noClinic: true
        case .insert, .update, .unchanged, .excluded: false
        }
    }

    /// What the legacy rows ask for, where they could be made sense of.
    package var draft: IntegrationDraft? {
        switch self {
        case .insert(let draft), .update(_, _, let draft), .unchanged(_, let draft): draft
        case .ambiguous, .conflict, .noClinic, .excluded: nil
        }
    }
}
