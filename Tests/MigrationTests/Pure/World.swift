import FoundationEssentials
import HookgateCore
import Migration

/// A small fleet for planner tests: two organizations and their clinics, with ids that say what they are.
enum World {
    static let organization = OrganizationID(uuid("00000000-0000-4000-8000-0000000000aa"))
    static let otherOrganization = OrganizationID(uuid("00000000-0000-4000-8000-0000000000bb"))
    static let clinicA = ClinicID(uuid("00000000-0000-4000-8000-00000000000a"))
    static let clinicB = ClinicID(uuid("00000000-0000-4000-8000-00000000000b"))
    static let stranger = ClinicID(uuid("00000000-0000-4000-8000-00000000000c"))

    static func uuid(_ text: String) -> UUID {
        guard let uuid = UUID(uuidString: text) else { preconditionFailure("cannot use \(text) as a uuid") }
        return uuid
    }

    static func clinic(
        _ id: ClinicID, of organization: OrganizationID = organization, name: String = "Shtern Dental Clinic",
        isActive: Bool = true, number: String? = nil
    ) -> ClinicFact {
        ClinicFact(id: id, organizationID: organization, name: name, isActive: isActive, whatsappNumber: number)
    }

    /// The directory of one organization with these clinics.
    static func directory(
        _ clinics: [ClinicFact], instanceCount: Int = 1, strangers: [ClinicFact] = [],
        settings: [InstanceName: Set<ClinicID>] = [:]
    ) -> ClinicDirectory {
        let own = ClinicDirectory.Organization(
            clinicCount: clinics.count, clinics: clinics, instanceCount: instanceCount)
        return ClinicDirectory(
            organizations: clinics.isEmpty ? [:] : [organization: own], strangers: strangers, settings: settings)
    }

    static func row(
        _ source: LegacySource = .evolutionInstances, id: String = "1", organization: String? = organization.text,
        clinic: String? = nil, phone: String? = nil, status: String? = "connected", isEnabled: Bool? = nil,
        config: [String: String] = [:]
    ) -> LegacyRow {
        LegacyRow(
            source: source, id: id, organization: organization, clinic: clinic, phone: phone, status: status,
            isEnabled: isEnabled,
            config: ConfigMembers(keys: Array(config.keys), values: Array(config.values)),
            createdAt: Timestamp("2025-01-02T03:04:05.000006Z"), updatedAt: Timestamp("2025-02-03T04:05:06.000000Z"))
    }

    /// The one integration of an instance as a correct migration of `draft` leaves it.
    static func migrated(_ draft: IntegrationDraft, id: Int = 1) -> IntegrationRow {
        IntegrationRow(
            id: IntegrationID(uuid("00000000-0000-4000-9000-00000000000\(id)")), version: "1",
            organizationID: draft.organizationID, clinicID: draft.clinicID, status: draft.status.rawValue,
            isEnabled: draft.isEnabled, phoneNumber: draft.phoneNumber, displayName: draft.displayName,
            connectedAt: draft.connectedAt, lastSeenAt: draft.lastSeenAt, createdAt: draft.createdAt,
            config: draft.config, token: .present(TokenDigest(of: "token \(id)")))
    }

    static func plan(
        _ name: String = "clinic-abc123", rows: [LegacyRow] = [row()],
        directory: ClinicDirectory = directory([clinic(clinicA)]), integrations: [IntegrationRow] = [],
        seen: SeenValues? = nil, decisions: MigrationDecisions = .none
    ) -> PlannedInstance {
        let name = InstanceName(name)
        let instance = LegacyInstance(name: name, rows: rows)
        let page = InventoryPage(
            instances: [instance], directory: directory,
            integrations: integrations.isEmpty ? [:] : [name: integrations],
            seen: seen.map { [name: $0] } ?? [:])
        return MigrationPlanner(decisions).plan(instance, in: page)
    }
}
