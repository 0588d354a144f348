import HookgateCore

/// Finds the clinic of an instance by ranked evidence, within the row's organization alone.
///
/// The strongest rank that points to any clinic decides; when it points to two, the result is ambiguous, whatever
/// weaker ranks say.
struct ClinicResolver {
    enum Verdict {
        case decided(ClinicCandidate)
        case undecided(PlanAction)
    }

    struct Decision {
        let verdict: Verdict
        let notes: [PlanNote]
    }

    let organizationID: OrganizationID
    let directory: ClinicDirectory
    /// The clinic that a person named.
    let decided: ClinicID?
    /// What is known of that clinic, should the directory not know it.
    let decidedFact: ClinicFact?

    func decide(for merged: MergedLegacy, existing: IntegrationRow?) -> Decision {
        var notes: [PlanNote] = []
        guard let organization = directory.organization(organizationID), organization.clinicCount > 0 else {
            return Decision(verdict: .undecided(.noClinic(reasonWithoutClinics)), notes: notes)
        }
        let evidence = evidence(for: merged, of: organization, existing: existing, notes: &notes)
        guard let strongest = evidence.map(\.kind.rank).min() else {
            let candidates = organization.clinics.prefix(ClinicDirectory.sampleSize).map { candidate($0.id, from: []) }
            let action = PlanAction.ambiguous(Array(candidates), clinicCount: organization.clinicCount)
            return Decision(verdict: .undecided(action), notes: notes)
        }
        let pointedTo = Set(evidence.filter { $0.kind.rank == strongest }.map(\.clinic)).sorted()
        guard pointedTo.count == 1, let clinic = pointedTo.first else {
            let candidates = pointedTo.map { candidate($0, from: evidence) }
            return Decision(
                verdict: .undecided(.ambiguous(candidates, clinicCount: candidates.count)), notes: notes)
        }
        notes += evidence.filter { $0.clinic != clinic && $0.kind != .integration }
            .map { .weakerEvidence($0.kind, $0.clinic) }
        if fact(clinic)?.isActive == false { notes.append(.inactiveClinic) }
        return Decision(verdict: .decided(candidate(clinic, from: evidence)), notes: notes)
    }

    private struct Evidence {
        let kind: EvidenceKind
        let clinic: ClinicID
    }

    private func evidence(
        for merged: MergedLegacy, of organization: ClinicDirectory.Organization, existing: IntegrationRow?,
        notes: inout [PlanNote]
    ) -> [Evidence] {
        var found: [Evidence] = []
        if let decided {
            if isOwn(decided) {
                found.append(Evidence(kind: .decision, clinic: decided))
            } else {
                notes.append(.foreignDecision(decided))
            }
        }
        for text in merged.clinicColumns {
            if let id = ClinicID(text), isOwn(id) {
                found.append(Evidence(kind: .clinicColumn, clinic: id))
            } else {
                notes.append(.foreignClinicColumn(text))
            }
        }
        found += identifiersInName(merged.name, notes: &notes).map { Evidence(kind: .idInName, clinic: $0) }
        found += directory.clinicsNaming(merged.name).filter(isOwn).sorted()
            .map { Evidence(kind: .clinicSettings, clinic: $0) }
        if let phone = merged.phone.flatMap(PhoneNumber.init) {
            found += organization.clinics.filter { $0.whatsappNumber.flatMap(PhoneNumber.init) == phone }
                .map { Evidence(kind: .phone, clinic: $0.id) }
        }
        if organization.clinicCount == 1, let only = organization.clinics.first {
            found.append(Evidence(kind: .onlyClinic, clinic: only.id))
        }
        if let clinic = existing?.clinicID, isOwn(clinic) {
            found.append(Evidence(kind: .integration, clinic: clinic))
        }
        return found
    }

    /// A uuid that is the organization's own says nothing: names were made from either id, and some organizations
    /// have a clinic with the same one.
    private func identifiersInName(_ name: InstanceName, notes: inout [PlanNote]) -> [ClinicID] {
        var own: [ClinicID] = []
        for uuid in UUIDScanner.uuids(in: name.text) {
            let id = ClinicID(uuid)
            if uuid == organizationID.uuid {
                notes.append(.nameHoldsOrganization)
            } else if isOwn(id) {
                own.append(id)
            } else if directory.clinic(id) != nil {
                notes.append(.foreignClinicInName(id))
            }
        }
        return own
    }

    private func isOwn(_ clinic: ClinicID) -> Bool {
        fact(clinic)?.organizationID == organizationID
    }

    private func fact(_ clinic: ClinicID) -> ClinicFact? {
        directory.clinic(clinic) ?? (clinic == decidedFact?.id ? decidedFact : nil)
    }

    private func candidate(_ clinic: ClinicID, from evidence: [Evidence]) -> ClinicCandidate {
        ClinicCandidate(
            clinic: clinic, name: fact(clinic)?.name,
            evidence: evidence.filter { $0.clinic == clinic }.map(\.kind))
    }

    private var reasonWithoutClinics: NoClinicReason {
        let namesake = ClinicID(organizationID.uuid)
        guard let clinic = directory.clinic(namesake) else { return .organizationWithoutClinic(organizationID) }
        return .organizationIsClinic(namesake, name: clinic.name)
    }
}
