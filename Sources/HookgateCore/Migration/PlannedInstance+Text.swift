// The sentences in which plan results are told to people. One place, so that the command line, the API and the
// reports say the same.

extension PlanAction {
    /// One word, as reports and `--json` have it.
    package var word: String {
        switch self {
        case .insert: "insert"
        case .update: "update"
        case .unchanged: "unchanged"
        case .ambiguous: "ambiguous"
        case .conflict: "conflict"
        case .noClinic: "no_clinic"
        case .excluded: "excluded"
        }
    }

    /// Why the instance is not migrated and what to do next; nil where nothing stands in the way.
    package var obstacle: String? {
        switch self {
        case .insert, .update, .unchanged: nil
        case .ambiguous(let candidates, let clinicCount):
            "ambiguous between \(Self.list(candidates, of: clinicCount)): say which with --overrides, or name "
                + "the clinic's WhatsApp number or settings"
        case .conflict(let conflict): conflict.description
        case .noClinic(let reason): reason.description
        case .excluded(let reason): "excluded: \(reason)"
        }
    }

    /// What becomes of the legacy rows.
    package var becomes: String {
        switch self {
        case .insert: "a new integration"
        case .update(let row, let changes, _): "integration \(row.id), of which \(changes.count) fields are filled"
        case .unchanged(let row, _): "integration \(row.id), which has it all"
        case .ambiguous, .conflict, .noClinic: "nothing until a person decides"
        case .excluded: "nothing, by a person's decision"
        }
    }

    private static func list(_ candidates: [ClinicCandidate], of clinicCount: Int) -> String {
        let names = candidates.map { candidate in
            let grounds = candidate.evidence.map(\.description).joined(separator: " and ")
            return (candidate.name ?? candidate.clinic.text) + (grounds.isEmpty ? "" : " (\(grounds))")
        }
        let rest = max(0, clinicCount - names.count)
        let all = rest > 0 ? names + ["\(rest) more"] : names
        return all.joined(separator: " and ")
    }
}

extension EvidenceKind: CustomStringConvertible {
    package var description: String {
        switch self {
        case .clinicColumn: "the row's clinic_id"
        case .idInName: "its id is in the instance name"
        case .clinicSettings: "its WhatsApp settings name the instance"
        case .phone: "its WhatsApp number"
        case .onlyClinic: "the organization's only clinic"
        case .integration: "the existing integration"
        case .decision: "decided by a person"
        }
    }
}

extension PlanConflict: CustomStringConvertible {
    package var description: String {
        switch self {
        case .organizations(let ids):
            "conflict: rows of different organizations have this instance name (\(ids.joined(separator: ", "))); "
                + "correct the wrong row"
        case .integrationOrganization(let integration, let legacy):
            "conflict: the existing integration belongs to organization \(integration), the legacy row to \(legacy); "
                + "correct the wrong one"
        case .integrationClinic(let integration, let decided):
            "conflict: the existing integration has clinic \(integration), the evidence says \(decided); "
                + "correct the wrong one"
        case .duplicateIntegrations(let ids):
            "conflict: \(ids.count) integrations have this instance name (\(ids.map(\.text).joined(separator: ", "))); "
                + "keep one"
        case .refused(let rule):
            "conflict: the database does not take the row (\(rule)); correct the legacy row or the rule"
        case .keepsChanging:
            "conflict: the integration changed again each time it was to be written; run again when it is quiet"
        }
    }
}

extension NoClinicReason: CustomStringConvertible {
    package var description: String {
        switch self {
        case .noOrganization: "no clinic: the row names no organization; set its organization_id"
        case .malformedOrganization(let text): "no clinic: the row's organization_id \(text) is no uuid; correct it"
        case .organizationWithoutClinic(let id): "no clinic: organization \(id) has none; create the clinic"
        case .organizationIsClinic(let id, let name):
            "no clinic: the row's organization_id is the id of clinic \(name ?? id.text); put the clinic's "
                + "organization there"
        }
    }
}

extension PlanNote: CustomStringConvertible {
    package var description: String {
        switch self {
        case .oddStatus(let word, let status): "status \(word ?? "NULL") became \(status.rawValue)"
        case .contradiction(let field, let values):
            "its legacy rows disagree on \(field): \(values.joined(separator: ", ")); the first was taken"
        case .furtherRows(let count): "\(count) further legacy rows of this name were not read"
        case .foreignClinicColumn(let text): "the row's clinic_id \(text) is no clinic of its organization; ignored"
        case .foreignDecision(let id): "clinic \(id), which was decided on, is none of its organization; ignored"
        case .foreignClinicInName(let id): "clinic \(id) in its name belongs to another organization; ignored"
        case .nameHoldsOrganization: "the id in its name is the organization's, so it does not tell the clinic"
        case .weakerEvidence(let kind, let id): "\(kind) points to clinic \(id) instead"
        case .inactiveClinic: "the clinic is not active"
        case .phoneKept(let text): "phone \(text) is no certain international number; kept as written"
        case .switchedOff: "the legacy row is switched off, so the integration is too"
        }
    }
}
