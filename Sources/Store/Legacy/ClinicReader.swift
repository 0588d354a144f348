import FoundationEssentials
import HookgateCore
import PostgresClient

/// Reads the clinics that one page of instances has to do with.
struct ClinicReader {
    private let connection: PostgresConnection
    private let shapes: TableShapes

    init(connection: PostgresConnection, shapes: TableShapes) {
        self.connection = connection
        self.shapes = shapes
    }

    /// - Parameters:
    ///   - instanceCounts: the organizations of the page, with how many instances each has in the legacy tables.
    ///   - settings: the clinics whose own WhatsApp settings name an instance of the page.
    ///   - furtherClinics: clinics that integrations of the page have.
    func directory(
        for instances: [LegacyInstance], instanceCounts: [OrganizationID: Int],
        settings: [InstanceName: Set<ClinicID>], furtherClinics: Set<UUID>
    ) async throws -> ClinicDirectory {
        guard let clinics = shapes.clinics, clinics.has("id"), clinics.has("organization_id") else {
            return ClinicDirectory()
        }
        let names = instances.map(\.name.text)
        var settings = settings
        let pointedTo = Self.pointedTo(by: instances).union(furtherClinics)
            .union(settings.values.flatMap { $0.map(\.uuid) })
        let own = try await connection.query(
            clinicsOfOrganizations(clinics),
            [instanceCounts.keys.map(\.uuid), Array(pointedTo), names, Self.phoneDigits(of: instances)])
        var facts: [OrganizationID: [ClinicFact]] = [:]
        var totals: [OrganizationID: Int] = [:]
        for row in own {
            let fact = try Self.fact(row)
            guard let organization = fact.organizationID else { continue }
            facts[organization, default: []].append(fact)
            totals[organization] = try row.decode("total")
            if let named: String = try row.decode("settings_instance") {
                settings[InstanceName(named), default: []].insert(fact.id)
            }
        }
        let known = Set(facts.values.flatMap { $0.map(\.id.uuid) })
        let organizations = facts.map { id, facts in
            (
                id,
                ClinicDirectory.Organization(
                    clinicCount: totals[id] ?? facts.count, clinics: facts, instanceCount: instanceCounts[id] ?? 1)
            )
        }
        return ClinicDirectory(
            organizations: Dictionary(organizations) { first, _ in first },
            strangers: try await strangers(clinics, ids: pointedTo.subtracting(known)), settings: settings)
    }

    /// Ids that may be a clinic's: in names, in clinic columns, and in organization columns by mistake.
    private static func pointedTo(by instances: [LegacyInstance]) -> Set<UUID> {
        var ids: Set<UUID> = []
        for instance in instances {
            ids.formUnion(UUIDScanner.uuids(in: instance.name.text))
            for row in instance.rows {
                ids.formUnion([row.clinic, row.organization].compactMap { $0.flatMap { UUID(uuidString: $0) } })
            }
        }
        return ids
    }

    private static func phoneDigits(of instances: [LegacyInstance]) -> [String] {
        let numbers = instances.flatMap(\.rows).compactMap { $0.phone.flatMap { PhoneNumber($0) } }
        return Array(Set(numbers)).map { String($0.text.dropFirst()) }
    }

    /// All clinics of the organizations are counted; listed are those that evidence may point to, and a few more.
    private func clinicsOfOrganizations(_ clinics: TableShape) -> String {
        """
        SELECT id, organization_id, name, is_active, whatsapp_number, settings_instance, total
        FROM (
            SELECT \(columns(of: clinics)), \(settingsInstance(clinics)) AS settings_instance,
                   count(*) OVER (PARTITION BY c.organization_id) AS total,
                   row_number() OVER (PARTITION BY c.organization_id ORDER BY c.id) AS position
            FROM \(clinics.name) c
            WHERE \(equals("organization_id", in: clinics, parameter: 1))
        ) own
        WHERE position <= \(ClinicDirectory.sampleSize) OR id = ANY ($2::uuid[]::text[])
           OR settings_instance = ANY ($3::text[])
           OR regexp_replace(regexp_replace(whatsapp_number, '[^0-9]', '', 'g'), '^00', '') = ANY ($4::text[])
        ORDER BY position
        """
    }

    func strangers(_ clinics: TableShape, ids: Set<UUID>) async throws -> [ClinicFact] {
        guard !ids.isEmpty else { return [] }
        let rows = try await connection.query(
            "SELECT \(columns(of: clinics)) FROM \(clinics.name) c WHERE \(equals("id", in: clinics, parameter: 1))",
            [Array(ids)])
        return try rows.map(Self.fact)
    }

    private func columns(of clinics: TableShape) -> String {
        let isActive = clinics.columns["is_active"] == "boolean" ? "coalesce(c.is_active, true)" : "true"
        return """
            c.id::text AS id, c.organization_id::text AS organization_id,
            \(clinics.has("name") ? "c.name::text" : "NULL::text") AS name, \(isActive) AS is_active,
            \(clinics.has("whatsapp_number") ? "c.whatsapp_number::text" : "NULL::text") AS whatsapp_number
            """
    }

    private func settingsInstance(_ clinics: TableShape) -> String {
        guard ["jsonb", "json"].contains(clinics.columns["whatsapp_config"]) else { return "NULL::text" }
        return "nullif(c.whatsapp_config->>'instance_name', '')"
    }

    /// Compares a column in its own type where that is uuid, so that its index serves.
    private func equals(_ column: String, in table: TableShape, parameter: Int) -> String {
        table.columns[column] == "uuid"
            ? "c.\(column) = ANY ($\(parameter)::uuid[])"
            : "lower(c.\(column)::text) = ANY ($\(parameter)::uuid[]::text[])"
    }

    private static func fact(_ row: PostgresRow) throws -> ClinicFact {
        let id: String = try row.decode("id")
        guard let clinic = ClinicID(id) else { throw LegacyReadError.clinicIDIsNoUUID }
        return ClinicFact(
            id: clinic,
            organizationID: try row.decode("organization_id", as: String?.self).flatMap { OrganizationID($0) },
            name: try row.decode("name"), isActive: try row.decode("is_active"),
            whatsappNumber: try row.decode("whatsapp_number"))
    }
}

/// Why the old system cannot be read at all.
package enum LegacyReadError: Error, Equatable, CustomStringConvertible {
    case clinicIDIsNoUUID

    package var description: String {
        switch self {
        case .clinicIDIsNoUUID: "a clinic's id is no uuid: integrations can only belong to clinics with uuid ids"
        }
    }
}
