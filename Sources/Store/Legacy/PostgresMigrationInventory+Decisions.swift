package import HookgateCore
import PostgresClient

/// What a person's decisions are held against.
extension PostgresMigrationInventory {
    private static let candidateLimit = 1_000
    private static let affixLength = 3

    package func clinics(_ ids: Set<ClinicID>) async throws -> [ClinicFact] {
        guard !ids.isEmpty else { return [] }
        return try await snapshot { connection, shapes in
            guard let clinics = shapes.clinics, clinics.has("id"), clinics.has("organization_id") else { return [] }
            return try await ClinicReader(connection: connection, shapes: shapes)
                .strangers(clinics, ids: Set(ids.map(\.uuid)))
        }
    }

    package func organizations(among ids: Set<OrganizationID>) async throws -> Set<OrganizationID> {
        guard !ids.isEmpty else { return [] }
        return try await snapshot { connection, shapes in
            let rows = try await connection.query(
                """
                SELECT DISTINCT lower(organization) AS organization FROM (\(LegacyUnion(shapes).rows)) source
                WHERE lower(organization) = ANY ($1::text[])
                """, [ids.map(\.text)])
            return Set(try rows.compactMap { OrganizationID(try $0.decode("organization", as: String.self)) })
        }
    }

    package func names(resembling name: InstanceName) async throws -> [InstanceName] {
        try await snapshot { connection, shapes in
            let rows = try await connection.query(
                """
                SELECT DISTINCT name FROM (\(LegacyUnion(shapes).rows)) source
                WHERE lower(left(name, \(Self.affixLength))) = lower(left($1, \(Self.affixLength)))
                    OR lower(right(name, \(Self.affixLength))) = lower(right($1, \(Self.affixLength)))
                    OR strpos(lower(name), lower($1)) > 0
                ORDER BY name LIMIT \(Self.candidateLimit)
                """, [name.text])
            return try rows.map { InstanceName(try $0.decode("name")) }
        }
    }
}
