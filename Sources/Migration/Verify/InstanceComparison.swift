package import HookgateCore

/// Compares one migrated instance field by field: what its legacy rows say now, what they said when they were
/// carried over, and what the integration has. Pure.
package struct InstanceComparison {
    private let row: IntegrationRow
    private let draft: IntegrationDraft
    private let seen: SeenValues?
    /// Whether the legacy tables themselves decide for the clinic; else only what was carried over can be compared.
    private let evidenceDecidesClinic: Bool

    package init(row: IntegrationRow, draft: IntegrationDraft, clinic: ClinicCandidate?, seen: SeenValues?) {
        self.row = row
        self.draft = draft
        self.seen = seen
        self.evidenceDecidesClinic = clinic?.evidence.contains { $0 != .integration } ?? false
    }

    package var findings: [Finding] {
        draft.fields.compactMap(finding) + tokenFindings
    }

    private func finding(of field: MappedField) -> Finding? {
        let integration = row.value(of: field)
        let legacy = field == .clinic && !evidenceDecidesClinic ? seen?[field] : draft.value(of: field)
        if same(integration, legacy) { return nil }
        let difference = FieldDifference(field: field, seen: seen?[field], legacy: legacy, integration: integration)
        if field.decidesOwner { return legacy == nil ? nil : .mismatch(difference) }
        if row.isStatusKept, field.followsConnection {
            return .accepted(difference, reason: "hookgate keeps it, from events and from what Evolution says")
        }
        // Without a record of what was carried over, the row was there before any run, with values of its own.
        guard let seen, seen.has(field) else {
            return integration == nil ? .mismatch(difference) : .edited(difference)
        }
        return seen.has(legacy, in: field) ? .edited(difference) : .mismatch(difference)
    }

    private var tokenFindings: [Finding] {
        switch row.token {
        case .noColumn, .missing: [.tokenMissing]
        case .malformed: [.tokenMalformed]
        case .present: []
        }
    }

    private func same(_ left: String?, _ right: String?) -> Bool {
        switch (left, right) {
        case (nil, nil): true
        case (let left?, let right?): left.isSameText(as: right)
        default: false
        }
    }
}
