import FoundationEssentials
package import HookgateCore
package import PostgresClient

/// Reads `healthcare.integrations` for lists, whichever of its columns exist: rows are read as JSON, so a
/// column that is not there yet reads as null.
package struct PostgresIntegrationCatalog: IntegrationCatalog {
    private static let pageSize = 500
    private static let fillBatch = 1_000
    /// Where clinics may live, best first.
    private static let clinicTables = ["healthcare.clinics", "public.clinics"]

    private let pool: PostgresPool

    package init(pool: PostgresPool) {
        self.pool = pool
    }

    package func forEachPage(
        clinic: ClinicID?, _ body: ([IntegrationRecord]) async throws -> Void
    ) async throws {
        guard let select = try await selectStatement() else { return }
        // A cursor inside one transaction: one consistent picture, bounded memory, and fine behind a pooler.
        try await pool.transaction { connection in
            try await connection.query(
                """
                DECLARE hookgate_integrations NO SCROLL CURSOR FOR \(select)
                WHERE $1::uuid IS NULL OR clinic_id = $1::text
                ORDER BY clinic_name NULLS LAST, instance_name COLLATE "C", id
                """, [clinic?.uuid])
            while true {
                let rows = try await connection.query("FETCH \(Self.pageSize) FROM hookgate_integrations")
                if rows.isEmpty { return }
                try await body(try rows.map(Self.record))
            }
        }
    }

    package func integration(_ id: IntegrationID) async throws -> IntegrationRecord? {
        guard let select = try await selectStatement() else { return nil }
        return try await pool.query("\(select) WHERE id = $1", [id.uuid]).first.map(Self.record)
    }

    package func fillWebhookURLs(base: PublicURL) async throws -> Int {
        guard try await WebhookURLColumn.isWritable(pool) else { return 0 }
        var filled = 0
        while true {
            let rows = try await pool.query(
                """
                UPDATE healthcare.integrations SET webhook_url = $1 || '/webhooks/evolution/whatsapp/' || webhook_token
                WHERE id IN (
                    SELECT id FROM healthcare.integrations
                    WHERE type = 'whatsapp' AND \(InstanceNameSQL.isEvolution())
                        AND webhook_url IS NULL AND webhook_token ~ '^[A-Za-z0-9_-]+$'
                    ORDER BY id LIMIT \(Self.fillBatch) FOR UPDATE SKIP LOCKED
                )
                """, [base.text])
            filled += rows.affectedRowCount
            if rows.affectedRowCount < Self.fillBatch { return filled }
        }
    }

    /// Nil while there is no `healthcare.integrations`.
    private func selectStatement() async throws -> String? {
        let tables = ["healthcare.integrations"] + Self.clinicTables
        let present = try await pool.query(
            "SELECT name FROM unnest($1::text[]) AS name WHERE to_regclass(name) IS NOT NULL", [tables]
        ).map { row in try row.decode("name", as: String.self) }
        guard present.contains("healthcare.integrations") else { return nil }
        let clinics = Self.clinicTables.first(where: present.contains)
        return """
            SELECT * FROM (
                SELECT (row ->> 'id')::uuid AS id, row ->> 'organization_id' AS organization_id,
                    row ->> 'clinic_id' AS clinic_id, \(clinics == nil ? "NULL::text" : "clinic.name::text") AS clinic_name,
                    \(InstanceNameSQL.expression(config: "(row->'config')")) AS instance_name,
                    row ->> 'status' AS status, coalesce((row ->> 'enabled')::boolean, true) AS enabled,
                    row ->> 'phone_number' AS phone_number, row ->> 'display_name' AS display_name,
                    row ->> 'webhook_token' AS webhook_token
                FROM healthcare.integrations AS integration
                CROSS JOIN LATERAL (SELECT to_jsonb(integration) AS row) AS shape
                \(clinics.map { "LEFT JOIN \($0) AS clinic ON clinic.id::text = row ->> 'clinic_id'" } ?? "")
                WHERE row ->> 'type' = 'whatsapp'
            ) AS integrations
            """
    }

    private static func record(_ row: PostgresRow) throws(PostgresError) -> IntegrationRecord {
        IntegrationRecord(
            id: IntegrationID(try row.decode("id", as: UUID.self)),
            organizationID: try row.decode("organization_id", as: String?.self).flatMap { OrganizationID($0) },
            clinicID: try row.decode("clinic_id", as: String?.self).flatMap { ClinicID($0) },
            clinicName: try row.decode("clinic_name"),
            instanceName: try row.decode("instance_name", as: String?.self).map { InstanceName($0) },
            status: try row.decode("status"),
            isEnabled: try row.decode("enabled"),
            phoneNumber: try row.decode("phone_number"),
            displayName: try row.decode("display_name"),
            tokenText: try row.decode("webhook_token")
        )
    }
}
