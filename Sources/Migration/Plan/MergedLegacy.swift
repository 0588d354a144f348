import HookgateCore

/// The rows of one instance name seen as one: for each field the first row that says something, in order of
/// trust, and a note wherever rows disagree.
struct MergedLegacy {
    let name: InstanceName
    private let rows: [LegacyRow]
    private(set) var notes: [PlanNote] = []

    init(_ instance: LegacyInstance) {
        self.name = instance.name
        self.rows = instance.rows
        if instance.furtherRows > 0 { notes.append(.furtherRows(instance.furtherRows)) }
        noteContradiction("status") { $0.status }
        noteContradiction("phone_number") { row in row.phone.map { PhoneNumber($0)?.text ?? $0 } }
        let status = IntegrationStatus.migrated(fromLegacy: self.status)
        if status.isOdd { notes.append(.oddStatus(self.status, becomes: status.status)) }
        if let phone, PhoneNumber(phone) == nil { notes.append(.phoneKept(phone)) }
        if !isEnabled { notes.append(.switchedOff) }
    }

    /// The different organizations that rows name, uuids in one spelling.
    var organizations: [String] {
        distinct { row in row.organization.map { OrganizationID($0)?.text ?? $0 } }
    }

    /// The different clinics that rows name themselves.
    var clinicColumns: [String] {
        distinct { row in row.clinic.map { ClinicID($0)?.text ?? $0 } }
    }

    var phone: String? { first { $0.phone } }

    private var status: String? { first { $0.status } }

    /// Everything may receive traffic unless a row says otherwise: a phone that is offline today is not switched off.
    private var isEnabled: Bool {
        let words = rows.compactMap(\.status).map { $0.lowercased() }
        return !rows.contains { $0.isEnabled == false } && !words.contains("disabled") && !words.contains("suspended")
    }

    func draft(organizationID: OrganizationID, clinic: ClinicCandidate, hasSiblings: Bool) -> IntegrationDraft {
        var config = ConfigMembers()
        for row in rows { config.fillGaps(from: row.config) }
        for key in MappedField.instanceNameKeys { config.set(key, toString: name.text) }
        let number = phone.map { PhoneNumber($0)?.text ?? $0 }
        let status = IntegrationStatus.migrated(fromLegacy: status).status
        let createdAt = first { $0.createdAt }
        return IntegrationDraft(
            organizationID: organizationID, clinicID: clinic.clinic, status: status, isEnabled: isEnabled,
            phoneNumber: number,
            displayName: clinic.name.map { hasSiblings ? "\($0) (\(number ?? name.text))" : $0 },
            connectedAt: first { $0.connectedAt } ?? (status == .active ? createdAt : nil),
            lastSeenAt: first { $0.updatedAt }, createdAt: createdAt, updatedAt: first { $0.updatedAt },
            config: config, source: rows.first?.place ?? "", legacyStatus: self.status)
    }

    private func first<Value>(_ field: (LegacyRow) -> Value?) -> Value? {
        for row in rows {
            if let value = field(row) { return value }
        }
        return nil
    }

    private func distinct(_ field: (LegacyRow) -> String?) -> [String] {
        var values: [String] = []
        for value in rows.compactMap(field) where !values.contains(where: { $0.isSameText(as: value) }) {
            values.append(value)
        }
        return values
    }

    private mutating func noteContradiction(_ name: String, _ field: (LegacyRow) -> String?) {
        let values = distinct(field)
        if values.count > 1 { notes.append(.contradiction(field: name, values: values)) }
    }
}
