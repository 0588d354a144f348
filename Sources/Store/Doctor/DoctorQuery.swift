import HookgateCore
import PostgresClient

/// The statement behind one check, and what it must be able to read.
///
/// The statement yields one row for each thing found: `subject`, `id` (text or NULL), and `facts`, an array of labels
/// and values in turn, of which those with a NULL value are left out.
struct DoctorQuery {
    let needs: [DoctorNeed]
    let sql: String
    var parameters: [any PostgresEncodable] = []

    func run(on connection: PostgresConnection, limit: Int) async throws -> DoctorSample {
        let rows = try await connection.query(
            """
            SELECT count(*) OVER () AS total, found.* FROM (\(sql)) AS found
            ORDER BY subject COLLATE "C", id LIMIT \(max(limit, 1))
            """, parameters)
        return DoctorSample(total: try rows.first?.decode("total") ?? 0, items: try rows.map(Self.item))
    }

    private static func item(_ row: PostgresRow) throws(PostgresError) -> DoctorItem {
        let pairs: [String?] = try row.decode("facts")
        var facts: [DoctorItem.Fact] = []
        for index in stride(from: 0, to: pairs.count - 1, by: 2) {
            guard let label = pairs[index], let value = pairs[index + 1] else { continue }
            facts.append(DoctorItem.Fact(label, value))
        }
        return DoctorItem(subject: try row.decode("subject"), id: try row.decode("id"), facts: facts)
    }
}

/// The statements of all checks, for one database as its catalogue describes it.
struct DoctorQueries {
    let catalog: DoctorCatalog
    let shapes: TableShapes

    /// What every check on integrations reads, as far as the table has it.
    static let integrationColumns = [
        "id", "type", "provider", "config", "organization_id", "clinic_id", "status", "enabled", "phone_number",
    ]
    static let noRows = "SELECT NULL::text AS subject, NULL::text AS id, '{}'::text[] AS facts WHERE false"

    /// Every integration, one column for each thing that checks ask about; NULL where the table lacks it.
    var integrations: String {
        guard let table = catalog[DoctorCatalog.integrations], table.has("id") else {
            return Self.columnNames.map { "NULL::\($0.type) AS \($0.name)" }.joined(separator: ", ")
                .appendingSelect(where: "false")
        }
        let config = table.isJSON("config") ? "i.config::jsonb" : "NULL::jsonb"
        let enabled = table.columns["enabled"] == "boolean" ? "i.enabled" : "NULL::boolean"
        return """
            SELECT i.id::text AS id, \(table.text("type", of: "i")) AS type, lower(\(table.text("provider", of: "i"))) AS provider,
                   c.config, \(InstanceNameSQL.expression(config: "c.config")) AS name,
                   \(table.text("type", of: "i")) = 'whatsapp'
                       AND \(InstanceNameSQL.isEvolution(provider: table.text("provider", of: "i"))) AS is_evolution,
                   lower(\(table.text("organization_id", of: "i"))) AS organization,
                   lower(\(table.text("clinic_id", of: "i"))) AS clinic, \(table.text("status", of: "i")) AS status,
                   \(enabled) AS enabled, \(Self.digits(table.text("phone_number", of: "i"))) AS number,
                   \(visible("webhook_token", table)) AS token, \(visible("webhook_url", table)) AS url,
                   \(table.text("migrated_from", of: "i")) AS migrated_from
            FROM \(table.name) i
            CROSS JOIN LATERAL (
                SELECT CASE WHEN jsonb_typeof(\(config)) = 'object' THEN \(config) END AS config
            ) c
            """
    }

    /// The clinics, as far as their table has what is asked of them.
    var clinics: String {
        guard let table = catalog.clinics else {
            return """
                SELECT NULL::text AS id, NULL::text AS organization, NULL::text AS name, NULL::text AS number,
                       NULL::text AS instance WHERE false
                """
        }
        let instance =
            table.isJSON("whatsapp_config") ? "nullif(c.whatsapp_config->>'instance_name', '')" : "NULL::text"
        return """
            SELECT lower(\(table.text("id", of: "c"))) AS id, lower(\(table.text("organization_id", of: "c"))) AS organization,
                   \(table.text("name", of: "c")) AS name, \(Self.digits(table.text("whatsapp_number", of: "c"))) AS number,
                   \(instance) AS instance
            FROM \(table.name) c
            """
    }

    /// The rows of the legacy tables, in the same words.
    var legacy: String {
        """
        SELECT s.rank, s.id, s.name, lower(s.organization) AS organization, lower(s.clinic) AS clinic,
               \(Self.digits("s.phone")) AS number, s.status, s.enabled
        FROM (\(LegacyUnion(shapes).rows)) s
        """
    }

    /// The digits of a number, as two spellings of one number share them; NULL for none.
    static func digits(_ expression: String) -> String {
        "nullif(regexp_replace(regexp_replace(\(expression), '[^0-9]', '', 'g'), '^00', ''), '')"
    }

    /// At most five of the names in a group.
    static func list(_ expression: String) -> String {
        """
        array_to_string((array_agg(DISTINCT \(expression) COLLATE "C"))[1:5], ', ')
            || CASE WHEN count(DISTINCT \(expression)) > 5 THEN ', …' ELSE '' END
        """
    }

    /// A column that holds secrets: read only by the checks that say they need it, so NULL where it is hidden.
    private func visible(_ column: String, _ table: DoctorCatalog.Table) -> String {
        table.hidden.contains(column) ? "NULL::text" : table.text(column, of: "i")
    }

    private static let columnNames: [(name: String, type: String)] = [
        ("id", "text"), ("type", "text"), ("provider", "text"), ("config", "jsonb"), ("name", "text"),
        ("is_evolution", "boolean"), ("organization", "text"), ("clinic", "text"), ("status", "text"),
        ("enabled", "boolean"), ("number", "text"), ("token", "text"), ("url", "text"), ("migrated_from", "text"),
    ]
}

extension String {
    fileprivate func appendingSelect(where condition: String) -> String {
        "SELECT \(self) WHERE \(condition)"
    }
}

extension DoctorNeed {
    /// `healthcare.integrations` with what makes a row one of WhatsApp.
    static let integrations = DoctorNeed.table(DoctorCatalog.integrations, columns: ["id", "type", "config"])
    /// The same where a database without that table is looked into as well.
    static let integrationsIfPresent = DoctorNeed.ifPresent(
        DoctorCatalog.integrations, columns: DoctorQueries.integrationColumns)
}
