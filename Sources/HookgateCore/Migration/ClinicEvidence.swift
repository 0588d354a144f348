/// One reason to hold that an instance belongs to a clinic.
package enum EvidenceKind: String, Sendable, CaseIterable {
    /// The legacy row's own clinic column.
    case clinicColumn = "clinic_column"
    /// A uuid inside the instance's name is the clinic's id.
    case idInName = "id_in_name"
    /// The clinic's WhatsApp settings name the instance.
    case clinicSettings = "clinic_settings"
    /// The row's phone is the clinic's WhatsApp number.
    case phone
    /// The row's organization has no other clinic.
    case onlyClinic = "only_clinic"
    /// The integration that is already there names it.
    case integration
    /// A person's decision.
    case decision

    /// The lower one decides; kinds of one rank must agree.
    package var rank: Int {
        switch self {
        case .decision: 0
        case .clinicColumn, .idInName: 1
        case .clinicSettings: 2
        case .phone: 3
        case .onlyClinic: 4
        case .integration: 5
        }
    }
}

/// A clinic that an instance may belong to, with everything that speaks for it. No evidence means that it
/// belongs to the right organization and that is all.
package struct ClinicCandidate: Sendable, Equatable {
    package let clinic: ClinicID
    package let name: String?
    package let evidence: [EvidenceKind]

    package init(clinic: ClinicID, name: String?, evidence: [EvidenceKind]) {
        self.clinic = clinic
        self.name = name
        self.evidence = evidence
    }
}
